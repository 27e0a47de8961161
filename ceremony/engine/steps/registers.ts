/** Comparing, committing, activating and clearing: the verification pattern decides, read from the key objects each time. */
import { samePattern } from '../../check-value';
import { DeviceError } from '../../command/device-error';
import { administratorsPresent } from '../administrators';
import type { Ceremony } from '../ceremony';
import { commandUnit } from '../unit-command';
import { describe, readUnit, type ProvenReading } from '../units';
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
  for (const unit of open) {
    const threshold = ceremony.record.unit(unit)?.state.signatureThreshold ?? 0;
    await commandUnit(ceremony, {
      step: step.id,
      unit,
      name: 'commit',
      payload: { command: 'master-key.commit', pattern },
      signers: administratorsPresent(ceremony, unit, threshold),
      expected: { new: 'full-committed', pattern },
    });
  }
  return { result: { pattern, units: step.units } };
};

/** Activates the committed register of every unit, after the patterns were compared. */
export const activateMasterKey: StepHandler<'master-key.activate'> = async (ceremony, step) => {
  const done = (unit: string): boolean => ceremony.record.act(step.id, `${unit}/activate`)?.status === 'done';
  const pattern = await comparePatterns(ceremony, step.id, step.units, 'either');
  for (const unit of step.units.filter((one) => !done(one))) {
    await commandUnit(ceremony, {
      step: step.id,
      unit,
      name: 'activate',
      payload: { command: 'master-key.activate', pattern },
      signers: administratorsPresent(ceremony, unit, 1),
      expected: { current: 'valid', pattern },
    });
  }
  return { result: { pattern, units: step.units } };
};

/** Empties the new register of every unit: until the commit one administrator is enough, afterwards the threshold signs. */
export const clearMasterKey: StepHandler<'master-key.clear'> = async (ceremony, step) => {
  const cleared: string[] = [];
  for (const unit of step.units) {
    if (ceremony.record.act(step.id, `${unit}/clear`)?.status !== 'done') {
      const proven = await readUnit(ceremony, step.id, unit);
      await ceremony.recordFact(step.id, 'register', { unit, register: 'new', ...describe(proven.reading) });
      const { registers, signatureThreshold } = proven.known.state;
      const isCommitted = registers.new === 'full-committed';
      await commandUnit(ceremony, {
        step: step.id,
        unit,
        name: 'clear',
        payload: { command: 'master-key.clear', pattern: patternOf(proven, 'new') },
        signers: administratorsPresent(ceremony, unit, isCommitted ? signatureThreshold : 1),
        expected: { new: 'empty' },
      });
    }
    cleared.push(unit);
  }
  return { result: { units: cleared } };
};

/**
 * The one pattern that all units show.
 *
 * @throws DeviceError `PATTERNS_DIFFER` when they do not, or when it is not the set's
 */
async function comparePatterns(
  ceremony: Ceremony,
  step: string,
  units: readonly string[],
  register: 'new' | 'current' | 'either',
): Promise<string> {
  const shown: { unit: string; pattern: string | null }[] = [];
  for (const unit of units) {
    const proven = await readUnit(ceremony, step, unit);
    const which = register === 'either' ? occupied(proven) : register;
    await ceremony.recordFact(step, 'register', { unit, register: which, ...describe(proven.reading) });
    shown.push({ unit, pattern: patternOf(proven, which) });
  }
  const expected = ceremony.record.set?.pattern ?? shown[0]?.pattern ?? null;
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
