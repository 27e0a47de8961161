/**
 * What acts say of themselves: the members that `parameters`, `expected`, `result` and `observed` of `step.intent`,
 * `step.outcome` and `step.reconciled` can have, and the schema of each. One dictionary for each of the four, over all
 * kinds of acts: a member means the same wherever it stands, and one of another name is of a later version.
 */
import * as v from 'valibot';
import { SIGNATURE_ALGORITHMS } from '../command/dsse';
import { Administrator, UnitState } from '../command/unit-state';
import { Base64, Id, Name, Sha256Hex } from '../text-forms';
import { Registers, StateKept, TokenSeen } from './fact-schemas';
import { FileRef, JsonValue } from './line';

const Text = v.string();
const Flag = v.boolean();
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const SetId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
const CheckValue = v.looseObject({ algorithm: Text, value: Text });

const file = { name: v.optional(FileRef.entries.name), sha256: v.optional(Sha256Hex) };
const share = { set: v.optional(SetId), index: v.optional(Count), custodian: v.optional(Id) };
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
  commitment: v.optional(Sha256Hex),
  pattern: v.optional(Sha256Hex),
  scheme: v.optional(Text),
  shares: v.optional(Count),
  key: v.optional(Name),
  algorithm: v.optional(Text),
  publicKeySha256: v.optional(Sha256Hex),
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
});

/** A set of shares: commitments and pattern, nothing secret. */
const ShareSet = v.looseObject({
  set: SetId,
  scheme: Text,
  threshold: Count,
  shares: v.array(
    v.looseObject({ index: Count, salt: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)), commitment: Sha256Hex }),
  ),
  pattern: Sha256Hex,
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
  entered: v.optional(Flag),
  /** A root key that was made, wrapped and destroyed. */
  wrapped: v.optional(Base64),
  iv: v.optional(Base64),
  encryptedNonce: v.optional(Base64),
  checkValue: v.optional(CheckValue),
  wrappedIn: v.optional(v.picklist(['token', 'share-process'])),
  nonceEncryptedIn: v.optional(v.picklist(['token', 'share-process'])),
  destroyed: v.optional(Flag),
};

/** What came of an act, or of a whole step: `result` of an outcome. */
const Result = v.looseObject({
  ...done,
  units: v.optional(v.array(Id)),
  administrators: v.optional(v.array(Id)),
  /** Of shares handed out their number, of one whether it was, of an export the files. */
  readBack: v.optional(JsonValue),
  shares: v.optional(Count),
  pattern: v.optional(v.nullable(Sha256Hex)),
  register: v.optional(v.picklist(['new', 'current'])),
  same: v.optional(JsonValue),
  checkpoint: v.optional(Count),
  sealed: v.optional(v.array(Id)),
  package: v.optional(FileRef),
  objects: v.optional(JsonValue),
  answered: v.optional(Flag),
  attached: v.optional(Count),
  confirmedBy: v.optional(v.array(Id)),
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
