/** SECURITY: a process that holds secrets keeps its memory to itself from its first moment, or ends. */
import { chmodSync, existsSync, readFileSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { NodeChildren } from '../../cli/node-children';
import type { ProcessClient } from '../../hsm/client';
import { KEY_FILE_OPERATIONS } from '../../hsm/contract';
import { buildPrograms } from './build-programs';

const NOBODY = 65534;
/** Where the tests do not run as root, the child is another's in no case, and shows the same. */
const AS_NOBODY = ['setpriv', `--reuid=${String(NOBODY)}`, `--regid=${String(NOBODY)}`, '--clear-groups'];

let folder: string;
let remove: () => void;
let children: NodeChildren;

beforeAll(async () => {
  ({ folder, remove } = await buildPrograms({
    'key-file': 'hsm/key-file/process.ts',
    person: 'cli/person/process.ts',
  }));
  chmodSync(folder, 0o755);
});
afterAll(() => {
  remove();
});
afterEach(() => children.endAll());

/** A key-file process, which asks for nothing as long as nothing is asked of it. */
function start(): ProcessClient<typeof KEY_FILE_OPERATIONS> {
  const program = (name: string) => join(folder, `${name}.cjs`);
  const scripts = { worker: '', shareProcess: '', person: program('person'), keyFile: program('key-file') };
  children = new NodeChildren({
    ceremony: 'protected',
    scripts,
    modules: [],
    player: join(folder, 'p.json'),
    names: {},
  });
  const through = process.getuid?.() === 0 ? AS_NOBODY : [];
  const child = { name: 'the process', table: KEY_FILE_OPERATIONS, link: 'key-file', environment: {}, through };
  return children.startChild({ ...child, script: program('key-file') });
}

/** Process id of the key-file process. */
function keyFilePid(): number {
  const isIt = (pid: string) =>
    existsSync(`/proc/${pid}/cmdline`) &&
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(folder, 'key-file.cjs'));
  return Number(readdirSync('/proc').find((name) => /^\d+$/.test(name) && isIt(name)));
}

test('no core dumps, to a file or to a program, and nobody of the same user looks in', async () => {
  const client = start();
  await expect.poll(() => client.isReady).toBe(true);
  const pid = keyFilePid();
  expect(readFileSync(`/proc/${String(pid)}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 /m);
  expect(readFileSync(`/proc/${String(pid)}/status`, 'utf8')).toContain(
    `\nUid:\t${String(process.getuid?.() === 0 ? NOBODY : process.getuid?.())}\t`,
  );
  // The kernel gives what a process keeps to itself to root, whoever runs it.
  expect(statSync(`/proc/${String(pid)}/environ`).uid).toBe(0);
});

test('a process that cannot be protected ends before it takes a request', async () => {
  const file = join(folder, 'keyrite-native.node');
  renameSync(file, `${file}.away`);
  try {
    const client = start();
    const refused = client.call('key-file.prepare', { participant: 'ada', path: '/nowhere', algorithm: 'ed25519' });
    await expect(refused).rejects.toMatchObject({
      code: 'WORKER_CRASHED',
      message: 'The process ended without a word (exit code 71, unprotected)',
    });
  } finally {
    renameSync(`${file}.away`, file);
  }
});
