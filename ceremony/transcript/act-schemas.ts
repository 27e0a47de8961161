/**
 * What acts say of themselves: the members that `parameters`, `expected`, `result` and `observed` of `step.intent`,
 * `step.outcome` and `step.reconciled` can have, and the schema of each. One dictionary for each of the four, over all
 * kinds of acts: a member means the same wherever it stands, and one of another name is of a later version.
 */
import * as v from 'valibot';
import { SIGNATURE_ALGORITHMS } from '../command/dsse';
import { Administrator, UnitState } from '../command/unit-state';
import { KEY_ALGORITHMS, KEY_USES, WRAP_FORMATS } from '../keypackage/key-kinds';
import { AgeRecipient, Base64, Id, Name, Sha256Hex } from '../text-forms';
import { Registers, StateKept, TokenSeen } from './fact-schemas';
import { FileRef, JsonValue } from './line';

const Text = v.string();
const Flag = v.boolean();
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const SetId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
/** Length in bytes of a master key that is not one of 32. */
const ShorterKey = v.picklist([16, 24]);
const CheckValue = v.looseObject({ algorithm: Text, value: Text });

const file = { name: v.optional(FileRef.entries.name), sha256: v.optional(Sha256Hex) };
/** `copy`: of a share that has copies, the position whose people hold this one. */
const share = {
  set: v.optional(SetId),
  index: v.optional(Count),
  custodian: v.optional(Id),
  copy: v.optional(Id),
  /** Who had a share that is passed on to the custodian. */
  holder: v.optional(Id),
  /** Set of shares whose place another takes. */
  replaces: v.optional(SetId),
};
/** Patterns of the master keys between which a store's keys are wrapped anew, and how many there are. */
const rotation = { from: v.optional(Sha256Hex), to: v.optional(Sha256Hex), keys: v.optional(Count) };
const thresholds = { signatureThreshold: v.optional(Count), revocationThreshold: v.optional(Count) };

/** What an act is about to be done with: `parameters` of an intent. */
const Parameters = v.looseObject({
  ...file,
  ...share,
  ...thresholds,
  label: v.optional(Text),
  /** Of a signed command: what its payload says. */
  command: v.optional(Text),
  administrator: v.optional(Administrator),
  administrators: v.optional(v.array(Administrator)),
  of: v.optional(Count),
  count: v.optional(Count),
  commitment: v.optional(Sha256Hex),
  pattern: v.optional(Sha256Hex),
  scheme: v.optional(Text),
  threshold: v.optional(Count),
  shares: v.optional(Count),
  /** Length of a master key in bytes, where it is not 32. */
  bytes: v.optional(ShorterKey),
  /** Whose PIN is changed, and whether it was locked. */
  pin: v.optional(v.picklist(['user', 'security-officer'])),
  locked: v.optional(Flag),
  /** Of a root key its name, of a master key that a unit makes inside itself its id. */
  key: v.optional(Name),
  algorithm: v.optional(Text),
  publicKeySha256: v.optional(Sha256Hex),
  /** Of a key package: the cloud service, and the ways in which its wrapping key was authenticated before this act. */
  target: v.optional(Name),
  authenticated: v.optional(v.pipe(v.array(Id), v.minLength(1), v.maxLength(8))),
  /** Of a key of others: CKA_ID in hex, and whether usages are taken away from it. */
  id: v.optional(v.nullable(Text)),
  harden: v.optional(Flag),
  /** Of a vendor's procedure. */
  tool: v.optional(Name),
  commands: v.optional(v.array(Text)),
  use: v.optional(Text),
  /** Whether a key may leave its unit, wrapped. */
  extractable: v.optional(Flag),
  store: v.optional(Id),
  masterKey: v.optional(Sha256Hex),
  ...rotation,
  /** Of a store's old generation: hash of what `sha256sum` prints over its files. */
  inventory: v.optional(Sha256Hex),
  /** Hash of the names of its keys, one a line: a rotation that goes on finds the same ones. */
  keyNames: v.optional(Sha256Hex),
  /** Of the master key that another replaces. */
  retires: v.optional(Sha256Hex),
  stores: v.optional(v.array(v.looseObject({ store: Id, manifest: Sha256Hex, keys: Count }))),
});

/** What a reading of the device will show once the act is done: `expected` of an intent. */
const Expected = v.looseObject({
  ...file,
  label: v.optional(Text),
  initialised: v.optional(Flag),
  userPinSet: v.optional(Flag),
  identity: v.optional(Text),
  mode: v.optional(Text),
  administrator: v.optional(Id),
  loaded: v.optional(Count),
  new: v.optional(Text),
  current: v.optional(Text),
  pattern: v.optional(Sha256Hex),
  shares: v.optional(Count),
  readBack: v.optional(Flag),
  entered: v.optional(Flag),
  destroyed: v.optional(Flag),
  after: v.optional(JsonValue),
  pin: v.optional(Text),
  key: v.optional(Name),
  extractable: v.optional(Flag),
  store: v.optional(Id),
  to: v.optional(Sha256Hex),
  keys: v.optional(Count),
});

/** A set of shares: commitments and pattern, nothing secret. */
const ShareSet = v.looseObject({
  set: SetId,
  scheme: Text,
  threshold: Count,
  bytes: v.optional(ShorterKey),
  shares: v.array(
    v.looseObject({ index: Count, salt: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)), commitment: Sha256Hex }),
  ),
  pattern: Sha256Hex,
});

/** What a set was made from: sources that were mixed, and units that gave none. */
const Randomness = v.looseObject({
  mixed: v.array(v.looseObject({ source: Text, bytes: Count })),
  without: v.array(v.looseObject({ unit: Id, why: Text })),
});

const done = {
  ...file,
  ...share,
  note: v.optional(Text),
  token: v.optional(v.nullable(TokenSeen)),
  /** Of a unit: its identity key when it was made, else what was read of it. */
  id: v.optional(Sha256Hex),
  spki: v.optional(Base64),
  algorithm: v.optional(v.picklist(SIGNATURE_ALGORITHMS)),
  attributes: v.optional(JsonValue),
  state: v.optional(v.nullable(UnitState)),
  stateKept: v.optional(StateKept),
  registers: v.optional(Registers),
  hardened: v.optional(v.array(Text)),
  shareSet: v.optional(ShareSet),
  randomness: v.optional(Randomness),
  /** A master key that a unit made inside itself: its id, and the verification pattern that it gave. */
  madeInside: v.optional(v.strictObject({ key: SetId, pattern: Sha256Hex })),
  entered: v.optional(Flag),
  /** Whose PIN was changed, and whether a login with the new one proved it. */
  pin: v.optional(v.picklist(['user', 'security-officer'])),
  proven: v.optional(Flag),
  /** A root key that was made, wrapped and destroyed. */
  wrapped: v.optional(Base64),
  iv: v.optional(Base64),
  encryptedNonce: v.optional(Base64),
  checkValue: v.optional(CheckValue),
  wrappedIn: v.optional(v.picklist(['token', 'share-process'])),
  nonceEncryptedIn: v.optional(v.picklist(['token', 'share-process'])),
  destroyed: v.optional(Flag),
  confirmedBy: v.optional(v.array(Id)),
  /** A key that stays in a unit, and its wrapped copy in a store. */
  key: v.optional(Name),
  keyAlgorithm: v.optional(v.picklist(KEY_ALGORITHMS)),
  use: v.optional(v.picklist(KEY_USES)),
  publicKey: v.optional(v.nullable(Base64)),
  store: v.optional(Id),
  /** Pattern of the master key that wraps it. */
  masterKey: v.optional(Sha256Hex),
  format: v.optional(v.picklist(WRAP_FORMATS)),
  mechanism: v.optional(Text),
  ...rotation,
};

/** How a share was handed over, where that was not by hand on a worksheet: what anybody may know of it. */
const Custody = v.variant('form', [
  v.looseObject({
    form: v.literal('age-file'),
    medium: Id,
    lock: v.picklist(['recipient', 'passphrase']),
    recipient: v.optional(AgeRecipient),
    file: Name,
    sha256: Sha256Hex,
  }),
  /** `file`: in a rehearsal, where a folder stands for the printer. No hash: it would be one of the share. */
  v.looseObject({ form: v.literal('printed'), printer: Id, file: v.optional(Name) }),
  v.looseObject({ form: v.literal('pdf'), medium: Id, file: v.optional(Name) }),
  /** `signature`: of the custodian's signing key, over the key pair's statement; `sha256`: of the envelope. */
  v.looseObject({
    form: v.literal('own-token'),
    spki: Base64,
    oaep: v.picklist(['sha256', 'sha1']),
    signature: Base64,
    sha256: Sha256Hex,
  }),
]);

/** What came of an act, or of a whole step: `result` of an outcome. */
const Result = v.looseObject({
  ...done,
  units: v.optional(v.array(Id)),
  unit: v.optional(Id),
  /** Of the keys that a step was about, or that are known under them from now on. */
  names: v.optional(v.array(Name)),
  administrators: v.optional(v.array(Id)),
  /** Of shares handed out their number, of one whether it was, of an export the files. */
  readBack: v.optional(JsonValue),
  shares: v.optional(Count),
  custody: v.optional(Custody),
  /** Of kept shares: how many were proven, how many were not given back, how many are needed, and whether only a rotation helps. */
  good: v.optional(Count),
  unreturned: v.optional(Count),
  threshold: v.optional(Count),
  rotate: v.optional(Flag),
  pattern: v.optional(v.nullable(Sha256Hex)),
  register: v.optional(v.picklist(['new', 'current'])),
  same: v.optional(JsonValue),
  checkpoint: v.optional(Count),
  sealed: v.optional(v.array(Id)),
  package: v.optional(FileRef),
  objects: v.optional(JsonValue),
  answered: v.optional(Flag),
  attached: v.optional(Count),
  present: v.optional(v.array(Id)),
  enrolled: v.optional(v.array(Id)),
  missing: v.optional(v.array(Text)),
  clock: v.optional(Text),
  media: v.optional(v.array(v.looseObject({ id: Id, path: v.nullable(Text) }))),
});

/** What a device showed when no answer came: `observed` of a reconciliation. Where applied, also what the outcome would say. */
const Observed = v.looseObject({
  ...done,
  readBack: v.optional(JsonValue),
  /** CKR or other code of a refusal that is certain. */
  refused: v.optional(Text),
  written: v.optional(Flag),
  identity: v.optional(JsonValue),
  challenge: v.optional(JsonValue),
  /** Registers as they were found before a half-done command was finished. */
  found: v.optional(JsonValue),
  rootKeysLeft: v.optional(JsonValue),
});

/** The four dictionaries, by the member of the body that they are for. */
export const ACT_MEMBERS = {
  parameters: Parameters,
  expected: Expected,
  result: Result,
  observed: Observed,
} as const satisfies Readonly<Record<string, v.GenericSchema>>;
