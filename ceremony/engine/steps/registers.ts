/** Comparing, committing, activating and clearing: the verification pattern decides, read from the key objects each time. */
import { samePattern } from '../../check-value';
import { DeviceError } from '../../command/device-error';
import { administratorsPresent } from '../administrators';
import type { Ceremony } from '../ceremony';
import { replaceMasterKey } from '../replace-master-key';
import { signFor, type UnitCommand } from '../unit-command';
import { describe, readUnit, type ProvenReading } from '../units';
import { onEachUnit } from '../units-at-work';
import type { StepHandler } from './handler';

/** Reads one register of every unit and compares the patterns with each other and with the set's. */
export const verifyMasterKey: StepHandler<'master-key.verify'> = async (ceremony, step) => {
  const pattern = await comparePatterns(ceremony, step.id, step.units, step.register);
  return { result: { register: step.register, pattern, units: step.units } };
};

/** Commits the new register of every unit, with the quorum's signatures, after the patterns were compared. */
export const commitMasterKey: StepHandler<'master-key.commit'> = async (ceremony, step) => {
  const open = step.units.filter((unit) => ceremony.record.act(step.id, `${unit}/commit`)?.status !== 'done');
  const pattern = await comparePatterns(ceremony, step.id, step.units, 'new');
  await signThenCarryOut(ceremony, 'Committing', open, (unit) => ({
    step: step.id,
    unit,
    name: 'commit',
    payload: { command: 'master-key.commit', pattern },
    signers: administratorsPresent(ceremony, unit, ceremony.record.unit(unit)?.state.signatureThreshold ?? 0),
    expected: { new: 'full-committed', pattern },
  }));
  return { result: { pattern, units: step.units } };
};

/** Activates the committed register of every unit, after the patterns were compared. */
export const activateMasterKey: StepHandler<'master-key.activate'> = async (ceremony, step) => {
  const done = (unit: string): boolean => ceremony.record.act(step.id, `${unit}/activate`)?.status === 'done';
  const shown = new Map<string, ProvenReading>();
  const pattern = await comparePatterns(ceremony, step.id, step.units, 'either', shown);
  const open = step.units.filter((one) => !done(one));
  const isReplaced = (unit: string): boolean => ceremony.record.unit(unit)?.state.registers.current === 'valid';
  for (const unit of open.filter(isReplaced)) {
    await replaceMasterKey(ceremony, step.id, unit, pattern, shown.get(unit)?.registers ?? null);
  }
  await signThenCarryOut(
    ceremony,
    'Activating',
    open.filter((unit) => !isReplaced(unit) && !done(unit)),
    (unit) => ({
      step: step.id,
      unit,
      name: 'activate',
      payload: { command: 'master-key.activate', pattern },
      signers: administratorsPresent(ceremony, unit, 1),
      expected: { current: 'valid', pattern },
    }),
  );
  return { result: { pattern, units: step.units } };
};

/** Empties the new register of every unit: until the commit one administrator is enough, afterwards the threshold signs. */
export const clearMasterKey: StepHandler<'master-key.clear'> = async (ceremony, step) => {
  const open = step.units.filter((unit) => ceremony.record.act(step.id, `${unit}/clear`)?.status !== 'done');
  const read = await onEachUnit(ceremony, open, 'Reading', async (unit) => {
    const proven = await readUnit(ceremony, step.id, unit);
    await ceremony.recordFact(step.id, 'register', { unit, register: 'new', ...describe(proven.reading) });
    return [unit, proven] as const;
  });
  const readings = new Map(read);
  await signThenCarryOut(ceremony, 'Clearing', open, (unit) => {
    const proven = readings.get(unit);
    if (proven === undefined) throw new Error(`unit ${unit} was not read`);
    const { registers, signatureThreshold } = proven.known.state;
    const isCommitted = registers.new === 'full-committed';
    return {
      step: step.id,
      unit,
      name: 'clear',
      payload: { command: 'master-key.clear', pattern: patternOf(proven, 'new') },
      signers: administratorsPresent(ceremony, unit, isCommitted ? signatureThreshold : 1),
      expected: { new: 'empty' },
    };
  });
  return { result: { units: step.units } };
};

/** People sign for one unit after the other; the tokens then do their work. */
async function signThenCarryOut(
  ceremony: Ceremony,
  doing: string,
  units: readonly string[],
  commandOf: (unit: string) => UnitCommand,
): Promise<void> {
  const signed = new Map<string, () => Promise<void>>();
  for (const unit of units) signed.set(unit, await signFor(ceremony, commandOf(unit)));
  await onEachUnit(ceremony, units, doing, (unit) => signed.get(unit)?.() ?? Promise.resolve());
}

/**
 * The one pattern that all units show.
 *
 * @param readings takes each unit's reading
 * @throws DeviceError `PATTERNS_DIFFER` when they do not, or when it is not the set's
 */
async function comparePatterns(
  ceremony: Ceremony,
  step: string,
  units: readonly string[],
  register: 'new' | 'current' | 'either',
  readings = new Map<string, ProvenReading>(),
): Promise<string> {
  const shown = await onEachUnit(ceremony, units, 'Reading', async (unit) => {
    const proven = await readUnit(ceremony, step, unit);
    readings.set(unit, proven);
    const which = register === 'either' ? occupied(proven) : register;
    await ceremony.recordFact(step, 'register', { unit, register: which, ...describe(proven.reading) });
    return { unit, pattern: patternOf(proven, which) };
  });
  const known = ceremony.record.set ?? ceremony.record.madeInside;
  const expected = known?.pattern ?? shown[0]?.pattern ?? null;
  const wrong = shown.filter((one) => one.pattern === null || expected === null || !samePattern(one.pattern, expected));
  if (wrong.length === 0 && expected !== null) return expected;
  throw new DeviceError({
    code: 'PATTERNS_DIFFER',
    message: `The verification patterns differ: ${shown.map((one) => `${one.unit} shows ${one.pattern ?? 'none'}`).join(', ')}; expected ${expected ?? 'one'}.`,
    changed: 'Nothing was changed.',
    next: 'Do not commit. Find out which unit was loaded wrongly; clear its new register and load it again.',
    uncertain: false,
  });
}

/** While units are being activated one after the other, the key is in the one register or in the other. */
function occupied({ registers }: ProvenReading): 'new' | 'current' {
  return registers.new.status === 'empty' ? 'current' : 'new';
}

function patternOf(proven: ProvenReading, register: 'new' | 'current'): string | null {
  return proven.registers[register].pattern;
}
