/** A root key out of a unit, wrapped for a cloud service: generated, wrapped and destroyed in one act. */
import * as v from 'valibot';
import type { CheckValue } from '../../check-value';
import type { JsonObject } from '../../canonical-json';
import { DeviceError } from '../../command/device-error';
import { buildKeyPackage, keyPackageFile, keyPackageFileName } from '../../keypackage/key-package';
import {
  WrappingParametersError,
  collectorDifference,
  expiryProblem,
  readWrappingParameters,
  type WrappingParameters,
} from '../../keypackage/wrapping-parameters';
import type { StepOf } from '../../plan/schema';
import { hexGroups, words } from '../../words';
import { act } from '../act';
import type { Ceremony } from '../ceremony';
import { confirm } from '../confirm';
import type { TransportKey } from '../ports';
import { sha256Hex } from '../signatures';
import { describe, readUnit } from '../units';
import type { StepHandler } from './handler';

type PackageStep = StepOf<'key.package'>;

/** Largest parameters file that is read, in bytes. */
const LIMIT = 64 * 1024;

/** What the act that makes the key leaves on record; nothing in it is secret. */
const Wrapped = v.object({
  wrapped: v.string(),
  iv: v.string(),
  encryptedNonce: v.string(),
  checkValue: v.object({ algorithm: v.literal('aes-cmac'), value: v.string() }),
  wrappedIn: v.picklist(['token', 'share-process']),
});

/** Makes a root key, wraps it to an authenticated wrapping key, destroys it, and writes the key package. */
export const packageKey: StepHandler<'key.package'> = async (ceremony, step) => {
  const parameters = await takeParameters(ceremony, step);
  // SECURITY(K-19): before a key is made, let alone wrapped.
  await authenticate(ceremony, step, parameters);
  const made = v.parse(Wrapped, await makeAndWrap(ceremony, step, parameters));
  const line = ceremony.record.act(step.id, 'make')?.seq ?? 0;
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

/** Reads the parameters that the binding names, puts them on record, and refuses what is expired or meant for something else. */
async function takeParameters(ceremony: Ceremony, step: PackageStep): Promise<WrappingParameters> {
  const name = `attachments/${step.parameters}.wrapping-parameters.json`;
  const kept = ceremony.record.fileSha256(name) !== null;
  const bytes = kept ? await ceremony.ports.folder.read(name) : await readBound(ceremony, step.parameters);
  const parameters = understand(bytes);
  const expired = expiryProblem(parameters, ceremony.ports.clock.now());
  if (expired !== null)
    throw refused('PARAMETERS_EXPIRED', expired, 'Collect new parameters on the connected machine.');
  if (parameters.purpose.do !== step.purpose) {
    throw refused(
      'PARAMETERS_PURPOSE',
      `the parameters are for “${parameters.purpose.do}”, the plan says “${step.purpose}”`,
      'Collect parameters for the purpose of the plan.',
    );
  }
  if (!kept) {
    const file = await ceremony.settleFile(name, bytes);
    await ceremony.recordFact(step.id, 'wrapping-parameters', { parameters: step.parameters, file: file.name }, [file]);
  }
  return parameters;
}

async function readBound(ceremony: Ceremony, id: string): Promise<Uint8Array> {
  const bound = ceremony.binding.wrappingParameters.find((one) => one.id === id);
  if (bound === undefined)
    throw refused('PARAMETERS_MISSING', `the binding names no file for ${id}`, 'Correct the binding.');
  return ceremony.ports.workstation.readInput(bound.file, LIMIT);
}

function understand(bytes: Uint8Array): WrappingParameters {
  try {
    return readWrappingParameters(bytes);
  } catch (error) {
    if (!(error instanceof WrappingParametersError)) throw error;
    throw refused('PARAMETERS_INVALID', error.message, 'Bring the file again from the connected machine.');
  }
}

/** Whether the wrapping key is the service's own is found out before anything is wrapped, in the way the plan names. */
async function authenticate(ceremony: Ceremony, step: PackageStep, parameters: WrappingParameters): Promise<void> {
  const fingerprint = parameters.publicKeySha256;
  const how = step.authenticate;
  switch (how.by) {
    case 'read-back': {
      const by = how.positions.flatMap((position) => ceremony.peopleOf(position));
      const spoken = words(Buffer.from(fingerprint, 'hex'));
      await confirm(
        ceremony,
        step.id,
        `The wrapping key’s fingerprint, read aloud, is the one the collector read out: ${hexGroups(fingerprint)} (${spoken})`,
        by,
      );
      return;
    }
    case 'pinned':
      if (how.publicKeySha256 === fingerprint) return;
      throw refused('WRAPPING_KEY', `the plan pins the key ${how.publicKeySha256}, the file has ${fingerprint}`, STOP);
    case 'two-collectors': {
      const second = understand(await readBound(ceremony, how.second));
      const difference = collectorDifference(parameters, second);
      if (difference !== null) throw refused('WRAPPING_KEY', difference, STOP);
      await ceremony.recordFact(step.id, 'wrapping-key.compared', { with: how.second, publicKeySha256: fingerprint });
    }
  }
}

const STOP = 'Wrap nothing to this key; find out where the file comes from.';

/** One act: the key lives in the unit as a session object from its generation to its destruction. */
async function makeAndWrap(ceremony: Ceremony, step: PackageStep, parameters: WrappingParameters): Promise<JsonObject> {
  return act(ceremony, {
    step: step.id,
    key: 'make',
    operation: 'C_GenerateKey, C_WrapKey, C_DestroyObject',
    unit: step.unit,
    parameters: { key: step.key.name, algorithm: step.key.algorithm, publicKeySha256: parameters.publicKeySha256 },
    expected: { destroyed: true },
    perform: async () => {
      const { reading } = await readUnit(ceremony, step.id, step.unit);
      const { devices } = ceremony.ports;
      const key = await devices.makeRootKey(step.unit, step.key.name);
      // The nonce is encrypted under the key: where the token cannot do that, the key passes the share process anyway.
      const inToken = reading.capabilities?.oaepSha256 === true && reading.capabilities.gcm;
      const sealed = inToken
        ? await wrapInToken(ceremony, step.unit, key.handle, parameters)
        : await wrapOutside(ceremony, step.unit, key.handle, key.checkValue, parameters);
      await devices.destroyRootKey(step.unit, key.handle);
      return {
        result: {
          ...sealed,
          checkValue: { ...key.checkValue },
          attributes: { ...key.attributes },
          wrappedIn: inToken ? 'token' : 'share-process',
          destroyed: true,
        },
      };
    },
    observe: async () => {
      // A session object ends with its session: after a crash no key is left, and what was wrapped is lost with it.
      const { reading } = await readUnit(ceremony, step.id, step.unit);
      return {
        verdict: 'not-applied',
        observed: { note: 'a session key ends with its session', ...describe(reading) },
      };
    },
  });
}

/** What a package needs of the wrapped key. */
interface Sealed {
  readonly wrapped: string;
  readonly iv: string;
  readonly encryptedNonce: string;
  readonly nonceEncryptedIn: 'token' | 'share-process';
}

async function wrapInToken(
  ceremony: Ceremony,
  unit: string,
  handle: string,
  parameters: WrappingParameters,
): Promise<Sealed> {
  const { devices } = ceremony.ports;
  const wrapped = await devices.wrapRootKey(unit, handle, targetKey(parameters));
  const nonce = await devices.encryptNonce(unit, handle, parameters.nonce);
  if (nonce === null) {
    throw refused('NO_GCM', `unit ${unit} has no AES-GCM to encrypt the nonce with`, 'Use a unit that has it.');
  }
  return { wrapped, ...nonce, nonceEncryptedIn: 'token' };
}

/** The token lacks OAEP with SHA-256, or AES-GCM: it wraps the still sensitive key to a one-time key, and the share process wraps again. */
async function wrapOutside(
  ceremony: Ceremony,
  unit: string,
  handle: string,
  checkValue: CheckValue,
  parameters: WrappingParameters,
): Promise<Sealed> {
  const { devices, shares } = ceremony.ports;
  const nonce = await devices.encryptNonce(unit, handle, parameters.nonce);
  const oneTime = await shares.makeOneTimeKey();
  const wrapped = await devices.wrapRootKey(unit, handle, oneTime);
  const again = await shares.rewrap({
    wrapped,
    checkValue,
    to: targetKey(parameters),
    nonce: nonce === null ? parameters.nonce : null,
  });
  const sealedNonce = nonce ?? again.nonce;
  if (sealedNonce === null) throw new Error('the share process gave no nonce');
  return { wrapped: again.payload, ...sealedNonce, nonceEncryptedIn: nonce === null ? 'share-process' : 'token' };
}

function targetKey(parameters: WrappingParameters): TransportKey {
  return { spki: parameters.publicKey, bits: 4096, oaep: 'sha256' };
}

function refused(code: string, message: string, next: string): DeviceError {
  return new DeviceError({
    code,
    message,
    changed: 'No key was made and nothing was wrapped.',
    next,
    uncertain: false,
  });
}
