/** The built program as tests run it: a real child process, as a person would start it. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The checkout. */
export const CHECKOUT = resolve(import.meta.dirname, '..', '..');
/** The built command line. */
export const PROGRAM = join(CHECKOUT, 'build', 'keyrite.cjs');
/** The first ceremony's plan. */
export const FIRST_CEREMONY = join(CHECKOUT, 'examples', 'first-ceremony.ceremony.yaml');
/** SoftHSM2's module. */
export const SOFTHSM2 = '/usr/lib/softhsm/libsofthsm2.so';

/** How a run ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that is running. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once standard error holds `text`, or with false when the program ended without saying it. */
  says(text: string): Promise<boolean>;
}

/** Starts `keyrite` with no terminal. */
export function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: tmpdir(),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
    for (const listener of listeners) listener();
  });
  const ended = new Promise<Ended>((settle) => {
    child.on('close', (code, signal) => {
      settle({ code, signal, stdout, stderr });
      for (const listener of listeners) listener();
    });
  });
  const says = (text: string): Promise<boolean> =>
    new Promise((settle) => {
      const look = (): void => {
        const found = stderr.includes(text);
        if (!found && child.exitCode === null && child.signalCode === null) return;
        listeners.delete(look);
        settle(found);
      };
      listeners.add(look);
      look();
    });
  return { child, ended, says };
}

/** Runs `keyrite` to its end. */
export function keyrite(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return start(args, environment).ended;
}

/** A temporary folder that is removed by `leave`. */
export function scratch(): { readonly folder: string; readonly leave: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-test-'));
  return {
    folder,
    leave: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a stock tool; its standard output, or an error with what it said. */
export function tool(
  command: string,
  args: readonly string[],
  input?: string | Uint8Array,
  environment: Readonly<Record<string, string>> = {},
): Buffer {
  const done = spawnSync(command, [...args], {
    input,
    env: { ...process.env, ...environment },
    maxBuffer: 64 * 1024 * 1024,
  });
  if (done.status !== 0) {
    throw new Error(
      `${command} ${args.join(' ')}: exit ${String(done.status)}\n${done.stderr.toString()}${done.stdout.toString()}`,
    );
  }
  return done.stdout;
}

/** Process ids of the children of a ceremony that run a program of ours, by /proc. */
export function childrenOf(bundle: string, script: string): number[] {
  const ceremony = ceremonyIn(bundle);
  if (ceremony === null) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
        return line.includes(`--ceremony=${ceremony}`) && line.includes(script);
      } catch {
        return false;
      }
    });
}

/** The lines of a bundle's transcript, parsed; a torn last line is left out. */
export function transcript(bundle: string): TranscriptLine[] {
  const text = readFileSync(join(bundle, 'transcript.jsonl'), 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TranscriptLine);
}

/** A line as tests look at it. */
export interface TranscriptLine {
  readonly seq: number;
  readonly type: string;
  readonly step: string | null;
  readonly by: readonly string[];
  readonly body: Record<string, unknown>;
}

function ceremonyIn(bundle: string): string | null {
  try {
    return /^ceremony: (.+)$/m.exec(readFileSync(join(bundle, 'binding.yaml'), 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}
