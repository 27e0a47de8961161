/**
 * The facts that a transcript can tell (`fact.recorded`), and the schema of the value of each. A fact of another name is a
 * finding. Readings of tokens may have members that are not named here: what a module says of itself is kept as it is.
 */
import * as v from 'valibot';
import { SIGNATURE_ALGORITHMS } from '../command/dsse';
import { UnitState } from '../command/unit-state';
import { Base64, Id, Name, Sha256Hex } from '../text-forms';
import { ClockReadings } from './clock-readings';
import { CustodyValue } from './custody-fact';
import { CLOCK_READINGS, CUSTODY, DECISION, PAPER_SIGNATURE, SEAL, SET_REPLACED, SHARE } from './fact-names';
import { FileRef, JsonValue } from './line';
import { EXCEPTION_RAISED } from './raised-exception';
import { ReplacedValue, ShareValue } from './share-fact';

const Text = v.string();
const Flag = v.boolean();
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const SetId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

/** A key that signs, as its token tells of it. */
const Identity = v.looseObject({ id: Sha256Hex, spki: Base64, algorithm: v.picklist(SIGNATURE_ALGORITHMS) });

/** A token as its module describes it. */
export const TokenSeen = v.looseObject({
  label: Text,
  serial: v.optional(Text),
  manufacturer: v.optional(Text),
  model: v.optional(Text),
  firmware: v.optional(Text),
  initialised: v.optional(Flag),
  userPinSet: v.optional(Flag),
  protectedPath: v.optional(Flag),
  pinFlags: v.optional(v.array(Text)),
});

/** A master-key register as its key object shows it; attributes are those that were read back. */
const Register = v.looseObject({
  status: v.picklist(['empty', 'full-uncommitted', 'full-committed', 'valid']),
  pattern: v.nullable(Sha256Hex),
  set: v.nullable(Text),
  attributes: JsonValue,
});

/** Both registers of a unit, and the key that a rotation broken off was retiring; null where they could not be read. */
export const Registers = v.nullable(
  v.looseObject({ new: Register, current: Register, retiring: v.optional(Register) }),
);

/** Where a unit's state is kept. */
export const StateKept = v.picklist(['token', 'none']);

/** A reading of a unit: what it proved and what it shows. */
const reading = {
  unit: Id,
  identity: v.nullable(Identity),
  challenge: v.nullable(v.looseObject({ nonce: Sha256Hex, signature: Base64 })),
  state: v.optional(v.nullable(UnitState)),
  stateKept: v.optional(StateKept),
  token: v.optional(v.nullable(TokenSeen)),
  registers: v.optional(Registers),
};

const Weaknesses = v.array(v.looseObject({ weakness: Text, found: Text, means: Text }));

/** An object on a token, with the attributes that were read. */
const InventoryEntry = v.looseObject({
  class: Text,
  keyType: v.nullable(Text),
  label: Text,
  id: Text,
  attributes: JsonValue,
  checkValue: v.nullable(v.looseObject({ algorithm: Text, value: Text })),
});

/** Schema of the value of each fact, by the fact's name. */
export const FACT_VALUES = {
  /** The workstation before the ceremony; `ok` null: not applicable. */
  workstation: v.looseObject({
    observations: v.array(v.looseObject({ check: Text, ok: v.nullable(Flag), found: Text })),
  }),
  /** A PKCS#11 module of the binding and its tokens. */
  module: v.looseObject({
    module: Id,
    sha256: Sha256Hex,
    path: v.optional(Text),
    library: v.optional(v.looseObject({ cryptoki: Text, manufacturer: Text, description: Text, version: Text })),
    tokens: v.optional(v.array(TokenSeen)),
    /** What steers it, as the binding says: environment of its worker, configuration files with hashes, links of its HSM. */
    environment: v.optional(v.array(v.strictObject({ name: Text, value: Text }))),
    files: v.optional(v.array(v.strictObject({ path: Text, sha256: Sha256Hex }))),
    links: v.optional(v.array(v.strictObject({ interface: Text, peer: Text, port: Count }))),
  }),
  [CLOCK_READINGS]: ClockReadings,
  /** What somebody was asked, word for word by the plan, and said. */
  answer: v.looseObject({ asked: Text, answer: Text }),
  /** An entry in the custody ledger, signed by who keeps and who watches. */
  [CUSTODY]: CustodyValue,
  [SEAL]: v.strictObject({ material: Id, number: Text }),
  [PAPER_SIGNATURE]: v.looseObject({ name: Text, role: Text }),
  [DECISION]: v.looseObject({ step: Id, option: v.picklist(['again', 'stop']), happened: Text }),
  /** An exception before it is signed; the signed one repeats it. */
  [EXCEPTION_RAISED]: v.strictObject({ step: Text, kind: Text, expected: Text, happened: Text, decided: Text }),
  /** A unit with a history, met for the first time: as the binding says that its last bundle left it. */
  'unit.connected': v.looseObject({
    unit: Id,
    identity: Sha256Hex,
    spki: Base64,
    algorithm: v.picklist(SIGNATURE_ALGORITHMS),
    state: UnitState,
  }),
  'unit.initialised': v.looseObject({ ...reading, weaknesses: v.optional(Weaknesses) }),
  'unit.compared': v.looseObject(reading),
  register: v.looseObject({ ...reading, register: v.picklist(['new', 'current']) }),
  inventory: v.looseObject({
    ...reading,
    objects: v.optional(v.array(InventoryEntry)),
    /** Which mechanisms gave the right answer to a known question. */
    capabilities: v.optional(JsonValue),
    weaknesses: v.optional(Weaknesses),
  }),
  /** A token of others before it is adopted: it has no identity, and what is on it is all theirs. */
  'unit.found': v.looseObject({
    ...reading,
    origin: Text,
    objects: v.array(InventoryEntry),
    capabilities: v.optional(JsonValue),
  }),
  /** The same, once it is a unit. */
  'unit.adopted': v.looseObject({
    ...reading,
    origin: Text,
    objects: v.array(InventoryEntry),
    weaknesses: v.optional(Weaknesses),
  }),
  /** A key of others before it becomes the current master key. */
  'master-key.found': v.looseObject({
    unit: Id,
    origin: Text,
    object: InventoryEntry,
    pattern: Sha256Hex,
    weaknesses: Weaknesses,
  }),
  /** Keys of others, under the names that the plan gives them. */
  'keys.adopted': v.looseObject({
    ...reading,
    origin: Text,
    keys: v.array(v.looseObject({ name: Id, object: InventoryEntry })),
  }),
  /** A unit right before a vendor's tool is used on it. */
  'procedure.before': v.looseObject({ ...reading, objects: v.array(InventoryEntry) }),
  /** The workers of these modules ended, so that the tool has the units' devices to itself. */
  'procedure.released': v.looseObject({ units: v.array(Id), modules: v.array(Id) }),
  /** What the tool put out is in the files. */
  'procedure.output': v.looseObject({ tool: Name }),
  /** A unit after it, of which the plan declares how it is found. */
  'procedure.after': v.looseObject({
    ...reading,
    is: v.picklist(['as-before', 'blank', 'foreign']),
    objects: v.optional(v.array(InventoryEntry)),
  }),
  /** A set whose share process ended before every share was handed out. */
  'share-set.voided': v.looseObject({ set: SetId, reason: Text }),
  [SET_REPLACED]: ReplacedValue,
  /** What was told of a share in somebody's hands, and signed. */
  [SHARE]: ShareValue,
  /** An import key made in a unit; its identity key signed it. */
  'import-key': v.union([
    v.looseObject({ unit: Id, spki: Base64, bits: Count, oaep: v.picklist(['sha256', 'sha1']), signature: Base64 }),
    v.looseObject({
      unit: Id,
      spki: Base64,
      agreement: v.literal('ecdh-p256'),
      kdf: v.picklist(['sha256', 'none']),
      signature: Base64,
    }),
  ]),
  /** Wrapping parameters as they were taken: the plan's name for them, and their file in the bundle. */
  'wrapping-parameters': v.looseObject({ parameters: Id, file: FileRef.entries.name }),
  /** Two collectors' files name one wrapping key. */
  'wrapping-key.compared': v.looseObject({ with: Name, publicKeySha256: Sha256Hex }),
} as const satisfies Readonly<Record<string, v.GenericSchema>>;
