/** Real share processes for tests: built from source, forked, their person link in the test's hands. */
import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { build } from 'esbuild';
import * as v from 'valibot';
import { COMPANION } from '../../scripts/setup/native-module.mjs';
import { forkChild, nodeTransport } from '../../cli/node-children';
import { ProcessClient } from '../../hsm/client';
import { SHARE_OPERATIONS, type AskingLink } from '../../hsm/contract';
import { encodeFrame, QuestionHeader, readFrame } from '../../hsm/person-frames';

/** Builds the share process as scripts/build.mjs does, into a folder of its own. */
export async function buildShareProcess(): Promise<string> {
  const outfile = join(mkdtempSync(join(tmpdir(), 'keyrite-share-')), 'share-process.cjs');
  copyFileSync(join(import.meta.dirname, '../..', COMPANION), join(dirname(outfile), basename(COMPANION)));
  await build({
    entryPoints: [join(import.meta.dirname, '../../hsm/shares/process.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    logLevel: 'error',
  });
  return outfile;
}

/** A share process with its client and everything that main received from it. */
export interface ShareChild {
  readonly client: ProcessClient<typeof SHARE_OPERATIONS>;
  readonly child: ChildProcess;
  readonly received: unknown[];
}

/** Starts a share process whose custodians are `people`. */
export function startShareChild(script: string, people: AskingLink, ...args: string[]): ShareChild {
  const child = forkChild({ script, args: ['--ceremony=test', ...args], environment: {}, more: ['pipe'] });
  const link = child.stdio[4] as Duplex;
  link.on('error', () => undefined);
  const received: unknown[] = [];
  child.on('message', (message) => received.push(message));
  const client = new ProcessClient({
    name: 'the share process',
    table: SHARE_OPERATIONS,
    transport: nodeTransport(child),
    onAsking: () => void serveOne(link, people),
  });
  return { client, child, received };
}

async function serveOne(link: Duplex, people: AskingLink): Promise<void> {
  const frame = await readFrame((length) => readExactly(link, length));
  const { exchange, dialogue } = v.parse(QuestionHeader, frame.header);
  const given = await people.ask(dialogue, frame.body).catch(() => null);
  link.write(encodeFrame({ exchange, answer: given === null ? 'refused' : 'given' }, given ?? Buffer.alloc(0)));
}

async function readExactly(link: Duplex, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = link.read(length) as Buffer | null;
    if (bytes !== null) return bytes;
    await new Promise((resolve) => link.once('readable', resolve));
  }
}
