/** Signs for everybody: envelopes and checkpoints, with the invented keys, as far as the forgery leaves them right. */
import { sign } from 'node:crypto';
import { canonicalJson, type Json, type JsonObject } from '../../../ceremony/canonical-json';
import {
  PAYLOAD_TYPES,
  envelope,
  preAuthenticationEncoding,
  type Envelope,
  type PayloadType,
} from '../../../ceremony/command/dsse';
import type { Files } from './bundle-files';
import type { Forgery, ToSign } from './forgery';
import { envelopeOf } from './hashes-right';
import { inventedKey } from './invented-people';

/** Where something that is signed stands. */
export type Place = Partial<Pick<ToSign, 'line' | 'addendum' | 'checkpoint'>>;

/** See the head of this file. */
export class Seals {
  private readonly forgery: Forgery;
  private signed = 0;

  constructor(forgery: Forgery) {
    this.forgery = forgery;
  }

  /** An envelope with the signatures of `signers` over a payload. */
  seal(type: PayloadType, payload: JsonObject, signers: readonly string[], place: Place): Envelope {
    const one = this.toSign(type, withAlgorithm(payload), signers, place);
    const chosen = this.forgery.sign?.(one) ?? one;
    const canonical = canonicalJson(chosen.payload);
    const bytes = Buffer.from(this.forgery.bytes?.(one, canonical) ?? canonical);
    const message = preAuthenticationEncoding(type, bytes);
    const signatures = new Map(chosen.signers.map((id) => [id, this.signature(one, id, message)]));
    return { ...envelope(type, chosen.payload, signatures), payload: bytes.toString('base64') };
  }

  /** Files of a checkpoint by name: body, signatures and envelope; `stem` is the name without the ending. */
  checkpoint(stem: string, body: Uint8Array, signers: readonly string[], place: Place): Files {
    const one = this.toSign(PAYLOAD_TYPES.checkpoint, {}, signers, place);
    const message = preAuthenticationEncoding(PAYLOAD_TYPES.checkpoint, body);
    const files = new Map<string, Uint8Array>([[`${stem}.checkpoint`, body]]);
    for (const id of this.forgery.sign?.(one).signers ?? signers) {
      files.set(`${stem}.${id}.sig`, this.signature(one, id, message));
    }
    return files.set(`${stem}.dsse.json`, envelopeOf(files, stem));
  }

  private toSign(type: PayloadType, payload: JsonObject, signers: readonly string[], place: Place): ToSign {
    return { type, payload, signers, number: this.signed++, checkpoint: 0, line: null, addendum: 0, ...place };
  }

  private signature(one: ToSign, id: string, message: Uint8Array): Uint8Array {
    return this.forgery.signature === undefined
      ? sign(null, message, inventedKey(this.forgery.cast ?? 'cast', id).key)
      : this.forgery.signature(one, id, message);
  }
}

/** Those who signed a checkpoint of the bundle; `stem` is its name without the ending. */
export function signersOf(files: Files, stem: string): readonly string[] {
  return [...files.keys()]
    .filter((name) => name.startsWith(`${stem}.`) && name.endsWith('.sig'))
    .map((name) => name.slice(stem.length + 1, -'.sig'.length));
}

/** The payload of an envelope. */
export function payloadIn(sealed: Envelope): JsonObject {
  return JSON.parse(Buffer.from(sealed.payload, 'base64').toString('utf8')) as JsonObject;
}

/** Ids of those who signed an envelope. */
export function keyidsIn({ signatures }: Envelope): readonly string[] {
  return signatures.map(({ keyid }) => keyid);
}

/** Administrators in a payload have the invented algorithm too. */
function withAlgorithm(payload: JsonObject): JsonObject {
  const inner = payload['payload'] as JsonObject | undefined;
  if (inner === undefined) return payload;
  const one = (given: Json): Json => ({ ...(given as JsonObject), algorithm: 'ed25519' });
  const administrator = inner['administrator'];
  const administrators = inner['administrators'] as readonly Json[] | undefined;
  return {
    ...payload,
    payload: {
      ...inner,
      ...(administrator === undefined ? {} : { administrator: one(administrator) }),
      ...(administrators === undefined ? {} : { administrators: administrators.map(one) }),
    },
  };
}
