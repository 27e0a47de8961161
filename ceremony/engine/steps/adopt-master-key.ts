/**
 * A key that others left on the units becomes their current master key. It is examined first, on every unit, and its
 * pattern compared; people hear in what it is weaker than a master key that Keyrite makes. Then the signature threshold
 * signs that it moves to the current register, which a token without registers of its own can only tell by its label.
 */
import { samePattern } from '../../check-value';
import { DeviceError } from '../../command/device-error';
import { onOneLine } from '../../on-one-line';
import type { StepOf } from '../../plan/schema';
import { administratorsPresent } from '../administrators';
import type { Ceremony } from '../ceremony';
import { confirm } from '../confirm';
import { factsIn } from '../earlier-facts';
import type { ExaminedKey } from '../ports';
import { commandUnit } from '../unit-command';
import { describe, describeObject, readUnit } from '../units';
import type { StepHandler } from './handler';

type Adoption = StepOf<'master-key.adopt'>;

/** Adopts the key on every unit of the step, once all of them show one pattern. */
export const adoptMasterKey: StepHandler<'master-key.adopt'> = async (ceremony, step) => {
  for (const unit of step.units) await examine(ceremony, step, unit);
  const pattern = patternOf(ceremony, step);
  for (const unit of step.units) {
    const { id } = foundOn(ceremony, step.id, unit);
    const threshold = ceremony.record.unit(unit)?.state.signatureThreshold ?? 0;
    await commandUnit(ceremony, {
      step: step.id,
      unit,
      name: 'adopt',
      payload: { command: 'master-key.adopt', label: step.object.label, id, pattern, harden: step.harden === true },
      signers: administratorsPresent(ceremony, unit, threshold),
      expected: { current: 'valid', pattern },
    });
  }
  for (const unit of step.units) await recordRegister(ceremony, step.id, unit, pattern);
  return { result: { units: step.units, pattern, register: 'current' } };
};

/** The key as it was found goes on record once, before anything is done to it. */
async function examine(ceremony: Ceremony, step: Adoption, unit: string): Promise<void> {
  if (ceremony.record.act(step.id, `${unit}/adopt`) !== null) return;
  // SECURITY(K-12): who it is, and in which state, before anything is asked of it.
  await readUnit(ceremony, step.id, unit);
  const { label, id = null } = step.object;
  const examined = await ceremony.ports.devices.examineKey(unit, { label, id });
  const weaknesses = weaknessesOf(examined, step.harden === true);
  for (const { means } of weaknesses) ceremony.ports.people.tell({ kind: 'warning', text: `${unit}: ${means}` });
  const { object, pattern } = examined;
  await ceremony.recordFact(step.id, 'master-key.found', {
    unit,
    origin: step.origin.trim(),
    object: describeObject(object),
    pattern,
    weaknesses: weaknesses.map((one) => ({ ...one })),
  });
  const said = weaknesses.map(({ found }) => found).join('; ');
  await confirm(
    ceremony,
    step.id,
    `The key “${onOneLine(label)}” on ${unit}, pattern ${pattern}, becomes its current master key. Its origin is the plan’s word, and not proven: ${onOneLine(step.origin.trim())} Weaker than a master key that Keyrite makes: ${said}.`,
    ceremony.record.presentWith('crypto-administrator').map((one) => one.id),
  );
}

interface KeyWeakness {
  readonly weakness: string;
  readonly found: string;
  readonly means: string;
}

/** Never empty: that nobody saw the key being made is one. */
function weaknessesOf({ object, wider }: ExaminedKey, hardens: boolean): KeyWeakness[] {
  const { attributes } = object;
  const found: KeyWeakness[] = [
    {
      weakness: 'origin-not-proven',
      found: 'nobody saw it being made',
      means: 'where the adopted master key was before, and who has it too, is the plan’s word; nothing proves it',
    },
  ];
  if (attributes['CKA_EXTRACTABLE'] !== false || attributes['CKA_NEVER_EXTRACTABLE'] !== true) {
    found.push({
      weakness: 'master-key-extractable',
      found: `CKA_EXTRACTABLE ${tell(attributes['CKA_EXTRACTABLE'])}, CKA_NEVER_EXTRACTABLE ${tell(attributes['CKA_NEVER_EXTRACTABLE'])}`,
      means: 'the adopted master key can be taken out of this token, or could be before; copies of it may exist',
    });
  }
  const length = attributes['CKA_VALUE_LEN'];
  if (length !== undefined && length !== null && length !== 32) {
    found.push({
      weakness: 'master-key-length',
      found: `CKA_VALUE_LEN ${tell(length)}`,
      means: 'the adopted master key is shorter than the 32 bytes of a master key that Keyrite makes',
    });
  }
  if (wider.length > 0) {
    found.push({
      weakness: 'master-key-wider',
      found: wider.join(', '),
      means: hardens
        ? 'the adopted master key may be used, or is kept, otherwise than a master key should; what the token lets be changed is set right with the adoption'
        : 'the adopted master key may be used, or is kept, otherwise than a master key should, and stays so',
    });
  }
  return found;
}

function tell(value: boolean | number | string | null | undefined): string {
  return value === null || value === undefined ? 'not told' : String(value);
}

/** What is on record of the key as it was found on a unit. */
function foundOn(ceremony: Ceremony, step: string, unit: string): { readonly pattern: string; readonly id: string } {
  const found = factsIn(ceremony, step, 'master-key.found', unit).at(-1);
  const object = found?.['object'] as { readonly id?: string } | undefined;
  const pattern = found?.['pattern'];
  if (typeof pattern !== 'string' || object?.id === undefined) throw new Error(`the key on ${unit} was not examined`);
  return { pattern, id: object.id };
}

/** @throws DeviceError `PATTERNS_DIFFER` unless all units show one */
function patternOf(ceremony: Ceremony, step: Adoption): string {
  const patterns = step.units.map((unit) => ({ unit, pattern: foundOn(ceremony, step.id, unit).pattern }));
  const first = patterns[0]?.pattern ?? '';
  if (patterns.every(({ pattern }) => samePattern(pattern, first))) return first;
  throw new DeviceError({
    code: 'PATTERNS_DIFFER',
    message: `The keys “${step.object.label}” are not one key: ${patterns.map(({ unit, pattern }) => `${unit} ${pattern.slice(0, 16)}…`).join(', ')}.`,
    changed: 'Nothing was changed on any unit.',
    next: 'Find out which unit has the right key; a plan of its own for each of them may adopt different ones.',
    uncertain: false,
  });
}

async function recordRegister(ceremony: Ceremony, step: string, unit: string, pattern: string): Promise<void> {
  const { reading, registers } = await readUnit(ceremony, step, unit);
  await ceremony.recordFact(step, 'register', { unit, register: 'current', ...describe(reading) });
  if (registers.current.pattern !== null && samePattern(registers.current.pattern, pattern)) return;
  throw new DeviceError({
    code: 'PATTERN_WRONG',
    message: `Unit ${unit}: the current register shows another pattern than the key that was adopted.`,
    changed: 'The key was adopted.',
    next: 'Stop, and find out with the auditor what is in the register.',
    uncertain: false,
  });
}
