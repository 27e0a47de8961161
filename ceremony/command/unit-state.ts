/**
 * The state of a crypto unit and what a signed command does to it: pure, so that the worker that acts, the checker that
 * predicts and the verifier that judges all use this one model. Semantics follow IBM's crypto units (DESIGN.md section 6).
 */
import * as v from 'valibot';
import { createHash } from 'node:crypto';
import { canonicalBytes, type Json } from '../canonical-json';
import { MAX_KEY_STORES } from '../keypackage/key-kinds';
import { Base64, Hex, Id, Name, Sha256Hex } from '../text-forms';
import { SIGNATURE_ALGORITHMS } from './dsse';

/** Most administrators a unit can have, and the highest threshold. */
export const MAX_ADMINISTRATORS = 8;

const Counter = v.pipe(v.number(), v.integer(), v.minValue(0));
const ShareRef = v.strictObject({ index: v.pipe(v.number(), v.integer(), v.minValue(1)), commitment: Sha256Hex });

/** An administrator of a unit: a public key whose private half only that person has. */
export const Administrator = v.strictObject({ id: Id, algorithm: v.picklist(SIGNATURE_ALGORITHMS), spki: Base64 });
export type Administrator = v.InferOutput<typeof Administrator>;

/** State of a unit as it is kept on the token (where it has data objects) and in the bundle. */
export const UnitState = v.strictObject({
  format: v.literal('keyrite-unit-state/1'),
  /** SHA-256 of the SPKI of the unit's identity key, lower-case hex. */
  unit: Sha256Hex,
  serial: v.string(),
  /** `zeroised`: everything on the token was destroyed; nothing is accepted any more. */
  mode: v.picklist(['imprint', 'operational', 'zeroised']),
  administrators: v.array(Administrator),
  /** 0 in imprint mode, and once it was zeroised. */
  signatureThreshold: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_ADMINISTRATORS)),
  revocationThreshold: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_ADMINISTRATORS)),
  /** Counter of the last command; 0 before the first. */
  counter: Counter,
  /** Parts loaded so far of a set that is not complete yet. */
  loading: v.nullable(v.strictObject({ set: v.string(), of: v.number(), parts: v.array(ShareRef) })),
  /** What the registers should hold; the registers themselves are always read from the key objects. */
  registers: v.strictObject({
    new: v.picklist(['empty', 'full-uncommitted', 'full-committed']),
    current: v.picklist(['empty', 'valid']),
  }),
  /** Hash of the state before, 64 zeros for the first. */
  previous: Sha256Hex,
  /** SHA-256 of the payload of the command that led here, 64 zeros for the first. */
  command: Sha256Hex,
});
export type UnitState = v.InferOutput<typeof UnitState>;

const CommandPayload = v.variant('command', [
  v.strictObject({ command: v.literal('administrator.add'), administrator: Administrator }),
  /** Takes away an administrator: the entry as it stands in the unit's list. */
  v.strictObject({ command: v.literal('administrator.remove'), administrator: Administrator }),
  v.strictObject({
    command: v.literal('thresholds.set'),
    signatureThreshold: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_ADMINISTRATORS)),
    revocationThreshold: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_ADMINISTRATORS)),
    /** The whole administrator list that the signers agree to. */
    administrators: v.array(Administrator),
  }),
  v.strictObject({
    command: v.literal('master-key.load'),
    set: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
    index: v.pipe(v.number(), v.integer(), v.minValue(1)),
    /** How many shares complete the set. */
    of: v.pipe(v.number(), v.integer(), v.minValue(1)),
    /** How many the set has, where that is more: a threshold set. Without it, all are needed. */
    count: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    commitment: Sha256Hex,
  }),
  /** Has the unit make a master key inside itself. `key`: 16 bytes in hex, the CKA_ID that it gets. */
  v.strictObject({ command: v.literal('master-key.generate'), key: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)) }),
  v.strictObject({ command: v.literal('master-key.commit'), pattern: Sha256Hex }),
  v.strictObject({ command: v.literal('master-key.activate'), pattern: Sha256Hex }),
  /** Activates the key of `pattern` in the place of the current one, which is destroyed: the end of a rotation. */
  v.strictObject({
    command: v.literal('master-key.replace'),
    pattern: Sha256Hex,
    /** Pattern of the key that is destroyed. */
    retires: Sha256Hex,
    /** Every key store of the plan, in its order: the manifest of its rotation, and how many keys that lists. */
    stores: v.pipe(
      v.array(v.strictObject({ store: Id, manifest: Sha256Hex, keys: Counter })),
      v.maxLength(MAX_KEY_STORES),
    ),
  }),
  /** Empties the new register. `pattern`: of the key in it; null while only some shares of a set are loaded. */
  v.strictObject({ command: v.literal('master-key.clear'), pattern: v.nullable(Sha256Hex) }),
  /** A key that others left on the token, by its label and id there, becomes the current master key. */
  v.strictObject({
    command: v.literal('master-key.adopt'),
    label: Name,
    /** CKA_ID in hex; null where the label is enough. */
    id: v.nullable(Hex),
    pattern: Sha256Hex,
    /** Whether usages that a master key must not have are taken away. */
    harden: v.boolean(),
  }),
  /** Destroys everything on the token, the unit's identity too. */
  v.strictObject({ command: v.literal('unit.zeroise') }),
]);

/** What a command asks for. Patterns are 32 bytes in hex; set ids 16 bytes in hex. */
export type CommandPayload = v.InferOutput<typeof CommandPayload>;

/** The signed payload of an administrative command. */
export const Command = v.strictObject({
  format: v.literal('keyrite-command/1'),
  mode: v.picklist(['rehearsal', 'production']),
  ceremony: Id,
  /** The unit's identity, and its serial for people to read. */
  unit: Sha256Hex,
  serial: v.string(),
  /** Exactly the unit's counter plus 1. */
  counter: Counter,
  /** Hash of the state acted on. */
  previous: Sha256Hex,
  payload: CommandPayload,
});
export type Command = v.InferOutput<typeof Command>;

/** Lower-case hex SHA-256 of the canonical form of a state. */
export function stateSha256(state: UnitState): string {
  return sha256(state);
}

/** Lower-case hex SHA-256 of the canonical form of a command. */
export function commandSha256(command: Command): string {
  return sha256(command);
}

function sha256(value: Json): string {
  return createHash('sha256').update(canonicalBytes(value)).digest('hex');
}
