/** Runs a program of the system to its end: no shell, a bare environment, a time limit, bounded output. */
import { execFile } from 'node:child_process';

/** How a program ended. */
export type Ended =
  | { readonly kind: 'exit'; readonly code: number; readonly output: string; readonly errors: string }
  /** There is no such program, or it may not be run. */
  | { readonly kind: 'missing' }
  /** It was ended by us or by others: what it had done by then is not known. */
  | { readonly kind: 'broken-off'; readonly why: string };

/** What is run. */
export interface Wanted {
  /** Absolute: nothing is looked for along PATH. */
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** In milliseconds. */
  readonly limit: number;
  /** The app ends. */
  readonly signal: AbortSignal;
  readonly input?: Uint8Array;
}

/** More than that of output, in bytes, and the program is ended. */
const MOST_OUTPUT = 256 * 1024;

/** Runs it. Never rejects. */
export function runProgram({ program, args, env, limit, signal, input }: Wanted): Promise<Ended> {
  return new Promise((resolve) => {
    // SECURITY(K-190): a print system that hangs or floods is cut off, and no shell reads what a bundle or a window wrote.
    const options = { env, signal, timeout: limit, maxBuffer: MOST_OUTPUT, killSignal: 'SIGKILL', cwd: '/' } as const;
    const child = execFile(program, args, { ...options, encoding: 'utf8', shell: false }, (error, output, errors) => {
      if (error === null) resolve({ kind: 'exit', code: 0, output, errors });
      else if (typeof error.code === 'number') resolve({ kind: 'exit', code: error.code, output, errors });
      else if (['ENOENT', 'EACCES'].includes(error.code ?? '')) resolve({ kind: 'missing' });
      else if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
        resolve({ kind: 'broken-off', why: 'it never stopped talking' });
      else if (typeof error.code === 'string') resolve({ kind: 'broken-off', why: `it was ended (${error.code})` });
      else if (error.signal === 'SIGKILL')
        resolve({ kind: 'broken-off', why: `it did not end within ${String(limit / 1000)} seconds` });
      else resolve({ kind: 'broken-off', why: `it was ended by ${error.signal ?? 'others'}` });
    });
    // A program that ends without reading all of it says why by its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}
