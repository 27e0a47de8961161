/** How a step of the plan went, by the lines that name it. */
import * as v from 'valibot';
import { openPayload } from '../../command/dsse';
import { ExceptionPayload, type Line, type LineWith, type RosterEntry } from '../../transcript/line';
import { presentAt } from './attendance';
import type { Recorded } from './recorded';

/** A step as it went. */
export interface StepStory {
  readonly attempts: number;
  readonly failures: number;
  readonly began: string | null;
  readonly ended: string | null;
  /** Ids of those whose acts, proofs, signatures and answers are on record. */
  readonly did: readonly string[];
  /** Witnesses and auditors: those who confirmed what was done, and those who were in the room. */
  readonly saw: readonly { readonly id: string; readonly how: 'confirmed' | 'present' }[];
  readonly lines: readonly [number, number] | null;
  readonly status: 'complete' | 'skipped' | 'not complete' | 'not begun';
}

/** Whether a step was carried out to its end. */
export function isDone({ ofStep }: Recorded, step: string): boolean {
  return (ofStep.get(step) ?? []).some((line) => line.type === 'step.outcome' && line.body.act === null);
}

/** How a step went. */
export function storyOf(recorded: Recorded, step: string): StepStory {
  const own = recorded.ofStep.get(step) ?? [];
  const skipped = own.some((line) => line.type === 'exception.recorded' && line.body.kind === 'step-skipped');
  const [first, last] = [own[0], own.at(-1)];
  return {
    attempts: own.filter(({ type }) => type === 'step.started').length,
    failures: own.filter(({ type }) => type === 'step.failed').length,
    began: first?.at ?? null,
    ended: last?.at ?? null,
    did: [...new Set(own.flatMap((line) => doersOf(recorded, line)))],
    saw: first === undefined || last === undefined ? [] : watchersOf(recorded, own, last.seq),
    lines: first === undefined || last === undefined ? null : [first.seq, last.seq],
    status: isDone(recorded, step) ? 'complete' : skipped ? 'skipped' : own.length > 0 ? 'not complete' : 'not begun',
  };
}

/** The signed text of an exception; null when it cannot be read. */
export function exceptionOf(line: LineWith<'exception.recorded'>): v.InferOutput<typeof ExceptionPayload> | null {
  try {
    const parsed = v.safeParse(ExceptionPayload, openPayload(line.body.record));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** Whether somebody watches and does not act. */
export function isWatcher({ roles }: RosterEntry): boolean {
  return roles.some((role) => role === 'witness' || role === 'auditor');
}

/** A confirmation or an exception of those who watch is what they saw; everything else is what people did. */
function doersOf(recorded: Recorded, line: Line): readonly string[] {
  const isSeeing = line.type === 'step.confirmed' || line.type === 'exception.recorded';
  const signers = line.type === 'step.intent' ? (line.body.command?.signatures ?? []).map(({ keyid }) => keyid) : [];
  const ids = [...line.by, ...signers];
  return isSeeing ? ids.filter((id) => !watchers(recorded).has(id)) : ids;
}

function watchersOf(recorded: Recorded, own: readonly Line[], until: number): StepStory['saw'] {
  const confirmed = new Set(
    own
      .filter(({ type }) => type === 'step.confirmed' || type === 'exception.recorded')
      .flatMap(({ by }) => by.filter((id) => watchers(recorded).has(id))),
  );
  const present = presentAt(recorded.lines, until);
  return [...watchers(recorded)].flatMap((id): StepStory['saw'] => {
    if (confirmed.has(id)) return [{ id, how: 'confirmed' }];
    return present.has(id) ? [{ id, how: 'present' }] : [];
  });
}

function watchers({ people }: Recorded): ReadonlySet<string> {
  return new Set(people.filter(isWatcher).map(({ id }) => id));
}
