/**
 * The typed requests that main sends to a module worker, to the share process and to the key-file process, and the dialogues those hold with
 * the person process (or a secret window) past main. One table derives client, server and test doubles; every argument
 * and every result is validated on both sides.
 */
import * as v from 'valibot';
import { CapabilityReport } from '../ceremony/command/capability-report';
import { Envelope, SIGNATURE_ALGORITHMS } from '../ceremony/command/dsse';
import { UnitState } from '../ceremony/command/unit-state';
import { Base64, Hex, Id, Sha256Hex } from '../ceremony/text-forms';
import { Dialogue, PadEntry, whoIsAsked, type AskingLink, type PersonLink } from './dialogue';

export { Dialogue, PadEntry, whoIsAsked, type AskingLink, type PersonLink };

const Text = v.pipe(v.string(), v.maxLength(10_000));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Flag = v.boolean();
const Nonce = v.pipe(Hex, v.length(64));
const SetId = v.pipe(Hex, v.length(32));
const Exchange = v.pipe(Hex, v.length(32));
const Attribute = v.union([v.boolean(), v.number(), v.string(), v.null()]);
const ReadBack = v.record(v.string(), Attribute);
const CheckValue = v.strictObject({
  algorithm: v.picklist(['aes-cmac', 'hmac-sha256', 'spki-sha256', 'aes-ecb']),
  value: Hex,
});

/** Who gives a PIN, and in how many parts. */
const PinEntry = v.strictObject({
  parts: v.picklist([1, 2]),
  /** Participants who enter it, in order of the parts. */
  holders: v.pipe(v.array(Id), v.minLength(1)),
});

/** A unit as the binding and the ceremony so far know it. */
export const UnitTarget = v.strictObject({
  unit: Id,
  address: v.strictObject({ blank: Flag, label: v.nullable(Text), serial: v.nullable(Text) }),
  /** Once known: the worker refuses a token whose identity key is another. */
  identitySpki: v.nullable(Base64),
  user: PinEntry,
  securityOfficer: PinEntry,
});
export type UnitTarget = v.InferOutput<typeof UnitTarget>;

/** A participant's own token. */
export const CardTarget = v.strictObject({
  participant: Id,
  address: v.strictObject({ blank: Flag, label: v.nullable(Text), serial: v.nullable(Text) }),
  keyLabel: Text,
  algorithm: v.picklist(SIGNATURE_ALGORITHMS),
  spki: Base64,
});
export type CardTarget = v.InferOutput<typeof CardTarget>;

/** A participant's key file. */
export const KeyFileTarget = v.strictObject({
  participant: Id,
  /** Absolute path. */
  path: Text,
  algorithm: v.picklist(SIGNATURE_ALGORITHMS),
  spki: Base64,
});
export type KeyFileTarget = v.InferOutput<typeof KeyFileTarget>;

const TokenDescription = v.strictObject({
  label: Text,
  serial: Text,
  manufacturer: Text,
  model: Text,
  firmware: Text,
  initialised: Flag,
  userPinSet: Flag,
  protectedPath: Flag,
  pinFlags: v.array(Text),
});
const Capabilities = v.strictObject({
  mechanisms: v.record(v.string(), v.string()),
  cmac: Flag,
  oaepSha256: Flag,
  oaepSha1: Flag,
  gcm: Flag,
  ec: Flag,
  dataObjects: Flag,
});
const Register = v.strictObject({
  status: v.picklist(['empty', 'full-uncommitted', 'full-committed', 'valid']),
  pattern: v.nullable(Sha256Hex),
  set: v.nullable(SetId),
  attributes: v.nullable(ReadBack),
});
const UnitReading = v.strictObject({
  unit: Id,
  token: v.nullable(TokenDescription),
  identity: v.nullable(v.strictObject({ id: Sha256Hex, spki: Base64, algorithm: Text })),
  challenge: v.nullable(v.strictObject({ nonce: Nonce, signature: Base64 })),
  state: v.nullable(UnitState),
  stateKept: v.picklist(['token', 'none']),
  registers: v.nullable(v.strictObject({ new: Register, current: Register })),
  /** In the answer to the load that brought a key in: attributes that the token made otherwise than asked, set right since. */
  hardened: v.optional(v.array(Text)),
  objects: v.nullable(
    v.array(
      v.strictObject({
        class: Text,
        keyType: v.nullable(Text),
        label: Text,
        id: Hex,
        attributes: ReadBack,
        checkValue: v.nullable(CheckValue),
      }),
    ),
  ),
  capabilities: v.nullable(Capabilities),
});
const TransportKey = v.strictObject({ spki: Base64, bits: Count, oaep: v.picklist(['sha256', 'sha1']) });
const ImportKey = v.strictObject({ ...TransportKey.entries, signature: Base64 });
const EncryptedNonce = v.strictObject({ iv: Base64, encryptedNonce: Base64 });
const SigningKeys = v.record(Id, v.strictObject({ algorithm: v.picklist(SIGNATURE_ALGORITHMS), spki: Base64 }));
const Done = v.null();

/** One request: its argument, its result, and how long the worker may take (milliseconds; null: it waits for people). */
export interface Operation<A extends v.GenericSchema, R extends v.GenericSchema> {
  readonly args: A;
  readonly result: R;
  /** Deadline of the machine's own work; time in which people are asked does not count. */
  readonly deadlineMs: number;
}

const operation = <A extends v.GenericSchema, R extends v.GenericSchema>(
  args: A,
  result: R,
  deadlineMs = 30_000,
): Operation<A, R> => ({ args, result, deadlineMs });

const ofUnit = <E extends v.ObjectEntries>(entries: E) => v.strictObject({ target: UnitTarget, ...entries });

/** A table of requests, by name: what one process can be asked. */
export type OperationTable = Readonly<Record<string, Operation<v.GenericSchema, v.GenericSchema>>>;

/** Requests to a module worker. Its first request is `module.load`. */
export const MODULE_OPERATIONS = {
  'module.load': operation(
    v.strictObject({
      module: Id,
      path: Text,
      sha256: Sha256Hex,
      libraryParameters: v.nullable(Text),
      files: v.array(v.strictObject({ path: Text, sha256: Sha256Hex })),
    }),
    Done,
  ),
  'module.describe': operation(
    v.strictObject({}),
    v.strictObject({
      module: Id,
      path: Text,
      sha256: Sha256Hex,
      library: v.strictObject({ manufacturer: Text, description: Text, version: Text, cryptoki: Text }),
      tokens: v.array(TokenDescription),
    }),
  ),
  'unit.glance': operation(ofUnit({}), UnitReading),
  'unit.read': operation(ofUnit({ nonce: Nonce }), UnitReading),
  /** Everything the token can be asked; a slow or far one takes its time over RSA keys. */
  'unit.capabilities': operation(ofUnit({}), CapabilityReport, 300_000),
  'unit.initialise-token': operation(ofUnit({ label: Text, again: Flag }), TokenDescription, 120_000),
  'unit.set-user-pin': operation(ofUnit({}), TokenDescription),
  'unit.create-identity': operation(
    ofUnit({}),
    v.strictObject({ id: Sha256Hex, spki: Base64, algorithm: Text, attributes: ReadBack, state: UnitState }),
    120_000,
  ),
  'unit.perform': operation(
    ofUnit({
      command: Envelope,
      state: UnitState,
      custodians: SigningKeys,
      wrapped: v.nullable(Base64),
      pattern: v.nullable(Sha256Hex),
    }),
    UnitReading,
  ),
  /** Destroys everything on the token, or (`look`) only tells how far that is done. `objects` is what is there now. */
  'unit.zeroise': operation(ofUnit({ command: Envelope, state: UnitState, look: Flag }), UnitReading, 120_000),
  /** Takes identity and state off a token on which nothing else is, while the unit is in imprint mode: nobody is in charge yet. */
  'unit.abandon-imprint': operation(ofUnit({}), Done),
  'unit.make-import-key': operation(ofUnit({}), ImportKey, 120_000),
  'unit.make-root-key': operation(
    ofUnit({ name: Text }),
    v.strictObject({ handle: Text, checkValue: CheckValue, attributes: ReadBack }),
  ),
  'unit.wrap-root-key': operation(ofUnit({ handle: Text, to: TransportKey }), Base64),
  'unit.encrypt-nonce': operation(ofUnit({ handle: Text, nonce: Base64 }), v.nullable(EncryptedNonce)),
  'unit.destroy-root-key': operation(ofUnit({ handle: Text }), Done),
  'card.sign': operation(v.strictObject({ card: CardTarget, message: Base64 }), Base64),
  /** Reads the public key of somebody who is enrolled on the day. */
  'card.read-key': operation(
    v.strictObject({ participant: Id, address: CardTarget.entries.address, keyLabel: Text }),
    v.strictObject({ algorithm: v.picklist(SIGNATURE_ALGORITHMS), spki: Base64 }),
  ),
  /** Rehearsals only: turns a blank token into a person's token with a key of an algorithm. */
  'card.prepare': operation(
    v.strictObject({
      participant: Id,
      label: Text,
      keyLabel: Text,
      algorithm: v.picklist(SIGNATURE_ALGORITHMS),
    }),
    v.strictObject({ serial: Text, algorithm: v.picklist(SIGNATURE_ALGORITHMS), spki: Base64 }),
    120_000,
  ),
} as const;

/** Requests to the key-file process, which signs with keys of participants that are in files. */
export const KEY_FILE_OPERATIONS = {
  'key-file.sign': operation(v.strictObject({ file: KeyFileTarget, message: Base64 }), Base64),
  /** Rehearsals only: makes a key and an encrypted file for it where there is none yet. */
  'key-file.prepare': operation(
    v.strictObject({ participant: Id, path: Text, algorithm: v.picklist(SIGNATURE_ALGORITHMS) }),
    v.strictObject({ algorithm: v.picklist(SIGNATURE_ALGORITHMS), spki: Base64 }),
  ),
} as const;

const Commitment = v.strictObject({ index: Count, salt: v.pipe(Hex, v.length(32)), commitment: Sha256Hex });
const ShareSet = v.strictObject({
  set: SetId,
  scheme: v.literal('components'),
  threshold: Count,
  shares: v.array(Commitment),
  pattern: Sha256Hex,
});

/** Requests to the share process. */
export const SHARE_OPERATIONS = {
  'set.generate': operation(v.strictObject({ count: Count }), ShareSet),
  'set.reopen': operation(ShareSet, Done),
  'share.show': operation(v.strictObject({ index: Count, custodian: Id }), Done),
  'share.enter': operation(v.strictObject({ index: Count, custodian: Id }), Done),
  'set.wrap': operation(
    v.strictObject({
      importKey: ImportKey,
      identity: v.strictObject({ spki: Base64, algorithm: Text }),
    }),
    Base64,
  ),
  'transport.make-key': operation(v.strictObject({}), TransportKey, 120_000),
  'transport.rewrap': operation(
    v.strictObject({ wrapped: Base64, checkValue: CheckValue, to: TransportKey, nonce: v.nullable(Base64) }),
    v.strictObject({ payload: Base64, nonce: v.nullable(EncryptedNonce) }),
  ),
} as const;

/** Arguments of an operation of a table. */
export type ArgsOf<T, K extends keyof T> = T[K] extends Operation<infer A, v.GenericSchema> ? v.InferOutput<A> : never;
/** Result of an operation of a table. */
export type ResultOf<T, K extends keyof T> =
  T[K] extends Operation<v.GenericSchema, infer R> ? v.InferOutput<R> : never;

/** Messages from main to a worker. */
export const Request = v.strictObject({ id: Count, operation: v.string(), args: v.unknown() });
/** The other message from main to a worker: finish what is under way, say `bye` and exit. */
export const Stop = v.strictObject({ stop: v.literal(true) });
/** What main says to a utility process whose `bye` it has: words that are on their way when their process exits can be lost. */
export const Leave = v.strictObject({ leave: v.literal(true) });
export type Leave = v.InferOutput<typeof Leave>;
/**
 * What main says about an exchange to a utility process; children of Node have their link from the start. `link`: the one
 * port that comes with the message leads to the person. `gone`: nobody will answer, since the window was closed, crashed
 * or could not be opened.
 */
export const LinkControl = v.union([v.strictObject({ link: Exchange }), v.strictObject({ gone: Exchange })]);
export type LinkControl = v.InferOutput<typeof LinkControl>;
/** Messages from a worker to main. */
export const Message = v.variant('kind', [
  v.strictObject({ kind: v.literal('ready') }),
  v.strictObject({ kind: v.literal('result'), id: Count, result: v.unknown() }),
  v.strictObject({
    kind: v.literal('error'),
    id: Count,
    error: v.strictObject({ code: Text, message: Text, changed: Text, next: Text, uncertain: Flag }),
  }),
  /** The worker has put a question on its person link: main tells the person process to serve it; the deadline rests. */
  v.strictObject({
    kind: v.literal('asking'),
    id: Count,
    dialogue: Dialogue,
    /** Random id of the exchange (16 bytes), so that the person process passes over questions of a dead predecessor. */
    exchange: Exchange,
  }),
  /** The process makes a call that waits for people at the token's own pad: nobody is asked past main; the deadline rests. */
  v.strictObject({ kind: v.literal('at-pad'), id: Count, entry: PadEntry }),
  /** The person answered, or the call at the pad returned: the deadline runs again. */
  v.strictObject({ kind: v.literal('answered'), id: Count }),
  /** Said before a wanted exit; an exit without it is a crash, whatever its code. */
  v.strictObject({ kind: v.literal('bye') }),
]);
export type Message = v.InferOutput<typeof Message>;

/** What a process does for each operation of its table. Throws DeviceError; anything else is reported as a fault of ours. `L`: how it reaches people. */
export type Handlers<T, L = PersonLink> = {
  readonly [K in keyof T]: (args: ArgsOf<T, K>, link: L) => Promise<ResultOf<T, K>> | ResultOf<T, K>;
};
