/**
 * One irreversible act: intent before, outcome after; when no answer comes, the device is read again and the truth is
 * written down (DESIGN.md sections 1 and 2). An act that is on record as done is never done again.
 */
import type { JsonObject } from '../canonical-json';
import type { Envelope } from '../command/dsse';
import { DeviceError } from '../command/device-error';
import { DECISION } from '../transcript/fact-names';
import type { FileRef } from '../transcript/line';
import { CeremonyStopped, type Ceremony } from './ceremony';
import type { Decision } from './ports';
import { SPACE_FOR_AN_ACT, requireSpace } from './space';

/** What a reading of the device says about an act whose answer is missing. */
export interface Observed {
  readonly verdict: 'applied' | 'not-applied' | 'undetermined';
  /** The reading; where applied, the result that the outcome would have had. */
  readonly observed: JsonObject;
  readonly files?: readonly FileRef[];
}

/** An act to carry out. */
export interface Act {
  readonly step: string;
  /** Stable across attempts, such as `unit-a/token`. */
  readonly key: string;
  /** PKCS#11 function or command. */
  readonly operation: string;
  readonly unit: string | null;
  readonly parameters: JsonObject;
  /** What a reading of the device will show afterwards. */
  readonly expected: JsonObject;
  readonly command?: Envelope;
  readonly files?: readonly FileRef[];
  /** Participants whose act it is; without it the crypto administrators who are present. */
  readonly by?: readonly string[];
  /**
   * Does it. The result goes into the transcript: nothing secret. An act of several calls that fails when something was
   * done already throws a DeviceError that is `uncertain`, so that the device is read again.
   */
  readonly perform: () => Promise<{ readonly result: JsonObject; readonly files?: readonly FileRef[] }>;
  /** Reads the device again. */
  readonly observe: () => Promise<Observed>;
}

/**
 * Carries out an act, or returns its result if it was done before.
 *
 * @throws CeremonyStopped when the people decide to stop, or when the device's state cannot be determined
 */
export async function act(ceremony: Ceremony, spec: Act): Promise<JsonObject> {
  const past = ceremony.record.act(spec.step, spec.key);
  if (past?.status === 'done') return past.result;
  if (past?.status === 'open') {
    const known = await settle(ceremony, spec, () => observeAgain(ceremony, spec));
    if (known !== null) return known;
  }
  if (past?.status === 'unclear') throw unclear(spec);
  for (;;) {
    const result = await attempt(ceremony, spec);
    if (result !== null) return result;
  }
}

/** One try. Resolves with null when it did not happen and the people want it tried again. */
async function attempt(ceremony: Ceremony, spec: Act): Promise<JsonObject | null> {
  const number = ceremony.record.step(spec.step).attempts;
  const about = { step: spec.step, by: [...(spec.by ?? ceremony.acting())] };
  ceremony.stopIfAsked(`${spec.operation} in step ${spec.step}`);
  await requireSpace(ceremony, SPACE_FOR_AN_ACT, spec.operation);
  // SECURITY(K-27): on the medium before the device is touched.
  await ceremony.append({
    type: 'step.intent',
    ...about,
    body: {
      attempt: number,
      act: spec.key,
      operation: spec.operation,
      unit: spec.unit,
      parameters: { ...spec.parameters },
      expected: { ...spec.expected },
      command: spec.command ?? null,
      ...ceremony.watching(about.by),
      ...(spec.files === undefined ? {} : { files: [...spec.files] }),
    },
  });
  let done: Awaited<ReturnType<Act['perform']>>;
  try {
    done = await spec.perform();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    await recordFailure(ceremony, spec.step, spec.key, error);
    if (error.uncertain || isTokensWord(error)) {
      const known = await settle(ceremony, spec, () => observeAgain(ceremony, spec));
      if (known !== null) return known;
    } else {
      await recordRefusal(ceremony, spec, error);
    }
    await decideAgain(ceremony, spec.step, error);
    return null;
  }
  // Not in the `try`: what fails here is the medium. The act was carried out, so no line may say that it was not.
  await ceremony.append({
    type: 'step.outcome',
    ...about,
    body: {
      attempt: number,
      act: spec.key,
      result: done.result,
      ...ceremony.watching(about.by),
      ...(done.files === undefined ? {} : { files: [...done.files] }),
    },
  });
  return done.result;
}

/**
 * A refusal by the token, which is not believed: it is read again. Not so where a PIN or a login was refused, before anything
 * was done: people would be asked for the PIN again.
 */
function isTokensWord({ code }: DeviceError): boolean {
  // What a token says that it did not do, it may have done.
  return /^CKR_(?!PIN_|USER_)/.test(code);
}

/** Records a failure in the people's words. */
export async function recordFailure(
  ceremony: Ceremony,
  step: string,
  key: string | null,
  error: DeviceError,
): Promise<void> {
  ceremony.ports.people.tell({ kind: 'failure', text: `${error.message}\n${error.changed}` });
  await ceremony.append({
    type: 'step.failed',
    step,
    by: ceremony.acting(),
    body: {
      attempt: ceremony.record.step(step).attempts,
      act: key,
      error: { code: error.code, message: error.message },
      changed: error.changed,
      next: error.next,
    },
  });
}

/** Ends the run in a step because the people decided so: the record says why. */
export async function stopStep(ceremony: Ceremony, step: string, error: DeviceError): Promise<never> {
  await recordFailure(ceremony, step, null, error);
  throw new CeremonyStopped(`stopped in step ${step}: ${error.message}\n${error.next}`);
}

/** A certain refusal of ours needs no second reading, and nobody is told of one: nothing was done. */
async function recordRefusal(ceremony: Ceremony, spec: Act, error: DeviceError): Promise<void> {
  await recordVerdict(ceremony, spec, { verdict: 'not-applied', observed: { refused: error.code } });
  ceremony.ports.people.tell({ kind: 'result', text: `${spec.operation}: it was not done` });
}

/** Writes down what the device shows. Resolves with the result when the act turns out to be applied, with null when it is not. */
async function settle(ceremony: Ceremony, spec: Act, observe: () => Promise<Observed>): Promise<JsonObject | null> {
  const seen = await observe();
  await recordVerdict(ceremony, spec, seen);
  const { verdict, observed } = seen;
  const note = typeof observed['note'] === 'string' ? ` (${observed['note']})` : '';
  const how = spec.unit === null ? '' : 'read again, ';
  ceremony.ports.people.tell({ kind: 'result', text: `${spec.operation}: ${how}${WORDS[verdict]}${note}` });
  if (verdict === 'undetermined') throw unclear(spec);
  return verdict === 'applied' ? observed : null;
}

async function recordVerdict(ceremony: Ceremony, spec: Act, { verdict, observed, files }: Observed): Promise<void> {
  await ceremony.append({
    type: 'step.reconciled',
    step: spec.step,
    by: ceremony.acting(),
    body: {
      attempt: ceremony.record.step(spec.step).attempts,
      act: spec.key,
      verdict,
      observed,
      ...(files === undefined ? {} : { files: [...files] }),
    },
  });
}

const WORDS = {
  applied: 'it was done',
  'not-applied': 'it was not done',
  undetermined: 'it cannot be told whether it was done',
} as const;

/** Reads the device again, as often as the people want when the reading itself fails. */
async function observeAgain(ceremony: Ceremony, spec: Act): Promise<Observed> {
  for (;;) {
    try {
      return await spec.observe();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      await recordFailure(ceremony, spec.step, null, error);
      await decideAgain(ceremony, spec.step, error);
    }
  }
}

/** Asks the people whether to try again. Throws CeremonyStopped when they stop. */
async function decideAgain(ceremony: Ceremony, step: string, error: DeviceError): Promise<void> {
  const decision = await decideAfter(ceremony, step, error, ['again', 'stop']);
  if (decision !== 'again') throw new CeremonyStopped(`stopped in step ${step}: ${error.message}\n${error.next}`);
}

/**
 * Asks the people what to do after a failure in a step, and puts on record what they decided. An exception is a record of
 * its own, which two people sign.
 */
export async function decideAfter(
  ceremony: Ceremony,
  step: string,
  error: DeviceError,
  options: readonly Decision[],
): Promise<Decision> {
  const { message: happened, changed, next } = error;
  // Where several units are worked on, two can fail at once: people are asked about one, then about the other.
  const decision = await ceremony.turns.questions.run(() =>
    ceremony.ports.people.decide({ step, happened, changed, next, options }),
  );
  if (decision !== 'exception') await recordDecision(ceremony, step, decision, happened);
  return decision;
}

async function recordDecision(
  ceremony: Ceremony,
  step: string,
  option: 'again' | 'stop',
  happened: string,
): Promise<void> {
  try {
    await ceremony.append({
      type: 'fact.recorded',
      step,
      by: ceremony.acting(),
      body: { fact: DECISION, value: { step, option, happened } },
    });
  } catch (error) {
    // People who stop because nothing more can be written stop all the same.
    if (!(error instanceof DeviceError) || option !== 'stop') throw error;
  }
}

function unclear(spec: Act): CeremonyStopped {
  return new CeremonyStopped(
    `${spec.operation} in step ${spec.step}: the device does not show whether it was carried out. ` +
      'Nothing further is done to it; look at the unit with the vendor’s tool and decide with the auditor.',
  );
}
