/**
 * What the engine needs from the world, injected by the command line and by the app. Nothing that passes here is
 * secret: key material, shares and PINs stay in the module workers, the share process and the person process
 * (or secret windows), which talk to each other past the engine.
 */
import type { CheckValue } from '../check-value';
import type { CapabilityReport } from '../command/capability-report';
import type { Envelope, SigningKey } from '../command/dsse';
import type { UnitState } from '../command/unit-state';
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
  readonly registers: { readonly new: RegisterReading; readonly current: RegisterReading } | null;
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

/** Import key of a unit: made in the token, vouched for by the unit's identity key. */
export interface ImportKey extends TransportKey {
  /** Signature of the identity key over `importKeyStatement`; base64 DER. */
  readonly signature: string;
}

/** Where a register's command is carried out; idempotent: doing the same signed command again finishes or repeats nothing. */
export interface CommandRequest {
  readonly command: Envelope;
  /** State the engine holds for the unit, for tokens that keep none. */
  readonly state: UnitState;
  /** Keys of the custodians who may sign a load. */
  readonly custodians: Readonly<Record<string, SigningKey>>;
  /** Only with the load that completes a set: the master key, OAEP-wrapped to the import key; base64. */
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

/** The tokens of the binding, by the plan's names. Every method may reject with `DeviceError`. */
export interface Devices {
  /** Loads a module (refused when its hash is not the bound one) and describes it. Needs no login. */
  describeModule(module: string): Promise<ModuleDescription>;
  /** Reads a unit without logging in: token, flags; `identity` and what follows are null. */
  glanceAtUnit(unit: string): Promise<UnitReading>;
  /** Logs in as user, proves the identity with `nonce` (32 bytes hex), reads state, registers, inventory, capabilities. */
  readUnit(unit: string, nonce: string): Promise<UnitReading>;
  /** Logs in as user and asks the token everything that it can be asked; leaves nothing behind. */
  reportCapabilities(unit: string): Promise<CapabilityReport>;
  /** C_InitToken with the SO PIN that the people make. Refuses a token that is initialised, unless `again` (its label is already ours after a crash). */
  initialiseToken(unit: string, label: string, again: boolean): Promise<TokenDescription>;
  /** C_InitPIN with the user PIN that the people make. */
  setUserPin(unit: string): Promise<TokenDescription>;
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
  /** An ephemeral RSA key pair in the token; lives until {@link endStep}. */
  makeImportKey(unit: string): Promise<ImportKey>;
  /** A session AES-256 key that may be wrapped and do nothing but encrypt the nonce and give its check value. */
  makeRootKey(unit: string, name: string): Promise<SessionKey>;
  /** C_WrapKey to an RSA public key; base64 ciphertext. */
  wrapRootKey(unit: string, handle: string, to: TransportKey): Promise<string>;
  /** AES-GCM of `nonce` (base64) under the key, in the token; `null` where the token has no GCM. */
  encryptNonce(unit: string, handle: string, nonce: string): Promise<{ iv: string; encryptedNonce: string } | null>;
  /** Destroys a session key and proves it gone. */
  destroyRootKey(unit: string, handle: string): Promise<void>;
  /** A participant's own token signs `message` (DSSE PAE bytes); DER (or raw for Ed25519, PSS), verified against the bound key. */
  sign(participant: string, message: Uint8Array): Promise<Uint8Array>;
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

/** A set of shares as the transcript knows it. `set` is 16 bytes hex. */
export interface ShareSet {
  readonly set: string;
  readonly scheme: 'components';
  readonly threshold: number;
  readonly shares: readonly ShareCommitment[];
  /** Verification pattern of the master key, 64 hex digits. */
  readonly pattern: string;
}

/** The share process of one set. Every method may reject with `DeviceError`. */
export interface ShareRoom {
  /** Makes a master key as components. Starts the share process. */
  generate(count: number): Promise<ShareSet>;
  /** Starts a share process for a set that exists already: its shares will be entered by their custodians. */
  reopen(set: ShareSet): Promise<void>;
  /** Whether a share process is alive that holds this set. */
  holds(set: string): boolean;
  /** Indices of the shares that the live share process has had read back or entered; empty when there is none. */
  entered(): readonly number[];
  /** Shows one share to its custodian until they say that they have it. */
  show(index: number, custodian: string): Promise<void>;
  /** The custodian enters the share; it is checked against the commitment. Rejects with `SHARE_WRONG` naming the row. */
  enter(index: number, custodian: string): Promise<void>;
  /** Combines what was entered, checks the pattern, and wraps the master key to a unit's import key; base64. */
  wrapMasterKey(
    importKey: ImportKey,
    unit: { readonly identitySpki: string; readonly identityAlgorithm: string },
  ): Promise<string>;
  /** Ends the share process of the set. */
  end(): Promise<void>;
  /** For tokens that cannot wrap to the target: a one-time RSA key made outside every token. Starts a share process of its own. */
  makeOneTimeKey(): Promise<TransportKey>;
  /** Unwraps what a token wrapped to the one-time key, checks the check value, wraps again to `to`; ends its process. */
  rewrap(request: {
    readonly wrapped: string;
    readonly checkValue: CheckValue;
    readonly to: TransportKey;
    /** Encrypt this nonce (base64) too, when the token could not. */
    readonly nonce: string | null;
  }): Promise<{ payload: string; nonce: { iv: string; encryptedNonce: string } | null }>;
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

/** Pre-flight of the workstation: network interfaces, swap, core dumps, clock, disk, runtime, known answers. */
export interface Workstation {
  /** `media` are those the bundle is to be copied to: whether each is there and can be written to is observed too. */
  observe(media: readonly { readonly id: string; readonly path: string }[]): Promise<readonly Observation[]>;
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
  readonly printer: Printer;
}
