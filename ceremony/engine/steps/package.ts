/** A root key out of a unit, wrapped for a cloud service: generated, wrapped and destroyed in one act. */
import * as v from 'valibot';
import type { JsonObject } from '../../canonical-json';
import { DeviceError } from '../../command/device-error';
import { buildKeyPackage, keyPackageFile, keyPackageFileName } from '../../keypackage/key-package';
import {
  WrappingParametersError,
  expiryProblem,
  readWrappingParameters,
  type WrappingParameters,
} from '../../keypackage/wrapping-parameters';
import { waysOf } from '../../plan/authentication';
import type { StepOf } from '../../plan/schema';
import { act, type Observed } from '../act';
import type { Ceremony } from '../ceremony';
import { agreedNow } from '../clock';
import type { UnitReading } from '../ports';
import type { ActRecord } from '../record';
import { sha256Hex } from '../signatures';
import { describe, readUnit } from '../units';
import type { StepHandler } from './handler';
import { sealRootKey } from './seal-root-key';
import { authenticateWrappingKey } from './wrapping-key';

type PackageStep = StepOf<'key.package'>;

/** Largest parameters file that is read, in bytes. */
const LIMIT = 64 * 1024;

/** What the act that makes the key leaves on record; nothing in it is secret. */
const Wrapped = v.object({
  wrapped: v.string(),
  iv: v.optional(v.string()),
  encryptedNonce: v.optional(v.string()),
  checkValue: v.object({ algorithm: v.literal('aes-cmac'), value: v.string() }),
  wrappedIn: v.picklist(['token', 'share-process']),
});

/** Key of the act that makes the root key. */
const MAKE = 'make';

/** Makes a root key, wraps it to an authenticated wrapping key, destroys it, and writes the key package. */
export const packageKey: StepHandler<'key.package'> = async (ceremony, step) => {
  const parameters = await takeParameters(ceremony, step);
  // SECURITY(K-19): before a key is made, let alone wrapped.
  if (!isMade(ceremony, step)) {
    await authenticateWrappingKey(ceremony, step, parameters, {
      others: async (id) => understand(ceremony, step, await readBound(ceremony, step, id)),
      changed: changedSoFar(ceremony, step),
    });
  }
  if (makeStatus(ceremony, step) === 'undone') refuseExpired(ceremony, step, parameters);
  const made = v.parse(Wrapped, await makeAndWrap(ceremony, step, parameters));
  const line = ceremony.record.act(step.id, MAKE)?.seq ?? 0;
  const content = keyPackageFile(buildKeyPackage({ ...made, parameters, ceremony: ceremony.name.id, line }));
  const name = `packages/${keyPackageFileName(step.key.name)}`;
  const file = { name, sha256: sha256Hex(content) };
  await act(ceremony, {
    step: step.id,
    key: 'write',
    operation: 'write key package',
    unit: null,
    parameters: file,
    expected: file,
    perform: async () => ({ result: file, files: [await ceremony.settleFile(name, content)] }),
    observe: async () => {
      const { folder } = ceremony.ports;
      const written = (await folder.exists(name)) && sha256Hex(await folder.read(name)) === file.sha256;
      return written
        ? { verdict: 'applied', observed: file, files: [file] }
        : { verdict: 'not-applied', observed: { written } };
    },
  });
  return { result: { package: file, checkValue: made.checkValue, wrappedIn: made.wrappedIn } };
};

/** Whether the key is on record as made and wrapped. From then on only its package is left to write, however late it is. */
function isMade(ceremony: Ceremony, step: PackageStep): boolean {
  return makeStatus(ceremony, step) === 'done';
}

/** `undone` also before the first try. */
function makeStatus(ceremony: Ceremony, step: PackageStep): ActRecord['status'] {
  return ceremony.record.act(step.id, MAKE)?.status ?? 'undone';
}

/**
 * The parameters on record; before there are any, or when they expired before a key was made with them, those in the file
 * that the binding names are put on record. Refuses what is expired or meant for something else.
 */
async function takeParameters(ceremony: Ceremony, step: PackageStep): Promise<WrappingParameters> {
  const known = await keptParameters(ceremony, step);
  const status = makeStatus(ceremony, step);
  // An act that is open is looked into before anything is said about it; it judges the expiry itself.
  if (known !== null && (status !== 'undone' || expiryProblem(known, agreedNow(ceremony)) === null)) return known;
  const bytes = await readBound(ceremony, step);
  const parameters = understand(ceremony, step, bytes);
  refuseExpired(ceremony, step, parameters);
  const wanted = step.target ?? 'ibm-key-protect';
  if (parameters.target !== wanted) {
    throw refused(
      ceremony,
      step,
      'PARAMETERS_TARGET',
      `the parameters are for ${parameters.target}, the plan says ${wanted}`,
      'Collect parameters of the service that the plan names.',
    );
  }
  if (parameters.purpose.do !== step.purpose) {
    throw refused(
      ceremony,
      step,
      'PARAMETERS_PURPOSE',
      `the parameters are for “${parameters.purpose.do}”, the plan says “${step.purpose}”`,
      'Collect parameters for the purpose of the plan.',
    );
  }
  const name = attachmentName(step, countKept(ceremony, step) + 1);
  const file = await ceremony.settleFile(name, bytes);
  await ceremony.recordFact(step.id, 'wrapping-parameters', { parameters: step.parameters, file: file.name }, [file]);
  return parameters;
}

async function keptParameters(ceremony: Ceremony, step: PackageStep): Promise<WrappingParameters | null> {
  const count = countKept(ceremony, step);
  if (count === 0) return null;
  const kept = understand(ceremony, step, await ceremony.ports.folder.read(attachmentName(step, count)));
  // Another step of the plan may have put parameters of this name on record for another purpose.
  return kept.purpose.do === step.purpose && kept.target === (step.target ?? 'ibm-key-protect') ? kept : null;
}

/** How many files of these parameters are on record: more than one when the first expired before a key was made. */
function countKept(ceremony: Ceremony, step: PackageStep): number {
  let count = 0;
  while (ceremony.record.fileSha256(attachmentName(step, count + 1)) !== null) count += 1;
  return count;
}

function attachmentName(step: PackageStep, number: number): string {
  return `attachments/${step.parameters}.wrapping-parameters${number === 1 ? '' : `-${String(number)}`}.json`;
}

/** Asked when the file is taken and again right before a key is made: people may have read a fingerprint aloud for long. */
function refuseExpired(ceremony: Ceremony, step: PackageStep, parameters: WrappingParameters): void {
  const expired = expiryProblem(parameters, agreedNow(ceremony));
  if (expired === null) return;
  const next =
    'Collect new parameters on the connected machine, put them in the place of the file that the binding names, and try again; where that does not take them, stop and resume.';
  throw refused(ceremony, step, 'PARAMETERS_EXPIRED', expired, next);
}

async function readBound(ceremony: Ceremony, step: PackageStep, id = step.parameters): Promise<Uint8Array> {
  const bound = ceremony.binding.wrappingParameters.find((one) => one.id === id);
  if (bound === undefined) {
    const message = `the binding names no file for ${id}`;
    throw refused(ceremony, step, 'PARAMETERS_MISSING', message, 'Correct the binding.');
  }
  return ceremony.ports.workstation.readInput(bound.file, LIMIT);
}

function understand(ceremony: Ceremony, step: PackageStep, bytes: Uint8Array): WrappingParameters {
  try {
    return readWrappingParameters(bytes);
  } catch (error) {
    if (!(error instanceof WrappingParametersError)) throw error;
    const next = 'Bring the file again from the connected machine.';
    throw refused(ceremony, step, 'PARAMETERS_INVALID', error.message, next);
  }
}

/** One act: the key lives in the unit as a session object from its generation to its destruction. */
async function makeAndWrap(ceremony: Ceremony, step: PackageStep, parameters: WrappingParameters): Promise<JsonObject> {
  return act(ceremony, {
    step: step.id,
    key: MAKE,
    operation: 'C_GenerateKey, C_WrapKey, C_DestroyObject',
    unit: step.unit,
    parameters: {
      key: step.key.name,
      algorithm: step.key.algorithm,
      publicKeySha256: parameters.publicKeySha256,
      // A plan of before there were several targets and ways says all that this would.
      ...(step.target === undefined
        ? {}
        : { target: parameters.target, authenticated: waysOf(step.authenticate).map(({ by }) => by) }),
    },
    expected: { destroyed: true },
    perform: async () => {
      const { reading } = await readUnit(ceremony, step.id, step.unit);
      refuseExpired(ceremony, step, parameters);
      const key = await ceremony.ports.devices.makeRootKey(step.unit, step.key.name);
      const sealed = await useOnce(ceremony, step.unit, key.handle, () =>
        sealRootKey(ceremony, { ...key, unit: step.unit }, reading.capabilities, parameters),
      );
      return {
        result: {
          ...sealed,
          checkValue: { ...key.checkValue },
          attributes: { ...key.attributes },
          destroyed: true,
        },
      };
    },
    observe: () => lookForRootKey(ceremony, step),
  });
}

/**
 * Uses a root key and destroys it, whatever becomes of its use.
 *
 * @throws DeviceError what went wrong, with what became of the key; `uncertain`, so that the unit is searched for it
 */
async function useOnce<T>(ceremony: Ceremony, unit: string, handle: string, use: () => Promise<T>): Promise<T> {
  try {
    const result = await use();
    await ceremony.ports.devices.destroyRootKey(unit, handle);
    return result;
  } catch (error) {
    const became = await endRootKey(ceremony, unit, handle);
    if (!(error instanceof DeviceError)) throw error;
    const { code, message, next } = error;
    const changed = `A root key had been made in unit ${unit}. ${became} What was wrapped of it, if anything, is not kept, and no package was written.`;
    throw new DeviceError({ code, message, changed, next, uncertain: true });
  }
}

/** Destroys a root key after a failure; where that fails, ends the session it lives in. Tells what became of it. */
async function endRootKey(ceremony: Ceremony, unit: string, handle: string): Promise<string> {
  const { devices } = ceremony.ports;
  const first = await destroyed(ceremony, unit, handle);
  if (first === null) return 'It was destroyed, and the unit was searched and no longer has it.';
  if (isSessionOver(first)) return ENDED;
  // A session object ends with its session, and that with the worker.
  await devices.endPhase();
  const second = await destroyed(ceremony, unit, handle);
  const failed = `Destroying it failed (${first.message}).`;
  if (second === null) return `${failed} Tried again, it was destroyed.`;
  return isSessionOver(second) ? `${failed} ${ENDED}` : `${failed} It may still be in the unit.`;
}

const ENDED = 'It was a session object, and ended with the process that held its session.';

/** Null when the key was destroyed and proven gone. */
async function destroyed(ceremony: Ceremony, unit: string, handle: string): Promise<DeviceError | null> {
  try {
    await ceremony.ports.devices.destroyRootKey(unit, handle);
    return null;
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
}

/** Whether the worker that made the key is gone, or knows the key no more. */
function isSessionOver({ code }: DeviceError): boolean {
  return code === 'SESSION_KEY_LOST' || code === 'ROOT_KEY_GONE';
}

/** Nothing of an interrupted act can be used: what was wrapped is lost with its answer. Only that no key is left matters. */
async function lookForRootKey(ceremony: Ceremony, step: PackageStep): Promise<Observed> {
  let { reading } = await readUnit(ceremony, step.id, step.unit);
  let left = rootKeysLeft(reading, step);
  let ended = '';
  if (left !== null && left > 0) {
    // A call that failed may have made one all the same: a session object, which ends with the process of its session.
    await ceremony.ports.devices.endPhase();
    ({ reading } = await readUnit(ceremony, step.id, step.unit));
    left = rootKeysLeft(reading, step);
    ended = '; one that was left in a session ended with its process';
  }
  if (left === null) {
    const note = 'the unit does not tell what is in it; a root key is a session object and ends with its session';
    return { verdict: 'not-applied', observed: { note, rootKeysLeft: null, ...describe(reading) } };
  }
  const found = { rootKeysLeft: left, ...describe(reading) };
  return left === 0
    ? { verdict: 'not-applied', observed: { note: `no key ${step.key.name} is in the unit${ended}`, ...found } }
    : { verdict: 'undetermined', observed: { note: `a key ${step.key.name} is in the unit`, ...found } };
}

/** How many keys of the root key's name the unit has, session objects included; null where it does not tell. */
function rootKeysLeft({ objects }: UnitReading, step: PackageStep): number | null {
  if (objects === null) return null;
  return objects.filter((one) => one.class === 'secret-key' && one.label === step.key.name).length;
}

function refused(ceremony: Ceremony, step: PackageStep, code: string, message: string, next: string): DeviceError {
  return new DeviceError({ code, message, changed: changedSoFar(ceremony, step), next, uncertain: false });
}

/** What the record says of the key when something is refused. */
function changedSoFar(ceremony: Ceremony, step: PackageStep): string {
  if (isMade(ceremony, step))
    return 'The root key is made, wrapped, and destroyed in the unit; its package is not written.';
  return ceremony.record.act(step.id, MAKE) === null
    ? 'No key was made and nothing was wrapped.'
    : 'This time no key was made and nothing was wrapped.';
}
