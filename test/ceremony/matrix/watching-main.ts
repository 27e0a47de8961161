/**
 * Preloaded into the main process by a test (`--require`): sees each line of the transcript as it is written, has a stranger
 * read the token at that moment, and copies the whole place before an act begins. MATRIX_WATCH names the file that says what.
 */
import fs from 'node:fs';
import { join } from 'node:path';
import { readToken, type TokenPlace, type TokenReading } from './token-reading';

/** What the test wants to know. */
export interface Watching {
  /** The place of bundle, room and tokens. */
  readonly lane: string;
  readonly token: TokenPlace;
  /** File that gets a line for each moment. */
  readonly moments: string;
  /** Copies are made here, by the number of the line that is about to be written; null: none. */
  readonly shots: string | null;
  /** Only moments of this step count; null: all. */
  readonly step: string | null;
}

/** The token at the moment a line was written. */
export interface Moment {
  readonly seq: number;
  readonly type: string;
  readonly step: string | null;
  readonly act: string | null;
  readonly verdict: string | null;
  readonly reading: TokenReading;
}

/** What of a lane a shot holds. */
export const SHOT_OF = ['bundle', 'room', 'tokens'] as const;

interface Line {
  readonly seq: number;
  readonly type: string;
  readonly step: string | null;
  readonly body: { readonly act?: string | null; readonly unit?: string | null; readonly verdict?: string };
}

const config = process.env['MATRIX_WATCH'];
if (config !== undefined && process.argv[1]?.endsWith('keyrite.cjs') === true) {
  watch(JSON.parse(fs.readFileSync(config, 'utf8')) as Watching);
}

function watch({ lane, token, moments, shots, step }: Watching): void {
  const { openSync, writeSync, fsyncSync } = fs;
  const transcript = join(lane, 'bundle', 'transcript.jsonl');
  let file: number | null = null;
  let written: Line[] = [];
  const record = ({ seq, type, step: of, body }: Line): void => {
    const moment = { seq, type, step: of, act: body.act ?? null, verdict: body.verdict ?? null };
    fs.appendFileSync(moments, `${JSON.stringify({ ...moment, reading: readToken(token) } satisfies Moment)}\n`);
  };
  const begins = (line: Line): void => {
    if (shots === null || typeof line.body.unit !== 'string') return;
    for (const part of SHOT_OF) {
      fs.cpSync(join(lane, part), join(shots, String(line.seq), part), { recursive: true });
    }
    fs.appendFileSync(join(lane, 'calls'), `#\t${String(line.seq)}\n`);
  };
  fs.openSync = (...args: Parameters<typeof openSync>) => {
    const opened = openSync(...args);
    if (String(args[0]) === transcript && args[1] === 'a') file = opened;
    return opened;
  };
  fs.writeSync = ((to: number, content: Uint8Array, ...rest: []) => {
    if (to === file) {
      written = linesOf(content).filter((line) => step === null || line.step === step);
      for (const line of written) if (line.type === 'step.intent') begins(line);
    }
    return writeSync(to, content, ...rest);
  }) as typeof writeSync;
  fs.fsyncSync = (synced: number) => {
    fsyncSync(synced);
    if (synced !== file) return;
    file = null;
    for (const line of written) if (line.type === 'step.outcome' || line.type === 'step.reconciled') record(line);
  };
}

function linesOf(content: Uint8Array): Line[] {
  return Buffer.from(content)
    .toString()
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line);
}
