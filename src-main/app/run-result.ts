/** What the step before leaves to look at, for the main window: made plain, cut to a bound, with the words of hashes. */
import type { Plan } from '../../ceremony/plan/schema';
import type { Line } from '../../ceremony/transcript/line';
import { words } from '../../ceremony/words';
import type { ResultView, RunView } from '../../ipc/view';
import { lastSet, stepResult } from '../../workstation/step-result';
import { cutTo } from './audit-text';

/** Longest text that a token says of itself, in UTF-16 code units. */
const MAX_TEXT = 200;
/** Most objects of a unit that are listed; the record holds all. */
const MAX_OBJECTS = 200;

/**
 * The result of a step that is over; null when there is nothing to look at.
 *
 * @param index of the step in the plan
 * @param notices what was said while it went
 */
export function resultView(
  plan: Plan,
  index: number,
  lines: readonly Line[],
  notices: RunView['notices'],
): ResultView | null {
  const step = plan.steps[index];
  if (step === undefined) return null;
  const { values, inventories } = stepResult(plan, step, lines);
  const kept = notices.filter(({ kind }) => kind === 'result' || kind === 'warning' || kind === 'failure');
  if (values.length === 0 && inventories.length === 0 && kept.length === 0) return null;
  // SECURITY(K-121): labels and serials are a token's own words, and a token is never believed.
  return {
    step: step.id,
    index,
    values: values.map(({ about, name, kind, value }) => ({
      about: cutTo(about, MAX_TEXT * 5),
      name,
      kind,
      value: cutTo(value, MAX_TEXT),
      words: kind === 'spoken' ? words(Buffer.from(value, 'hex')) : '',
    })),
    inventories: inventories.map(({ unit, objects }) => ({
      unit,
      objects: objects.slice(0, MAX_OBJECTS).map((object) => ({
        label: cutTo(object.label, MAX_TEXT),
        what: cutTo(object.what, MAX_TEXT),
        attributes: cutTo(object.attributes, MAX_TEXT * 2),
        checkValue:
          object.checkValue === null
            ? null
            : {
                algorithm: cutTo(object.checkValue.algorithm, MAX_TEXT),
                value: cutTo(object.checkValue.value, MAX_TEXT),
              },
      })),
      more: Math.max(0, objects.length - MAX_OBJECTS),
    })),
    notices: kept,
  };
}

/** The set of shares that patterns are compared with; null before one was made. */
export function setView(lines: readonly Line[]): RunView['set'] {
  const made = lastSet(lines);
  return made === null ? null : { ...made, words: words(Buffer.from(made.pattern, 'hex')) };
}
