/** One bundle before both verifiers: what each says, and how long it took. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pemOf, spkiOf } from '../../../ceremony/bundle/layout';
import { verifyBundle, type Outside, type Verdict } from '../../../ceremony/bundle/verify';
import { readerOf, writeFiles, type Files } from './bundle-files';

/** The script that goes into every bundle. */
export const SCRIPT = fileURLToPath(new URL('../../../ceremony/bundle/verify.sh', import.meta.url));

/** Ends a verification that hangs, on a machine with both cores busy too: a second, and for verify.sh five, are usual for a small bundle. */
export const TIME_LIMIT_MS = { ts: 60_000, sh: 300_000 } as const;

/** What a verifier came to. */
export interface Judged {
  readonly verdict: Verdict | 'none';
  readonly ms: number;
  /** Its findings, or what it printed. */
  readonly said: string;
}

/** The verdict of verifyBundle. */
export async function judge(files: Files, outside: Outside = {}): Promise<Judged> {
  const begun = performance.now();
  const report = await verifyBundle(readerOf(files), outside);
  const ms = performance.now() - begun;
  const why = report.verdict === 'refused' ? report.findings : report.missing;
  const said = why.map(({ where, line, reason }) => `${where} ${String(line)}: ${reason}`).join('\n');
  // A verdict against a bundle names what is wrong with it.
  const silent = why.length === 0 && (report.verdict === 'refused' || report.verdict === 'incomplete');
  return { verdict: silent ? 'none' : report.verdict, ms, said };
}

/** The verdict of verify.sh, by its last line and exit code, which must agree. */
export async function judgeByScript(files: Files, outside: Outside = {}): Promise<Judged> {
  const place = await mkdtemp(join(tmpdir(), 'keyrite-script-'));
  try {
    const bundle = join(place, 'bundle');
    await writeFiles(bundle, files);
    const args = outside.planHash === undefined ? [] : ['--plan-hash', outside.planHash];
    for (const [number, key] of (outside.approverKeys ?? []).entries()) {
      const path = join(place, `approver-${String(number)}.pem`);
      await writeFile(path, pemOf(spkiOf(key) ?? ''));
      args.push('--approver', path);
    }
    const begun = performance.now();
    const { code, output } = await run([SCRIPT, ...args, bundle]);
    const ms = performance.now() - begun;
    const found = /^verdict: (refused|incomplete|consistent|verified)\b/mu.exec(output)?.[1] as Verdict | undefined;
    const good = found === 'consistent' || found === 'verified';
    return { verdict: found === undefined || code !== (good ? 0 : 1) ? 'none' : found, ms, said: output };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

function run(args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn('sh', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIME_LIMIT_MS.sh });
    let output = '';
    const take = (bytes: Buffer): void => {
      if (output.length < 1_000_000) output += bytes.toString('utf8');
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => {
      output += error.message;
    });
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
}

/** Runs jobs over items, at most `width` at once, results in the order of the items. */
export async function severalAtOnce<T, R>(
  items: readonly T[],
  width: number,
  job: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) results[at] = await job(item);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
