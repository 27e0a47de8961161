/**
 * What the engine needs from the world, injected by the command line and by the app. Nothing that passes here is
 * secret: key material, shares and PINs stay in the module workers, the share process and the person process
 * (or secret windows), which talk to each other past the engine.
 */
import type { CheckValue } from '../check-value';
import type { CapabilityReport } from '../command/capability-report';
import type { Envelope, SigningKey } from '../command/dsse';
import type { UnitState } from '../command/unit-state';
import type { KeyAlgorithm, KeyUse, WrapFormat } from '../keypackage/key-kinds';
import type { PackageForm, TokenForm, Wrapping } from '../keypackage/target-profile';
import type { WrappedKey } from '../keypackage/wrapped-key';
import type { Printer } from '../print/printer';

/** Where a file of the bundle lands. All names are relative to the bundle, with `/`. */
export interface BundleFolder {
  /** Names of all files, sorted. */
  list(): Promise<string[]>;
  /** Whole content. Rejects when the file is missing. */
  read(name: string): Promise<Uint8Array>;
  exists(name: string): Promise<boolean>;
  /** Creates a file that must not exist yet, fsyncs it and its folder, reads it back and compares. */
  create(name: string, content: Uint8Array): Promise<void>;
  /** Appends to a file (created if missing) in one write and fsyncs it. On failure the file is cut back to its length before. */
  append(name: string, content: Uint8Array): Promise<void>;
  /** Cuts a file to `length` bytes and fsyncs it: only for a torn last line. */
  truncate(name: string, length: number): Promise<void>;
  /** Removes a file of ours, and folders that it leaves empty; a name that ends in `/` is an empty folder. */
  remove(name: string): Promise<void>;
  /** Gives a file another name, which nothing has yet, in one step that a crash cannot divide, and fsyncs the folder. */
  rename(name: string, to: string): Promise<void>;
  /** Bytes free on the medium the bundle is on. */
  freeBytes(): Promise<number>;
}

/** The clock of the workstation, as RFC 3339 UTC with milliseconds. */
export interface Clock {
  now(): string;
}

/** Cryptographically secure random bytes for salts and nonces. */
export type RandomBytes = (length: number) => Uint8Array;

/** What a module and a token say of themselves, and what probes found that they really do. */
export interface ModuleDescription {
  readonly module: string;
  readonly path: string;
  readonly sha256: string;
  readonly library: {
    readonly manufacturer: string;
    readonly description: string;
    readonly version: string;
    readonly cryptoki: string;
  };
  readonly tokens: readonly TokenDescription[];
}

/** A token as C_GetTokenInfo describes it. Never believed, only recorded. */
export interface TokenDescription {
  readonly label: string;
  readonly serial: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly firmware: string;
  readonly initialised: boolean;
  readonly userPinSet: boolean;
  readonly protectedPath: boolean;
  readonly pinFlags: readonly string[];
}

/** Which mechanisms gave the right answer to a known question on this token. */
export interface Capabilities {
  /** Mechanism name, such as `CKM_AES_CMAC`, to what the probe found: `works`, `wrong-answer` or the CKR name. */
  readonly mechanisms: Readonly<Record<string, string>>;
  readonly cmac: boolean;
  readonly oaepSha256: boolean;
  readonly oaepSha1: boolean;
  readonly gcm: boolean;
  readonly ec: boolean;
  readonly dataObjects: boolean;
}

/** Attributes of a key as read back from the token; `null` where the module does not tell. */
export type ReadBack = Readonly<Record<string, boolean | number | string | null>>;

/** One master-key register as its key object shows it. */
export interface RegisterReading {
  readonly status: 'empty' | 'full-uncommitted' | 'full-committed' | 'valid';
  /** Verification pattern, 64 hex digits; null when empty. Computed from the key object each time. */
  readonly pattern: string | null;
  readonly set: string | null;
  readonly attributes: ReadBack | null;
}

/** A unit as it stands, read from the device. */
export interface UnitReading {
  readonly unit: string;
  readonly token: TokenDescription | null;
  readonly identity: { readonly id: string; readonly spki: string; readonly algorithm: string } | null;
  /** Signature of the identity key over `identityChallenge`; base64 DER. */
  readonly challenge: { readonly nonce: string; readonly signature: string } | null;
  readonly state: UnitState | null;
  /** `token`: read from the data object; `none`: the token keeps no data objects. */
  readonly stateKept: 'token' | 'none';
  readonly registers: {
    readonly new: RegisterReading;
    readonly current: RegisterReading;
    /** The master key that a rotation was retiring when it was broken off; else there is none. */
    readonly retiring?: RegisterReading | undefined;
  } | null;
  /**
   * Only in the answer to the load that brought a key in: attributes that the token made otherwise than asked, and that
   * were set right before anything else was done with the key.
   */
  readonly hardened?: readonly string[] | undefined;
  readonly objects: readonly InventoryEntry[] | null;
  readonly capabilities: Capabilities | null;
}

/** An object on a token. */
export interface InventoryEntry {
  readonly class: string;
  readonly keyType: string | null;
  readonly label: string;
  readonly id: string;
  readonly attributes: ReadBack;
  readonly checkValue: CheckValue | null;
}

/** Where a key of others is on its token: by label, and by CKA_ID (hex) where labels are not enough. */
export interface KeyAddress {
  readonly label: string;
  readonly id: string | null;
}

/** A key of others as it was found. */
export interface ExaminedKey {
  readonly object: InventoryEntry;
  /** Verification pattern, 64 hex digits. */
  readonly pattern: string;
  /** Attributes in which it is otherwise than a master key that Keyrite makes, as `CKA_DECRYPT true`. */
  readonly wider: readonly string[];
}

/** A key made in a unit as a session object; `handle` names it in its worker only, for as long as that lives. */
export interface SessionKey {
  readonly handle: string;
  readonly checkValue: CheckValue;
  readonly attributes: ReadBack;
}

/** A public key for getting a key into or out of a unit. */
export interface TransportKey {
  /** base64 DER SPKI of an RSA key. */
  readonly spki: string;
  readonly bits: number;
  readonly oaep: 'sha256' | 'sha1';
}

/** What a service wants encrypted under the new key, and how. */
export type ServiceNonce = NonNullable<Wrapping['nonce']>;

/** The same, encrypted. All base64. */
export interface EncryptedNonce {
  readonly iv: string;
  readonly encryptedNonce: string;
}

/** RSA import key of a unit: made in the token, vouched for by the unit's identity key. */
export interface RsaImportKey extends TransportKey {
  /** Signature of the identity key over `importKeyStatement`; base64 DER. */
  readonly signature: string;
}

/** Key of a unit with which a wrapping key is agreed: ephemeral, on P-256, vouched for likewise. */
export interface AgreementKey {
  /** base64 DER SPKI. */
  readonly spki: string;
  readonly agreement: 'ecdh-p256';
  /** How the shared secret becomes the wrapping key: ANSI X9.63 with SHA-256, or as it is. */
  readonly kdf: 'sha256' | 'none';
  /** Signature of the identity key over `agreementKeyStatement`. */
  readonly signature: string;
}

/** What the master key is wrapped to, as the unit can. */
export type ImportKey = RsaImportKey | AgreementKey;

/** Where a register's command is carried out; idempotent: doing the same signed command again finishes or repeats nothing. */
export interface CommandRequest {
  readonly command: Envelope;
  /** State the engine holds for the unit, for tokens that keep none. */
  readonly state: UnitState;
  /** Keys of the custodians who may sign a load. */
  readonly custodians: Readonly<Record<string, SigningKey>>;
  /** Only with the load that completes a set: the master key, wrapped to the import key; base64. */
  readonly wrapped: string | null;
  /** Only with that load: the pattern the key must give, 64 hex digits. */
  readonly pattern: string | null;
}

/** What is to be destroyed, or looked at. */
export interface ZeroiseRequest {
  readonly command: Envelope;
  /** State the engine holds for the unit: the last one. */
  readonly state: UnitState;
  /** Only tells how far it is done: the token is read and nothing is destroyed. */
  readonly look: boolean;
}

/** A key to make in a unit, that stays there. */
export interface KeyToMake {
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly use: KeyUse;
  /** Whether it may leave the unit wrapped, until it is sealed. */
  readonly extractable: boolean;
}

/** A key that stays in a unit, as the token shows it. */
export interface KeptKey {
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly use: KeyUse;
  readonly checkValue: CheckValue;
  /** base64 DER SPKI of a pair; null for a secret key. */
  readonly publicKey: string | null;
  /** Of the secret or private key. */
  readonly attributes: ReadBack;
}

/** Folders of wrapped keys, by the plan's names; a generation is named by the pattern of the master key that wraps it. */
export interface KeyStores {
  /** Names of the keys in a generation, sorted; none where there is no such generation. Rejects for files of others in it. */
  list(store: string, generation: string): Promise<readonly string[]>;
  /** Content of a key's file; null when there is none. */
  read(store: string, generation: string, key: string): Promise<Uint8Array | null>;
  /**
   * Writes files that are not there yet: each whole or not at all, fsynced and read back. One that is there with this very
   * content is left; with another it is refused (`KEY_FILE_EXISTS`).
   */
  write(
    store: string,
    generation: string,
    files: readonly { readonly key: string; readonly content: Uint8Array }[],
  ): Promise<void>;
}

/** The tokens of the binding, by the plan's names. Every method may reject with `DeviceError`. */
export interface Devices {
  /** Loads a module (refused when its hash is not the bound one) and describes it. Needs no login. */
  describeModule(module: string): Promise<ModuleDescription>;
  /** Reads a unit without logging in: token, flags; `identity` and what follows are null. */
  /** Random bytes of the token, sealed to a key of the share process. Nobody logs in. */
  sealedRandom(unit: string, to: { readonly exchange: string; readonly publicKey: string }): Promise<SealedRandom>;
  glanceAtUnit(unit: string): Promise<UnitReading>;
  /** Logs in as user where nobody is logged in, so that what follows asks nobody. */
  openUnit(unit: string): Promise<void>;
  /** Logs in as user, proves the identity with `nonce` (32 bytes hex), reads state, registers, inventory, capabilities. */
  readUnit(unit: string, nonce: string): Promise<UnitReading>;
  /** Logs in as user and asks the token everything that it can be asked; leaves nothing behind. */
  reportCapabilities(unit: string): Promise<CapabilityReport>;
  /** C_InitToken with the SO PIN that the people make. Refuses a token that is initialised, unless `again` (its label is already ours after a crash). */
  initialiseToken(unit: string, label: string, again: boolean): Promise<TokenDescription>;
  /** C_InitPIN with the user PIN that the people make. */
  setUserPin(unit: string): Promise<TokenDescription>;
  /** C_SetPIN: those who hold the PIN give it, those who make it make another; one login with that one proves it. */
  changePin(unit: string, role: 'user' | 'security-officer', step: string): Promise<TokenDescription>;
  /** C_InitPIN with the security officer logged in, for a user PIN that is locked or lost; proven likewise. */
  unlockPin(unit: string, step: string): Promise<TokenDescription>;
  /** One login with the PIN of before or after a change, which people chose to try. The token may count a wrong one. */
  tryPin(
    unit: string,
    role: 'user' | 'security-officer',
    change: { readonly step: string; readonly pin: 'old' | 'new' },
  ): Promise<{ readonly opens: boolean; readonly token: TokenDescription }>;
  /** Makes the identity key and the first state object. */
  createIdentity(
    unit: string,
  ): Promise<{ id: string; spki: string; algorithm: string; attributes: ReadBack; state: UnitState }>;
  /** Carries out a signed command; the worker verifies it first. Resolves with the state after it and the registers read back. */
  perform(unit: string, request: CommandRequest): Promise<UnitReading>;
  /**
   * Destroys everything on the token by a signed command; the answer holds the state after it and an empty inventory. The
   * same again finishes what a crash broke off.
   */
  zeroise(unit: string, request: ZeroiseRequest): Promise<UnitReading>;
  /** Looks at a secret key that others made, and computes its verification pattern. Rejects when there is not exactly one. */
  examineKey(unit: string, key: KeyAddress): Promise<ExaminedKey>;
  /**
   * Ends the workers of the units' modules, with every session and login in them, so that a vendor's tool has the devices
   * to itself. Resolves with the ids of the modules; no worker of them is started before the next request.
   */
  release(units: readonly string[]): Promise<readonly string[]>;
  /**
   * An ephemeral key pair in the token; lives until {@link endStep}. RSA where the token unwraps OAEP; else, or where `by`
   * says so, one for ECDH.
   */
  makeImportKey(unit: string, by: 'rsa-oaep' | 'ecdh' | null): Promise<ImportKey>;
  /** A session AES-256 key that may be wrapped and do nothing but encrypt the nonce and give its check value. */
  makeRootKey(unit: string, name: string): Promise<SessionKey>;
  /** C_WrapKey to an RSA public key; base64 ciphertext. */
  wrapRootKey(unit: string, handle: string, to: TransportKey, form: TokenForm): Promise<string>;
  /** A service's nonce (base64) under the key, in the token; `null` where the token lacks the cipher. */
  encryptNonce(unit: string, handle: string, nonce: ServiceNonce): Promise<EncryptedNonce | null>;
  /** Destroys a session key and proves it gone. */
  destroyRootKey(unit: string, handle: string): Promise<void>;
  /** A key that stays in the unit. Refused when there is an object of its name. */
  makeKey(unit: string, key: KeyToMake): Promise<KeptKey>;
  /** A key that stays in the unit; null when there is no object of its name. */
  lookForKey(unit: string, name: string): Promise<KeptKey | null>;
  /** C_WrapKey under the current master key, and proof that the key comes back. `format` null: the first that the token has. */
  wrapKey(unit: string, name: string, format: WrapFormat | null): Promise<WrappedKey>;
  /** Has a key never leave the unit any more; resolves with its attributes, read back. */
  sealKey(unit: string, name: string): Promise<ReadBack>;
  /** Brings a wrapped key back into a unit that has its master key; resolves with its attributes, read back. */
  restoreKey(unit: string, key: WrappedKey): Promise<ReadBack>;
  /** Destroys a key and proves it gone; resolves with the number of its objects. */
  destroyKey(unit: string, name: string): Promise<number>;
  /** Wraps keys anew, from the current master key to the committed one of this pattern, each proven. Nothing stays in the unit. */
  reEncipher(unit: string, to: string, keys: readonly WrappedKey[]): Promise<readonly WrappedKey[]>;
  /** Proves that wrapped keys come back under a master key that is in one of the registers. */
  checkWrapped(unit: string, masterKey: string, keys: readonly WrappedKey[]): Promise<void>;
  /** A participant's own token signs `message` (DSSE PAE bytes); DER (or raw for Ed25519, PSS), verified against the bound key. */
  sign(participant: string, message: Uint8Array): Promise<Uint8Array>;
  /** Makes the key pair on a custodian's own token that a share is encrypted to; or finds it, where it was made before. */
  makeShareKey(participant: string, share: ShareOfSet): Promise<ShareKey>;
  /** Puts the envelope (base64) of a share on its custodian's own token. */
  keepShare(participant: string, share: ShareOfSet, envelope: string): Promise<void>;
  /** Opens the envelope of a share with its custodian's own token, for the share process alone. */
  openShare(participant: string, share: ShareOfSet, asked: AskedOfToken): Promise<FromToken>;
  /** Reads the public key on the token of an open seat of the binding, once its holder has logged in. */
  readSeatKey(seat: string): Promise<SigningKey>;
  /** Somebody was enrolled into an open seat with this key: from now on they sign with it. */
  knowPerson(participant: string, key: SigningKey): void;
  /** Tells which identity key (base64 DER SPKI) a unit has, once it is known: from then on a token with another is refused. */
  knowIdentity(unit: string, spki: string): void;
  /** Whether the phase now begun holds logins, so that {@link endStep} leaves workers that took a PIN alive. */
  holdLogin(hold: boolean): void;
  /** The step is over: workers that took a PIN end, unless the phase holds the login. */
  endStep(): Promise<void>;
  /** The phase is over: every worker that took a PIN ends. */
  endPhase(): Promise<void>;
}

/** Commitment to one share: public, made with a public salt (16 bytes hex). DESIGN.md section 7. */
export interface ShareCommitment {
  readonly index: number;
  readonly salt: string;
  readonly commitment: string;
}

/** `components`: XOR, all needed. `threshold`: SLIP-39, m of n. */
export type ShareScheme = 'components' | 'threshold';

/** What set of shares is made. */
export interface ShareSetShape {
  readonly scheme: ShareScheme;
  readonly threshold: number;
  readonly count: number;
  /** Length of the master key in bytes. */
  readonly bytes: MasterKeyBytes;
}

/** Lengths of master keys that are made as shares: AES-128, AES-192, AES-256. */
export type MasterKeyBytes = 16 | 24 | 32;

/** Random bytes of a token, sealed to the share process; base64. */
export interface SealedRandom {
  readonly publicKey: string;
  readonly sealed: string;
}

/** Asks a unit for random bytes, sealed to a key of the share process; null where it gives none. Does not reject for that. */
export type DrawRandom = (
  unit: string,
  to: { readonly exchange: string; readonly publicKey: string },
) => Promise<SealedRandom | null>;

/** A source of randomness by its name, and how many bytes of it were mixed. */
export interface MixedSource {
  readonly source: string;
  readonly bytes: number;
}

/** A set of shares as the transcript knows it. `set` is 16 bytes hex. */
export interface ShareSet {
  readonly set: string;
  readonly scheme: ShareScheme;
  /** How many of the shares give the master key; all of them with components. */
  readonly threshold: number;
  /** Length of the master key in bytes; not there where it is 32. */
  readonly bytes?: Exclude<MasterKeyBytes, 32>;
  readonly shares: readonly ShareCommitment[];
  /** Verification pattern of the master key, 64 hex digits. */
  readonly pattern: string;
}

/** A share by its set and number. */
export interface ShareOfSet {
  readonly set: string;
  readonly index: number;
}

/** Key pair on a custodian's token, for one share; their signing key signed `shareKeyStatement`. */
export interface ShareKey extends TransportKey {
  readonly signature: string;
}

/** One end of a sealed exchange, opened by the share process: its id, and its public key in base64. */
export interface AskedOfToken {
  readonly exchange: string;
  readonly key: string;
}

/** The other end's answer: envelope, public key, and the one-time key of the envelope, sealed; all base64. */
export interface FromToken {
  readonly envelope: string;
  readonly key: string;
  readonly sealed: string;
}

/** The folder at which a medium is mounted; `removable`: one that is not removable is refused. */
export interface ShareMedium {
  readonly path: string;
  readonly removable: boolean;
}

/** An age file of a share: on which medium, and what locks it. `identityFile`: where the custodian keeps their identity. */
export interface ShareFile {
  readonly medium: ShareMedium;
  readonly lock:
    | { readonly kind: 'recipient'; readonly recipient: string; readonly identityFile: string | null }
    | { readonly kind: 'passphrase' };
}

/** Where the sheet of a share goes: to a USB printer's device, in a language that it takes, or to a medium. */
export type SheetTarget =
  | { readonly kind: 'printer'; readonly path: string; readonly language: 'pdf' | 'postscript' }
  | { readonly kind: 'medium'; readonly medium: ShareMedium };

/** The share process of one set. Every method may reject with `DeviceError`. */
export interface ShareRoom {
  /**
   * Makes a master key and its shares from the workstation's randomness and that of the units that give some. Starts the
   * share process. Resolves with what was mixed, too, as the share process tells it.
   */
  generate(
    shape: ShareSetShape,
    units: readonly string[],
    draw: DrawRandom,
  ): Promise<{ readonly set: ShareSet; readonly mixed: readonly MixedSource[] }>;
  /** Starts a share process for a set that exists already: its shares will be entered by their custodians. */
  reopen(set: ShareSet): Promise<void>;
  /** Whether a share process is alive that holds this set. */
  holds(set: string): boolean;
  /** Indices of the shares that the live share process has had read back or entered; empty when there is none. */
  entered(): readonly number[];
  /** Shows one share to its custodian until they say that they have it. */
  show(index: number, custodian: string): Promise<void>;
  /** The custodian enters the share; it is checked against the commitment. Rejects with `SHARE_WRONG` naming the row. */
  enter(
    index: number,
    custodian: string,
    how?: {
      /** A copy of a share that was read back already. */
      readonly copy?: boolean;
      /** It is shown again, for a copy that is yet to be made. */
      readonly more?: boolean;
    },
  ): Promise<void>;
  /** Writes one share as an age file; the custodian makes the passphrase, if it is to one. `sha256`: of the file. */
  writeFile(index: number, custodian: string, to: ShareFile): Promise<{ file: string; sha256: string }>;
  /** The custodian opens that file; the share in it is checked like one that is entered. */
  readFile(index: number, custodian: string, from: ShareFile): Promise<void>;
  /** Prints one share as a sheet, or writes the sheet as a PDF; the custodian types it back. `file`: its name on the medium. */
  print(index: number, custodian: string, to: SheetTarget): Promise<{ file: string | null }>;
  /** Encrypts one share to a key on its custodian's token. `envelope`: base64, for the token to keep; `sha256`: its hash. */
  sealShare(
    index: number,
    custodian: string,
    key: ShareKey,
    holder: SigningKey,
  ): Promise<{ envelope: string; sha256: string }>;
  /** What the token is asked with, for the next {@link takeFromToken}. */
  askToken(): Promise<AskedOfToken>;
  /** Takes a share back that its custodian's token opened. */
  takeFromToken(index: number, custodian: string, given: FromToken): Promise<void>;
  /** The custodian enters the share, which is compared with its commitment and forgotten. `seen`: proven before, by whom and when. */
  prove(
    index: number,
    custodian: string,
    seen: readonly { readonly index: number; readonly by: string; readonly at: string }[],
  ): Promise<void>;
  /** Who passes a share on enters it; it is kept, and never combined, until {@link passOn} or the end of the process. */
  takeOver(index: number, custodian: string): Promise<void>;
  /** The successor is shown the share that was taken over, and reads it back; it is forgotten then. */
  passOn(index: number, to: string): Promise<void>;
  /** From what was entered a new set for the same master key, in the same process, which holds that one from now on. */
  reshare(shape: ShareSetShape): Promise<ShareSet>;
  /** Proves that every share of the set was read back and has its part in a combination that gives the pattern. */
  proveWhole(): Promise<void>;
  /** Combines what was entered, checks the pattern, and wraps the master key to a unit's import key; base64. */
  wrapMasterKey(
    importKey: ImportKey,
    unit: { readonly identitySpki: string; readonly identityAlgorithm: string },
  ): Promise<string>;
  /** Ends the share process of the set. */
  end(): Promise<void>;
  /** For tokens that cannot wrap to the target: a one-time RSA key made outside every token. Starts a share process of its own. */
  makeOneTimeKey(oaep: TransportKey['oaep']): Promise<TransportKey>;
  /** Unwraps what a token wrapped to the one-time key, checks the check value, wraps again to `to`; ends its process. */
  rewrap(request: {
    readonly wrapped: string;
    readonly checkValue: CheckValue;
    readonly to: TransportKey;
    readonly form: PackageForm;
    /** Encrypt this nonce too, when the token could not. */
    readonly nonce: ServiceNonce | null;
  }): Promise<{ payload: string; nonce: EncryptedNonce | null }>;
}

/** Something the people are told; no secrets, no jargon of ours. */
export interface Notice {
  readonly kind: 'step' | 'progress' | 'result' | 'warning' | 'failure';
  readonly text: string;
}

/** What people say has changed among them; carried out where nothing is under way. */
export type PeopleChange =
  /** Somebody of the binding came after the roll call, or is back. */
  | { readonly kind: 'late'; readonly participant: string }
  /** Somebody leaves, or did not come. */
  | { readonly kind: 'left'; readonly participant: string; readonly reason: string }
  /** An alternate of the same position takes somebody's place. */
  | { readonly kind: 'replaced'; readonly participant: string; readonly by: string; readonly reason: string }
  /** Somebody without a token signed paper; `path` is the file of the scan. */
  | { readonly kind: 'paper'; readonly name: string; readonly role: string; readonly path: string };

/** A reading of a clock that has nothing to do with the workstation's. */
export interface ClockReading {
  /** Who read it. */
  readonly by: string;
  /** Which clock, in words. */
  readonly source: string;
  /** What it showed, RFC 3339 UTC with milliseconds. */
  readonly at: string;
  /** What the workstation's clock showed at that moment, likewise. */
  readonly workstation: string;
}

/** The people in the room, as far as nothing secret is said. */
export interface People {
  tell(notice: Notice): void;
  /** Reads something out and asks each of `by` to confirm it. Resolves with those who did; empty when they refuse. */
  confirm(question: {
    readonly step: string;
    readonly statement: string;
    readonly by: readonly string[];
  }): Promise<readonly string[]>;
  /** Free text, such as a fact to record; or the name of a person, where `expects` says so. */
  ask(question: {
    readonly step: string;
    readonly text: string;
    readonly by: readonly string[];
    readonly expects?: 'name';
    /** In a rehearsal: what somebody who is played answers. It is shown to nobody. */
    readonly played?: string;
  }): Promise<string>;
  /** Has each of `by` read a clock of their own, by UTC, not having heard the others. */
  readClocks(question: {
    readonly step: string;
    readonly by: readonly string[];
    readonly clock: Clock;
  }): Promise<readonly ClockReading[]>;
  /**
   * Names the files that go with an answer, by their whole paths; none where there are none. `room`: the rehearsal's, in
   * which people who are played make one; null where there is none.
   */
  attach?(question: {
    readonly step: string;
    readonly text: string;
    readonly by: readonly string[];
    readonly room: string | null;
  }): Promise<readonly string[]>;
  /** What was said about people coming and going since this was asked last, in order; each is told of once. */
  changes?(): readonly PeopleChange[];
  /** What to do after a failure. */
  decide(question: {
    readonly step: string;
    readonly happened: string;
    readonly changed: string;
    readonly next: string;
    readonly options: readonly Decision[];
  }): Promise<Decision>;
}

/** What people can decide after a failure: try the act again, go on without it under an exception, or stop here. */
export type Decision = 'again' | 'exception' | 'stop';

/** One observation of the workstation before the ceremony. `ok` null: not applicable here. */
export interface Observation {
  readonly check: string;
  readonly ok: boolean | null;
  readonly found: string;
}

/** A network link to an HSM, as the binding names it; the only ones that may be up. */
export interface HsmLink {
  /** Id of the module that needs it. */
  readonly module: string;
  /** Name of the network interface, such as `eth1`. */
  readonly interface: string;
  /** Name or address of the HSM. */
  readonly peer: string;
  readonly port: number;
}

/** Pre-flight of the workstation: network interfaces, swap, core dumps, clock, disk, runtime, known answers. */
export interface Workstation {
  /**
   * `media` are those the bundle is to be copied to: whether each is there and can be written to is observed too. Network
   * interfaces of `links` may be up, and should be.
   */
  observe(
    media: readonly { readonly id: string; readonly path: string }[],
    links: readonly HsmLink[],
  ): Promise<readonly Observation[]>;
  /** Reads a file named in the binding (wrapping parameters); at most `limit` bytes. */
  readInput(path: string, limit: number): Promise<Uint8Array>;
  /**
   * Copies the finished bundle to a medium, which must be there already, and reads it back. A medium that has the whole
   * copy already is left as it is. Rejects with DeviceError `NOT_COPIED`.
   */
  copyToMedium(mediumPath: string, ceremony: string): Promise<void>;
}

/** Everything the engine is given. */
export interface EnginePorts {
  readonly folder: BundleFolder;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly devices: Devices;
  readonly shares: ShareRoom;
  readonly people: People;
  readonly workstation: Workstation;
  readonly keyStores: KeyStores;
  readonly printer: Printer;
}
