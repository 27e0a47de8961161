/**
 * The typed requests that main sends to a module worker, to the share process and to the key-file process, and the dialogues those hold with
 * the person process (or a secret window) past main. One table derives client, server and test doubles; every argument
 * and every result is validated on both sides.
 */
import * as v from 'valibot';
import { CapabilityReport } from '../ceremony/command/capability-report';
import { Envelope, SIGNATURE_ALGORITHMS } from '../ceremony/command/dsse';
import { UnitState } from '../ceremony/command/unit-state';
import { KEY_ALGORITHMS, KEY_USES, WRAP_FORMATS } from '../ceremony/keypackage/key-kinds';
import { NONCE_CIPHERS, PACKAGE_FORMS, TOKEN_FORMS } from '../ceremony/keypackage/target-profile';
import { WrappedKey } from '../ceremony/keypackage/wrapped-key';
import { AgeRecipient, Base64, Hex, Id, Sha256Hex } from '../ceremony/text-forms';
import { Dialogue, PadEntry, PinChange, whoIsAsked, type AskingLink, type PersonLink } from './dialogue';

export { Dialogue, PadEntry, PinChange, whoIsAsked, type AskingLink, type PersonLink };

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

/** A share by its set and number. */
const ShareOfSet = v.strictObject({ set: SetId, index: Count });
/** The key pair on a custodian's token for one share; `signature`: their signing key's, over `shareKeyStatement`. */
const ShareKey = v.strictObject({ spki: Base64, bits: Count, oaep: v.picklist(['sha256', 'sha1']), signature: Base64 });

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
const ObjectOnToken = v.strictObject({
  class: Text,
  keyType: v.nullable(Text),
  label: Text,
  id: Hex,
  attributes: ReadBack,
  checkValue: v.nullable(CheckValue),
});
const UnitReading = v.strictObject({
  unit: Id,
  token: v.nullable(TokenDescription),
  identity: v.nullable(v.strictObject({ id: Sha256Hex, spki: Base64, algorithm: Text })),
  challenge: v.nullable(v.strictObject({ nonce: Nonce, signature: Base64 })),
  state: v.nullable(UnitState),
  stateKept: v.picklist(['token', 'none']),
  registers: v.nullable(v.strictObject({ new: Register, current: Register, retiring: v.optional(Register) })),
  /** In the answer to the load that brought a key in: attributes that the token made otherwise than asked, set right since. */
  hardened: v.optional(v.array(Text)),
  objects: v.nullable(v.array(ObjectOnToken)),
  capabilities: v.nullable(Capabilities),
});
/** A key that stays in a unit. */
const KeptKey = v.strictObject({
  name: Id,
  algorithm: v.picklist(KEY_ALGORITHMS),
  use: v.picklist(KEY_USES),
  checkValue: CheckValue,
  publicKey: v.nullable(Base64),
  attributes: ReadBack,
});
/** Wrapped keys of one request. */
const Batch = v.pipe(v.array(WrappedKey), v.maxLength(1000));
const TransportKey = v.strictObject({ spki: Base64, bits: Count, oaep: v.picklist(['sha256', 'sha1']) });
const RsaImportKey = v.strictObject({ ...TransportKey.entries, signature: Base64 });
const AgreementKey = v.strictObject({
  spki: Base64,
  agreement: v.literal('ecdh-p256'),
  kdf: v.picklist(['sha256', 'none']),
  signature: Base64,
});
/** Random bytes of a token, sealed to the share process: the token's end of the agreement, and the ciphertext. */
const SealedRandom = v.strictObject({ publicKey: Base64, sealed: Base64 });
export type SealedRandom = v.InferOutput<typeof SealedRandom>;
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
  'unit.open': operation(ofUnit({}), Done),
  'unit.read': operation(ofUnit({ nonce: Nonce }), UnitReading),
  /** Everything the token can be asked; a slow or far one takes its time over RSA keys. */
  'unit.capabilities': operation(ofUnit({}), CapabilityReport, 300_000),
  'unit.initialise-token': operation(ofUnit({ label: Text, again: Flag }), TokenDescription, 120_000),
  'unit.set-user-pin': operation(ofUnit({}), TokenDescription),
  /** C_SetPIN: `makers` make the new PIN of the role; who holds the old one stands in the target. Proven by one login with it. */
  'unit.change-pin': operation(
    ofUnit({ role: v.picklist(['user', 'security-officer']), makers: PinEntry, step: Id }),
    TokenDescription,
  ),
  /** C_InitPIN once more: a new user PIN for one that is locked or lost. Proven by one login with it. */
  'unit.unlock-pin': operation(ofUnit({ step: Id }), TokenDescription),
  /** One login with a PIN that people choose to try, and out again. A refusal is an answer; the token may count it. */
  'unit.try-pin': operation(
    ofUnit({ role: v.picklist(['user', 'security-officer']), change: PinChange }),
    v.strictObject({ opens: Flag, token: TokenDescription }),
  ),
  'unit.create-identity': operation(
    ofUnit({}),
    v.strictObject({ id: Sha256Hex, spki: Base64, algorithm: Text, attributes: ReadBack, state: UnitState }),
    120_000,
  ),
  /** A secret key that others made, as it stands, with its pattern; `wider`: in what it is otherwise than a master key. */
  'unit.examine-key': operation(
    ofUnit({ label: Text, id: v.nullable(Hex) }),
    v.strictObject({ object: ObjectOnToken, pattern: Sha256Hex, wider: v.array(Text) }),
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
  'unit.make-import-key': operation(ofUnit({}), RsaImportKey, 120_000),
  /** In the place of an import key: a pair with which a wrapping key is agreed by ECDH. */
  'unit.make-agreement-key': operation(ofUnit({}), AgreementKey, 120_000),
  /**
   * Random bytes of the token, sealed to a key of the share process; without login, since nothing is believed of them. `to`:
   * that key, base64; `exchange`: id of this one sealing.
   */
  'unit.random': operation(ofUnit({ exchange: Exchange, to: Base64 }), SealedRandom),
  'unit.make-root-key': operation(
    ofUnit({ name: Text }),
    v.strictObject({ handle: Text, checkValue: CheckValue, attributes: ReadBack }),
  ),
  'unit.wrap-root-key': operation(ofUnit({ handle: Text, to: TransportKey, form: v.picklist(TOKEN_FORMS) }), Base64),
  'unit.encrypt-nonce': operation(
    ofUnit({ handle: Text, nonce: Base64, by: v.picklist(NONCE_CIPHERS) }),
    v.nullable(EncryptedNonce),
  ),
  'unit.destroy-root-key': operation(ofUnit({ handle: Text }), Done),
  /** RSA keys take their time. */
  'unit.make-key': operation(
    ofUnit({
      key: v.strictObject({
        name: Id,
        algorithm: v.picklist(KEY_ALGORITHMS),
        use: v.picklist(KEY_USES),
        extractable: Flag,
      }),
    }),
    KeptKey,
    300_000,
  ),
  'unit.look-for-key': operation(ofUnit({ name: Id }), v.nullable(KeptKey)),
  'unit.wrap-key': operation(ofUnit({ name: Id, format: v.nullable(v.picklist(WRAP_FORMATS)) }), WrappedKey),
  'unit.seal-key': operation(ofUnit({ name: Id }), ReadBack),
  'unit.restore-key': operation(ofUnit({ key: WrappedKey }), ReadBack),
  /** The number of objects that were destroyed: none, where none was there. */
  'unit.destroy-key': operation(ofUnit({ name: Id }), Count),
  /** Every key is unwrapped, wrapped under the other master key, unwrapped again and compared. */
  'unit.re-encipher': operation(ofUnit({ to: Sha256Hex, keys: Batch }), Batch, 120_000),
  'unit.check-wrapped': operation(ofUnit({ masterKey: Sha256Hex, keys: Batch }), Done, 120_000),
  'card.sign': operation(v.strictObject({ card: CardTarget, message: Base64 }), Base64),
  /** Reads the public key of somebody who is enrolled on the day. */
  'card.read-key': operation(
    v.strictObject({ participant: Id, address: CardTarget.entries.address, keyLabel: Text }),
    v.strictObject({ algorithm: v.picklist(SIGNATURE_ALGORITHMS), spki: Base64 }),
  ),
  /** The key pair on a custodian's token that a share is encrypted to; RSA keys take their time. */
  'card.make-share-key': operation(v.strictObject({ card: CardTarget, share: ShareOfSet }), ShareKey, 300_000),
  'card.keep-share': operation(v.strictObject({ card: CardTarget, share: ShareOfSet, envelope: Base64 }), Done),
  /** `key`, `sealed`: one end of a sealed exchange, and the one-time key of the envelope for the share process. */
  'card.open-share': operation(
    v.strictObject({ card: CardTarget, share: ShareOfSet, exchange: Exchange, key: Base64 }),
    v.strictObject({ envelope: Base64, key: Base64, sealed: Base64 }),
  ),
  /** Rehearsals only: puts objects on a throw-away token as others might have left them; their values follow from `seed`. */
  'foreign.prepare': operation(
    ofUnit({
      objects: v.array(
        v.strictObject({
          class: v.picklist(['secret-key', 'private-key', 'public-key', 'data']),
          label: Text,
          id: v.nullable(Hex),
          seed: Text,
        }),
      ),
    }),
    Done,
    120_000,
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
  scheme: v.picklist(['components', 'threshold']),
  threshold: Count,
  /** Length of the master key in bytes; not there where it is 32. */
  bytes: v.exactOptional(v.picklist([16, 24])),
  shares: v.array(Commitment),
  pattern: Sha256Hex,
});
/** What a set was made from: names and lengths of the sources that were mixed. */
const Sources = v.array(v.strictObject({ source: Text, bytes: Count }));

/** The folder at which a custodian's medium is mounted; `removable`: refused where the kernel says otherwise. */
const ShareMedium = v.strictObject({ path: Text, removable: Flag });

/** Requests to the share process. */
export const SHARE_OPERATIONS = {
  /** A key to which one unit seals random bytes for the set that is made next; base64. */
  /** Names of people by their ids, for what is said of who entered a share; somebody without a name is told by the id. */
  'people.are': operation(
    v.strictObject({ people: v.pipe(v.array(v.strictObject({ id: Id, name: Text })), v.maxLength(200)) }),
    Done,
  ),
  'entropy.make-key': operation(v.strictObject({ exchange: Exchange }), Base64),
  'set.generate': operation(
    v.strictObject({
      scheme: ShareSet.entries.scheme,
      threshold: Count,
      count: Count,
      bytes: v.exactOptional(v.picklist([16, 24, 32])),
      /** Random bytes of units, each sealed to a key of `entropy.make-key`. */
      random: v.exactOptional(
        v.pipe(v.array(v.strictObject({ unit: Id, exchange: Exchange, ...SealedRandom.entries })), v.maxLength(64)),
      ),
    }),
    v.strictObject({ ...ShareSet.entries, sources: Sources }),
  ),
  'set.reopen': operation(ShareSet, Done),
  'share.show': operation(v.strictObject({ index: Count, custodian: Id }), Done),
  /** `copy`: of a share that was read back already. `more`: it is shown again, for a copy that is yet to be made. */
  'share.enter': operation(
    v.strictObject({
      index: Count,
      custodian: Id,
      copy: v.exactOptional(v.literal(true)),
      more: v.exactOptional(v.literal(true)),
    }),
    Done,
  ),
  /** As an age file to the custodian's medium. `sha256`: of the file. */
  'share.write-file': operation(
    v.strictObject({
      index: Count,
      custodian: Id,
      medium: ShareMedium,
      lock: v.variant('kind', [
        v.strictObject({ kind: v.literal('recipient'), recipient: AgeRecipient }),
        v.strictObject({ kind: v.literal('passphrase') }),
      ]),
    }),
    v.strictObject({ file: Text, sha256: Sha256Hex }),
  ),
  /** The custodian opens that file. `identityFile`: where their identity is, if on a medium of theirs. */
  'share.read-file': operation(
    v.strictObject({
      index: Count,
      custodian: Id,
      medium: ShareMedium,
      lock: v.picklist(['recipient', 'passphrase']),
      identityFile: v.nullable(Text),
    }),
    Done,
  ),
  /** To a key pair on the custodian's token, for which their signing key vouches. `sha256`: of the envelope. */
  'share.seal': operation(
    v.strictObject({
      index: Count,
      custodian: Id,
      key: ShareKey,
      holder: v.strictObject({ algorithm: v.picklist(SIGNATURE_ALGORITHMS), spki: Base64 }),
    }),
    v.strictObject({ envelope: Base64, sha256: Sha256Hex }),
  ),
  'share.ask-token': operation(v.strictObject({}), v.strictObject({ exchange: Exchange, key: Base64 })),
  'share.from-token': operation(
    v.strictObject({ index: Count, custodian: Id, envelope: Base64, key: Base64, sealed: Base64 }),
    Done,
  ),
  /** As a sheet, on a USB printer or as a PDF on the custodian's medium; `file`: its name there. */
  'share.print': operation(
    v.strictObject({
      index: Count,
      custodian: Id,
      to: v.variant('kind', [
        v.strictObject({ kind: v.literal('printer'), path: Text, language: v.picklist(['pdf', 'postscript']) }),
        v.strictObject({ kind: v.literal('medium'), medium: ShareMedium }),
      ]),
    }),
    v.strictObject({ file: v.nullable(Text) }),
    180_000,
  ),
  /** Makes an age identity in a file, and tells its recipient. For rehearsals only. */
  'age.prepare': operation(v.strictObject({ path: Text }), v.strictObject({ recipient: AgeRecipient })),
  /** The share is compared with its commitment and forgotten: nothing is ever combined from it. */
  'share.prove': operation(
    v.strictObject({
      index: Count,
      custodian: Id,
      /** Shares of the set that were proven before, by whom and when: a share that comes twice is named. */
      seen: v.pipe(v.array(v.strictObject({ index: Count, by: Text, at: Text })), v.maxLength(255)),
    }),
    Done,
  ),
  /** Who passes a share on enters it; it stays in the process until `share.pass-on`. */
  'share.take-over': operation(v.strictObject({ index: Count, custodian: Id }), Done),
  /** The successor is shown the share that was taken over, and reads it back. */
  'share.pass-on': operation(v.strictObject({ index: Count, to: Id }), Done),
  /** From as many shares as are needed a new set for the same master key. */
  'set.reshare': operation(
    v.strictObject({
      scheme: ShareSet.entries.scheme,
      threshold: Count,
      count: Count,
      bytes: v.exactOptional(v.picklist([16, 24, 32])),
    }),
    ShareSet,
  ),
  /** Every share that was read back has its part in a combination that gives the pattern. */
  'set.prove': operation(v.strictObject({}), Done),
  'set.wrap': operation(
    v.strictObject({
      importKey: v.union([RsaImportKey, AgreementKey]),
      identity: v.strictObject({ spki: Base64, algorithm: Text }),
    }),
    Base64,
  ),
  'transport.make-key': operation(v.strictObject({ oaep: TransportKey.entries.oaep }), TransportKey, 120_000),
  'transport.rewrap': operation(
    v.strictObject({
      wrapped: Base64,
      checkValue: CheckValue,
      to: TransportKey,
      form: v.picklist(PACKAGE_FORMS),
      nonce: v.nullable(v.strictObject({ value: Base64, by: v.picklist(NONCE_CIPHERS) })),
    }),
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
