/** One cell of the fault matrix: a ceremony goes wrong at one call, is resumed where it stopped, and is judged at its end. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { keyrite, type TranscriptLine } from '../program';
import { judgeByScript } from '../../bundle/mutation/both-verifiers';
import { readFiles } from '../../bundle/mutation/bundle-files';
import { faultOf, type Cell } from './cells';
import { objectsListed, type Lane, type RecordedAct } from './lane';
import type { TokenReading } from './token-reading';

/** What became of a cell. */
export interface Became {
  /** What was read of the act afterwards, in order; `half done` where its note says that it was finished. */
  readonly verdicts: readonly string[];
  /** Whether people had to stop, and resumed it. */
  readonly resumed: boolean;
}

/**
 * Runs a cell and requires that it ended well: the fault struck, each verdict is what a stranger saw on the token at that
 * moment, the step left what it leaves without a fault, and both verifiers accept the bundle.
 */
export async function runCell(lane: Lane, cell: Cell): Promise<Became> {
  const act = lane.own(cell.row.act);
  lane.restore(act.seq, faultOf(cell));
  const first = await lane.resume(act.step);
  expect(lane.happened, `${faultOf(cell)} never struck: ${first.stderr}`).toBe(true);
  const resumed = first.code !== 0;
  // People are needed only where a token has to be put back.
  if (!cell.column.action.startsWith('remove')) expect(first.code, first.stderr).toBe(0);
  if (resumed) {
    // Stopped in an orderly way, with what to do, and not by a fault of ours.
    expect(first.stderr).toMatch(/To go on, put right what is named above, then: keyrite resume/);
    lane.putBack();
    const second = await lane.resume(act.step);
    expect(second.code, `${first.stderr}\n--- resumed ---\n${second.stderr}`).toBe(0);
  }
  const reconciled = lane.lines.filter(
    (line) => line.type === 'step.reconciled' && line.seq > act.seq && line.step === act.step,
  );
  expectTruth(lane, act, reconciled);
  await expectVerified(lane);
  return { verdicts: reconciled.map(inWords), resumed };
}

function inWords({ body }: TranscriptLine): string {
  const note = (body['observed'] as { readonly note?: string }).note ?? '';
  return /half done|again/.test(note) ? `${String(body['verdict'])}, finished` : String(body['verdict']);
}

function expectTruth(lane: Lane, act: RecordedAct, reconciled: readonly TranscriptLine[]): void {
  const { moments } = lane;
  expect(reconciled.length, 'nothing was read again').toBeGreaterThan(0);
  for (const { seq, body } of reconciled) {
    expect(body['act']).toBe(act.act);
    const seen = moments.find((one) => one.seq === seq)?.reading;
    expect(['applied', 'not-applied']).toContain(body['verdict']);
    expect(comparable(seen, act), `what is on the token when it is called ${String(body['verdict'])}`).toEqual(
      comparable(body['verdict'] === 'applied' ? act.after : act.before, act),
    );
  }
  // What is listed in the end is what the ceremony without a fault lists: no key, in a session either, that nobody knows of.
  expect(objectsListed(lane.lines)).toEqual(act.objectsListed);
  const end = moments.findLast(({ type, act: of }) => type === 'step.outcome' && of === null);
  expect(comparable(end?.reading, act), 'what the step left on the token').toEqual(comparable(act.atEndOfStep, act));
}

/** PINs that are made anew differ from one run to the next: of each, whether it is the one from before the act. */
function comparable(reading: TokenReading | undefined, { before }: RecordedAct): unknown {
  if (reading === undefined) return null;
  const { user, 'security-officer': officer } = reading.pins;
  const isAsBefore = { user: user === before.pins.user, officer: officer === before.pins['security-officer'] };
  return { ...reading, pins: isAsBefore };
}

async function expectVerified(lane: Lane): Promise<void> {
  const verdict = await keyrite(['verify', lane.bundle, '--json']);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [], exceptions: 0 });
  expect(await judgeByScript(await readFiles(lane.bundle)), join(lane.bundle, 'verify.sh')).toMatchObject({
    verdict: 'consistent',
  });
}
