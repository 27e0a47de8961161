/**
 * An exception as somebody raised it, before the two who sign it have: a fact of the record, so that nothing that was said
 * is lost. The signed exception (`exception.recorded`) repeats it word for word.
 */
import * as v from 'valibot';
import { openPayload } from '../command/dsse';
import { Id, unrecordableIn } from '../text-forms';
import { EXCEPTION_KINDS } from './exception-kinds';
import type { Line } from './line';

/** Name of the fact. Its line belongs to no step, and is by nobody: anybody may raise an exception, at any time. */
export const EXCEPTION_RAISED = 'exception.raised';

/** Kinds that are raised. A step is skipped only when it failed: that exception is offered then, and is not raised. */
export const RAISED_KINDS = EXCEPTION_KINDS.filter((kind) => kind !== 'step-skipped');

const Text = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(4000),
  v.check((text) => unrecordableIn(text) === null, 'holds a character that cannot go on record'),
);

/** What is said when an exception is raised; texts of 1 to 4000 UTF-16 code units. */
export const RaisedException = v.strictObject({
  /** The one step of the plan that it is about. */
  step: Id,
  kind: v.picklist(RAISED_KINDS),
  expected: Text,
  happened: Text,
  decided: Text,
});
export type RaisedException = v.InferOutput<typeof RaisedException>;

/** The same as a verifier reads it: whatever the words are, the signed exception must repeat them. */
const Said = v.strictObject({
  step: v.string(),
  kind: v.string(),
  expected: v.string(),
  happened: v.string(),
  decided: v.string(),
});
/** Words of an exception. */
export type SaidException = v.InferOutput<typeof Said>;

/** The words of a fact {@link EXCEPTION_RAISED}; `malformed` when it does not hold them, null for any other line. */
export function raisedIn(line: Line): SaidException | 'malformed' | null {
  if (line.type !== 'fact.recorded' || line.body.fact !== EXCEPTION_RAISED) return null;
  const said = v.safeParse(Said, line.body.value);
  return said.success ? said.output : 'malformed';
}

/** The words of a signed exception; null for any other line, and for one that cannot be read. */
export function signedIn(line: Line): SaidException | null {
  if (line.type !== 'exception.recorded') return null;
  try {
    const said = v.safeParse(v.object(Said.entries), openPayload(line.body.record));
    return said.success ? said.output : null;
  } catch {
    return null;
  }
}

/** Raised exceptions with the number of their line, and which of them were signed, as the lines come. */
export class RaisedExceptions {
  private open: readonly { readonly seq: number; readonly said: SaidException }[] = [];

  /** Takes in the next line. A signed exception answers the first raised one of the same words that is still open. */
  apply(line: Line): void {
    const raised = raisedIn(line);
    if (raised !== null && raised !== 'malformed') this.open = [...this.open, { seq: line.seq, said: raised }];
    const signed = signedIn(line);
    if (signed === null) return;
    const answered = this.open.findIndex(({ said }) => isSame(said, signed));
    this.open = this.open.filter((_, place) => place !== answered);
  }

  /** Those that wait for their signatures, oldest first. */
  get unsigned(): readonly { readonly seq: number; readonly said: SaidException }[] {
    return this.open;
  }
}

function isSame(one: SaidException, other: SaidException): boolean {
  return (
    one.step === other.step &&
    one.kind === other.kind &&
    one.expected === other.expected &&
    one.happened === other.happened &&
    one.decided === other.decided
  );
}
