/** People for tests: a link that answers with fixed PINs, and administrators whose keys sign commands. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import {
  envelope,
  preAuthenticationEncoding,
  PAYLOAD_TYPES,
  type Envelope,
  type SigningKey,
} from '../../ceremony/command/dsse';
import { canonicalBytes } from '../../ceremony/canonical-json';
import type { Command } from '../../ceremony/command/unit-state';
import type { Dialogue, PadEntry, PersonLink, UnitTarget } from '../../hsm/contract';

type PinDialogue = Extract<Dialogue, { kind: 'pin' }>;

/** A link that gives PINs by `of/role/part`, or `of/role/part/new` where a change is under way, and remembers what was asked and the buffers it gave. */
export class FakeLink implements PersonLink {
  readonly asked: PinDialogue[] = [];
  readonly given: Uint8Array[] = [];
  /** What people were told to type at a pad. */
  readonly atPads: PadEntry[] = [];
  /** Who confirmed that the final try is used at a pad. */
  readonly finalTries: string[] = [];
  readonly pins: Map<string, string>;

  constructor(pins: Readonly<Record<string, string>>) {
    this.pins = new Map(Object.entries(pins));
  }

  ask(dialogue: Dialogue): Promise<Uint8Array> {
    if (dialogue.kind === 'final-try') {
      this.finalTries.push(dialogue.holder);
      return Promise.resolve(new Uint8Array(0));
    }
    if (dialogue.kind !== 'pin') throw new Error(`unexpected question ${dialogue.kind}`);
    this.asked.push(dialogue);
    const which = `${dialogue.of}/${dialogue.role}/${String(dialogue.part)}`;
    const pin = this.pins.get(`${which}/${dialogue.change?.pin ?? 'old'}`) ?? this.pins.get(which);
    if (pin === undefined) throw new Error(`no PIN for ${which}`);
    const bytes = Buffer.alloc(Buffer.byteLength(pin));
    bytes.write(pin);
    this.given.push(bytes);
    return Promise.resolve(bytes);
  }

  async atPad<T>(entry: PadEntry, call: () => T): Promise<T> {
    this.atPads.push(entry);
    return call();
  }
}

/** A unit as main would name it, user PIN in two parts, security officer PIN in one. */
export function unitTarget(
  unit: string,
  address: Partial<UnitTarget['address']>,
  identitySpki: string | null = null,
): UnitTarget {
  return {
    unit,
    address: { blank: false, label: null, serial: null, ...address },
    identitySpki,
    user: { parts: 2, holders: ['anna', 'bert'] },
    securityOfficer: { parts: 1, holders: ['carl'] },
  };
}

/** Someone with a P-256 key in software. */
export interface Signer {
  readonly id: string;
  readonly key: SigningKey;
  readonly privateKey: KeyObject;
}

/** Makes a signer. */
export function signer(id: string): Signer {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return { id, key: { algorithm: 'ecdsa-p256-sha256', spki }, privateKey: pair.privateKey };
}

/** A command signed by people. */
export function signed(command: Command, ...by: readonly Signer[]): Envelope {
  const message = preAuthenticationEncoding(PAYLOAD_TYPES.command, canonicalBytes(command));
  return envelope(
    PAYLOAD_TYPES.command,
    command,
    new Map(by.map((one) => [one.id, sign('sha256', message, one.privateKey)])),
  );
}
