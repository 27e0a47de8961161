/**
 * The time. Three people read clocks of their own, so that the workstation's is known to be right, or by how much it is
 * wrong; and a clock that goes back is an exception that two people sign.
 */
import { DeviceError } from '../command/device-error';
import type { Draft } from '../transcript/line';
import { CLOCK_READERS, CLOCK_TOLERANCE_MS, skewOf, type ClockSkew } from '../transcript/clock-readings';
import { CLOCK_READINGS } from '../transcript/fact-names';
import type { ClockWentBack } from '../transcript/writer';
import { decideAfter, stopStep } from './act';
import type { Ceremony, ClockDecision } from './ceremony';
import { recordRaised, signException, signatories } from './exception';
import type { ClockReading } from './ports';
import { untilItWorks } from './until-it-works';

/** What the time is by the reading that people agreed on: the workstation's clock, set right by the skew on record. */
export function agreedNow(ceremony: Ceremony): string {
  const now = ceremony.ports.clock.now();
  return new Date(Date.parse(now) + ceremony.record.clockSkewMs).toISOString();
}

/**
 * Has three people read clocks of their own, and records what they show. Where the workstation's clock is off by more
 * than a minute, it is set right and read again, or an exception of the kind `clock` is raised.
 *
 * @throws DeviceError `CLOCK_NOT_READ` when fewer gave a reading; CeremonyStopped when the people neither set nor except it
 */
export async function readClocks(ceremony: Ceremony, step: string): Promise<void> {
  while ((await readOnce(ceremony, step)) === 'again') {
    // Set right meanwhile: whether it is now, the next readings show.
  }
}

async function readOnce(ceremony: Ceremony, step: string): Promise<'read' | 'again'> {
  const { people, clock } = ceremony.ports;
  const by = readers(ceremony);
  const readings = await people.readClocks({ step, by, clock });
  const given = new Set(readings.map((one) => one.by));
  if (given.size !== readings.length || by.some((id) => !given.has(id))) throw notRead(by.length);
  const skewMs = skewOf(readings);
  await ceremony.append({
    type: 'fact.recorded',
    step,
    by: [...by].sort(),
    body: { fact: CLOCK_READINGS, value: { readings: readings.map(plain), skewMs: { ...skewMs } } },
  });
  people.tell({ kind: 'result', text: `The workstation’s clock is ${offBy(skewMs.median)} three independent clocks` });
  return Math.abs(skewMs.median) > CLOCK_TOLERANCE_MS ? exceptClock(ceremony, step, skewMs) : 'read';
}

/** Up to three people who attend, witnesses and auditors first: they rely on nobody's clock. */
function readers(ceremony: Ceremony): string[] {
  const attending = ceremony.plan.positions.filter(({ attends }) => attends);
  const order = ['witness', 'auditor', 'crypto-administrator'];
  const rank = (role: string): number => (order.includes(role) ? order.indexOf(role) : order.length);
  return attending
    .toSorted((one, other) => rank(one.role) - rank(other.role))
    .flatMap(({ id }) => ceremony.boundTo(id).filter((person) => !ceremony.record.hasLeft(person)))
    .slice(0, CLOCK_READERS);
}

/** The readings stand on record as they are; going on with such a clock takes an exception, signed after the roll call. */
async function exceptClock(ceremony: Ceremony, step: string, { median }: ClockSkew): Promise<'read' | 'again'> {
  const { people } = ceremony.ports;
  const happened = `The workstation’s clock is ${offBy(median)} three independent clocks.`;
  const error = new DeviceError({
    code: 'CLOCK_WRONG',
    message: happened,
    changed: 'Nothing was changed.',
    next: 'Set the clock right in front of the witness and try again; or go on with it under an exception.',
    uncertain: false,
  });
  const decision = await decideAfter(ceremony, step, error, ['again', 'exception', 'stop']);
  if (decision === 'again') return 'again';
  if (decision === 'stop') return stopStep(ceremony, step, error);
  const decided = await people.ask({
    step,
    text: 'What was decided, and why is it safe to go on with this clock?',
    by: ceremony.operators(),
  });
  await recordRaised(ceremony, { step, kind: 'clock', expected: 'At most a minute off.', happened, decided });
  return 'read';
}

/** Settles that the clock went back: it is set right, or two people sign that the record goes on with an earlier time. */
export function settleClock(ceremony: Ceremony): (error: ClockWentBack, draft: Draft) => Promise<ClockDecision> {
  return async (error, draft) => {
    const { people } = ceremony.ports;
    const step = draft.step ?? ceremony.record.currentStep ?? ceremony.plan.steps[0]?.id ?? '';
    const both = signatories(ceremony);
    people.tell({ kind: 'failure', text: error.message });
    const decision = await people.decide({
      step,
      happened: error.message,
      changed: 'Nothing was written.',
      next: 'Set the clock right and try again; or sign an exception, after which the record goes on with the earlier time.',
      options: both === null ? ['again', 'stop'] : ['again', 'exception', 'stop'],
    });
    if (decision !== 'exception' || both === null) return decision === 'again' ? 'again' : 'stop';
    const by = both.map(({ id }) => id);
    const decided = await people.ask({ step, text: 'Why did the clock go back, and what was decided?', by });
    const said = {
      step,
      kind: 'clock',
      expected: `A time after ${error.last}.`,
      happened: `It was ${error.now}.`,
      decided,
    };
    const record = await untilItWorks(people, 'the exception about the clock is signed', () =>
      signException(ceremony, both, said),
    );
    return { type: 'exception.recorded', step, by, body: { kind: 'clock', record } };
  };
}

function plain({ by, source, at, workstation }: ClockReading): Record<string, string> {
  return { by, source, at, workstation };
}

function offBy(skewMs: number): string {
  const seconds = (Math.abs(skewMs) / 1000).toFixed(1);
  if (skewMs === 0) return 'level with';
  return skewMs > 0 ? `${seconds} s behind the middle one of` : `${seconds} s ahead of the middle one of`;
}

function notRead(count: number): DeviceError {
  return new DeviceError({
    code: 'CLOCK_NOT_READ',
    message: `${String(count)} people must each read a clock of their own.`,
    changed: 'Nothing was changed.',
    next: 'Read the clocks again, each person their own.',
    uncertain: false,
  });
}
