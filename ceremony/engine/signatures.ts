/** Signatures that people give with the keys on their own tokens. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../canonical-json';
import {
  envelope,
  isValidSignature,
  preAuthenticationEncoding,
  type Envelope,
  type PayloadType,
} from '../command/dsse';
import { DeviceError } from '../command/device-error';
import { canonicalBytes } from '../canonical-json';
import type { Devices } from './ports';
import type { RosterEntry } from '../transcript/line';

/** One person signs bytes under a payload type; the signature is checked against the roster's key before it is used. */
export async function signBytes(
  devices: Devices,
  person: RosterEntry,
  payloadType: PayloadType,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const message = preAuthenticationEncoding(payloadType, payload);
  const signature = await devices.sign(person.id, message);
  if (!isValidSignature(person.key, message, signature)) {
    throw new DeviceError({
      code: 'SIGNATURE_INVALID',
      message: `the token of ${person.name} gave a signature that does not fit the key in the binding`,
      changed: 'Nothing was changed.',
      next: 'Check that the right token is inserted.',
      uncertain: false,
    });
  }
  return signature;
}

/** Several people sign one payload. */
export async function signTogether(
  devices: Devices,
  people: readonly RosterEntry[],
  payloadType: PayloadType,
  payload: JsonObject,
): Promise<Envelope> {
  const signatures = new Map<string, Uint8Array>();
  for (const person of people) {
    signatures.set(person.id, await signBytes(devices, person, payloadType, canonicalBytes(payload)));
  }
  return envelope(payloadType, payload, signatures);
}

/** Lower-case hex SHA-256. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
