/** Keys that stay in a unit: made, wrapped into a key store with proof, brought back from it, destroyed. */
import { DeviceError } from '../../command/device-error';
import type { JsonObject } from '../../canonical-json';
import { sameCheckValue } from '../../check-value';
import { isSecretKey } from '../../keypackage/key-kinds';
import { readWrappedKey, wrappedKeyFile, WrappedKeyError, type WrappedKey } from '../../keypackage/wrapped-key';
import { act, type Observed } from '../act';
import type { Ceremony } from '../ceremony';
import { confirm } from '../confirm';
import { isWrappedLater } from '../kept-keys';
import type { KeptKey } from '../ports';
import { sha256Hex } from '../signatures';
import { describe, readUnit } from '../units';
import type { StepHandler } from './handler';

/** Makes a key that stays in the unit; it can leave it wrapped until a later step has wrapped it. */
export const generateKey: StepHandler<'key.generate'> = async (ceremony, step) => {
  const { unit, key } = step;
  await readUnit(ceremony, step.id, unit);
  await requireFree(ceremony, step.id, unit, key.name);
  const extractable = isWrappedLater(ceremony, step);
  const result = await act(ceremony, {
    step: step.id,
    key: actKey(unit, key.name),
    operation: isSecretKey(key.algorithm) ? 'C_GenerateKey' : 'C_GenerateKeyPair',
    unit,
    parameters: { key: key.name, algorithm: key.algorithm, use: key.use, extractable },
    expected: { key: key.name, extractable },
    perform: async () => ({ result: tell(await ceremony.ports.devices.makeKey(unit, { ...key, extractable })) }),
    observe: async () => {
      const found = await lookFor(ceremony, unit, key.name);
      if (found === 'half') return await clearHalf(ceremony, unit, key.name);
      const isAsAsked =
        found?.algorithm === key.algorithm &&
        found.use === key.use &&
        found.attributes['CKA_SENSITIVE'] === true &&
        found.attributes['CKA_EXTRACTABLE'] === extractable;
      return observed(found, isAsAsked);
    },
  });
  return { result };
};

/** Wraps keys under the current master key into a store, each proven to come back, and seals them in the unit. */
export const wrapKeys: StepHandler<'key.wrap'> = async (ceremony, step) => {
  const { unit, store } = step;
  const generation = await currentPattern(ceremony, step.id, unit);
  for (const key of step.keys) {
    await act(ceremony, {
      step: step.id,
      key: actKey(unit, key),
      operation: 'C_WrapKey, C_UnwrapKey, C_SetAttributeValue',
      unit,
      parameters: { key, store, ...(generation === null ? {} : { masterKey: generation }) },
      expected: { key, extractable: false },
      perform: async () => {
        const wrapped = await ceremony.ports.devices.wrapKey(unit, key, step.format ?? null);
        const content = wrappedKeyFile(wrapped);
        await ceremony.ports.keyStores.write(store, wrapped.masterKey, [{ key, content }]);
        return { result: await seal(ceremony, unit, store, wrapped) };
      },
      observe: async () => {
        const file = generation === null ? null : await storedKey(ceremony, store, generation, key);
        if (file === null || generation === null) return { verdict: 'not-applied', observed: { note: NOT_WRITTEN } };
        await ceremony.ports.devices.checkWrapped(unit, generation, [file]);
        return { verdict: 'applied', observed: { note: SEALED_NOW, ...(await seal(ceremony, unit, store, file)) } };
      },
    });
  }
  return { result: { unit, store, names: step.keys } };
};

/** Pattern of the master key by which the unit's keys are wrapped, put on record; null where there is none. */
async function currentPattern(ceremony: Ceremony, step: string, unit: string): Promise<string | null> {
  const { reading, registers } = await readUnit(ceremony, step, unit);
  await ceremony.recordFact(step, 'register', { unit, register: 'current', ...describe(reading) });
  return registers.current.pattern;
}

const NOT_WRITTEN = 'the store has no file of the key, and the key on the token is as it was';
const SEALED_NOW = 'the file was written and comes back; the key was sealed in the unit, if it was not yet';

/** From now on the key leaves the unit no more: its file in the store is its backup. */
async function seal(ceremony: Ceremony, unit: string, store: string, wrapped: WrappedKey): Promise<JsonObject> {
  const attributes = await ceremony.ports.devices.sealKey(unit, wrapped.name);
  return { ...tellStored(store, wrapped), attributes: { ...attributes } };
}

/** Brings keys of a store back into a unit that has its master key. */
export const unwrapKeys: StepHandler<'key.unwrap'> = async (ceremony, step) => {
  const { unit, store } = step;
  const generation = await currentPattern(ceremony, step.id, unit);
  for (const key of step.keys) {
    const file = generation === null ? null : await storedKey(ceremony, store, generation, key);
    if (file === null) throw missingFile(ceremony, store, key, generation);
    await requireFree(ceremony, step.id, unit, key);
    await act(ceremony, {
      step: step.id,
      key: actKey(unit, key),
      operation: 'C_UnwrapKey',
      unit,
      parameters: { key, store, masterKey: file.masterKey, sha256: sha256Hex(wrappedKeyFile(file)) },
      expected: { key, extractable: false },
      perform: async () => {
        const attributes = await ceremony.ports.devices.restoreKey(unit, file);
        return { result: { ...tellStored(store, file), attributes: { ...attributes } } };
      },
      observe: async () => {
        const found = await lookFor(ceremony, unit, key);
        if (found === 'half') return await clearHalf(ceremony, unit, key);
        const isBack =
          found !== null &&
          sameCheckValue(found.checkValue, file.checkValue) &&
          found.use === file.use &&
          found.attributes['CKA_SENSITIVE'] === true &&
          found.attributes['CKA_EXTRACTABLE'] === false;
        const seen = observed(found, isBack);
        return isBack ? { ...seen, observed: { ...seen.observed, ...tellStored(store, file) } } : seen;
      },
    });
  }
  return { result: { unit, store, names: step.keys } };
};

/** Before it is announced: what is on the unit afterwards comes from the act. */
async function requireFree(ceremony: Ceremony, step: string, unit: string, key: string): Promise<void> {
  if (ceremony.record.act(step, actKey(unit, key)) !== null) return;
  if ((await lookFor(ceremony, unit, key)) === null) return;
  throw new DeviceError({
    code: 'KEY_EXISTS',
    message: `Unit ${unit}: an object named ${key} is on the token already.`,
    changed: 'Nothing was changed.',
    next: 'Look at the inventory of the unit. Give the key another name in the plan, or destroy the other before.',
    uncertain: false,
  });
}

/** A key as the unit shows it; `half` where of a pair only one half arrived. */
async function lookFor(ceremony: Ceremony, unit: string, key: string): Promise<KeptKey | null | 'half'> {
  try {
    return await ceremony.ports.devices.lookForKey(unit, key);
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'KEY_HALF_MADE') return 'half';
    throw error;
  }
}

/** Nothing of that name was on the unit before the act was announced: what is there is what it left, and goes before the next try. */
async function clearHalf(ceremony: Ceremony, unit: string, key: string): Promise<Observed> {
  await ceremony.ports.devices.destroyKey(unit, key);
  return { verdict: 'not-applied', observed: { key, note: HALF_ARRIVED } };
}

const HALF_ARRIVED = 'it was half done: one half of the pair was there, and was destroyed';

/** Destroys keys of a unit; its people compare the names first. */
export const destroyKeys: StepHandler<'key.destroy'> = async (ceremony, step) => {
  const { unit } = step;
  await readUnit(ceremony, step.id, unit);
  for (const key of step.keys) {
    if (ceremony.record.act(step.id, actKey(unit, key)) === null) await confirmDestroying(ceremony, step.id, unit, key);
    await act(ceremony, {
      step: step.id,
      key: actKey(unit, key),
      operation: 'C_DestroyObject',
      unit,
      parameters: { key },
      expected: { key, destroyed: true },
      perform: async () => {
        await ceremony.ports.devices.destroyKey(unit, key);
        return { result: { key, destroyed: true } };
      },
      // Of a pair one half may be gone: what was announced is finished, and looked for.
      observe: async () => {
        const count = await ceremony.ports.devices.destroyKey(unit, key);
        const note =
          count === 0 ? 'no object of that name is on the token' : 'some of it was left, and was destroyed now';
        return { verdict: 'applied', observed: { key, destroyed: true, note } };
      },
    });
  }
  return { result: { unit, names: step.keys } };
};

async function confirmDestroying(ceremony: Ceremony, step: string, unit: string, key: string): Promise<void> {
  const found = await ceremony.ports.devices.lookForKey(unit, key);
  if (found === null) {
    throw new DeviceError({
      code: 'KEY_MISSING',
      message: `There is no key ${key} on unit ${unit}.`,
      changed: 'Nothing was changed.',
      next: 'Look at the inventory of the unit: the key is on another unit, was destroyed, or has another name.',
      uncertain: false,
    });
  }
  const name = ceremony.plan.units.find((one) => one.id === unit)?.name ?? unit;
  await confirm(
    ceremony,
    step,
    `Destroy the key ${key} on ${name}: ${found.algorithm}, check value ${found.checkValue.value}. Wrapped copies of it in key stores stay.`,
    ceremony.operators(),
  );
}

/** A key of a store, as its file says; null when there is none. Throws DeviceError `KEY_FILE_WRONG`. */
export async function storedKey(
  ceremony: Ceremony,
  store: string,
  generation: string,
  key: string,
): Promise<WrappedKey | null> {
  const content = await ceremony.ports.keyStores.read(store, generation, key);
  return content === null ? null : readStored(store, generation, key, content);
}

/** Reads the file of a key: it must be of that name and generation. Throws DeviceError `KEY_FILE_WRONG`. */
export function readStored(store: string, generation: string, key: string, content: Uint8Array): WrappedKey {
  const wrong = (why: string): DeviceError =>
    new DeviceError({
      code: 'KEY_FILE_WRONG',
      message: `The file of the key ${key} in the store ${store}: ${why}.`,
      changed: 'Nothing was changed.',
      next: 'Bring the file back from a copy of the store, and find out with the auditor what happened to it.',
      uncertain: false,
    });
  let file: WrappedKey;
  try {
    file = readWrappedKey(content);
  } catch (error) {
    if (!(error instanceof WrappedKeyError)) throw error;
    throw wrong(error.message);
  }
  if (file.name !== key) throw wrong(`it is of the key ${file.name}`);
  if (file.masterKey !== generation) throw wrong(`it is wrapped under the master key of the pattern ${file.masterKey}`);
  return file;
}

function missingFile(ceremony: Ceremony, store: string, key: string, generation: string | null): DeviceError {
  const name = ceremony.plan.keyStores?.find((one) => one.id === store)?.name ?? store;
  return new DeviceError({
    code: 'KEY_FILE_MISSING',
    message: `The store ${name} has no key ${key} that is wrapped under the unit’s master key, of the pattern ${generation ?? 'none'}.`,
    changed: 'Nothing was changed.',
    next: 'Use a unit that has the master key of the store, or the copy of the store that was wrapped under this one.',
    uncertain: false,
  });
}

function observed(found: KeptKey | null, isAsAsked: boolean): Observed {
  if (found === null) return { verdict: 'not-applied', observed: { note: 'no object of that name is on the token' } };
  return { verdict: isAsAsked ? 'applied' : 'undetermined', observed: tell(found) };
}

function tell({ name, algorithm, use, checkValue, publicKey, attributes }: KeptKey): JsonObject {
  return {
    key: name,
    keyAlgorithm: algorithm,
    use,
    checkValue: { ...checkValue },
    publicKey,
    attributes: { ...attributes },
  };
}

function tellStored(store: string, file: WrappedKey): JsonObject {
  const { name, algorithm, use, checkValue, publicKey, masterKey, format, mechanism } = file;
  return {
    key: name,
    keyAlgorithm: algorithm,
    use,
    checkValue: { ...checkValue },
    publicKey,
    store,
    masterKey,
    format,
    mechanism,
    sha256: sha256Hex(wrappedKeyFile(file)),
  };
}

function actKey(unit: string, key: string): string {
  return `${unit}/${key}`;
}
