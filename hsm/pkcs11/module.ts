/**
 * A PKCS#11 module: loaded once in the life of its process, initialised, asked for its tokens, finalised. What makes
 * pkcs11js or a module end the process cannot be expressed here: a call on a module that failed to load (SIGSEGV), a
 * second initialisation, a call after or a finalisation during another, two loads of one library.
 */
import { realpathSync } from 'node:fs';
import { PKCS11 } from 'pkcs11js';
import { normaliseError } from './cryptoki-error';
import { SlotHandle, openHandle } from './handles';
import type { Pin } from './pin-bytes';
import { PinCalls } from './pin-calls';
import { Session } from './session';
import type { TokenInfo } from './token-info';

/** What the library says of itself. */
export interface LibraryInfo {
  readonly manufacturer: string;
  readonly description: string;
  readonly version: string;
  readonly cryptoki: string;
}

/** A slot that holds a token, with what the token says of itself. */
export interface TokenSlot {
  readonly slot: SlotHandle;
  readonly info: TokenInfo;
}

const OS_LOCKING_OK = 2;
const RW_SERIAL_SESSION = 6;
/** Length of a token label, in bytes. */
const LABEL_BYTES = 32;

const loadedPaths = new Set<string>();

/** A loaded module. Get one from {@link Pkcs11Module.load}. */
export class Pkcs11Module {
  readonly #library: PKCS11;
  /** For this folder only. */
  readonly pinCalls: PinCalls;
  #state: 'loaded' | 'initialised' | 'finalised' = 'loaded';
  #busy: string | null = null;
  #generation = 0;
  #sessions = 0;

  private constructor(library: PKCS11, pinCalls: PinCalls) {
    this.#library = library;
    this.pinCalls = pinCalls;
  }

  /**
   * Loads the library and runs its start-up code. Check the file first: {@link checkModuleFiles}.
   *
   * @throws RangeError when this process has loaded the library before: all instances would share one state
   * @throws Error with the loader's words when it cannot be loaded or is no PKCS#11 module, or our companion cannot be
   */
  static load(path: string): Pkcs11Module {
    const real = realpathSync(path);
    if (loadedPaths.has(real)) throw new RangeError(`PKCS#11 module: ${path} is loaded already in this process`);
    loadedPaths.add(real);
    const library = new PKCS11();
    // A library that failed to load stays out of reach: this instance is dropped, and no other load of it is tried.
    library.load(real);
    return new Pkcs11Module(library, new PinCalls(real));
  }

  /**
   * C_Initialize, telling the module that it may lock by the operating system's means.
   *
   * @param parameters the string some modules (NSS) want, else null
   * @throws RangeError when it is initialised already, CryptokiError from the module
   */
  initialise(parameters: string | null): void {
    if (this.#state === 'initialised') throw new RangeError('C_Initialize: the module is initialised already');
    const options =
      // pkcs11js drops the last character of the string (measured), hence the blank.
      parameters === null ? { flags: OS_LOCKING_OK } : { flags: OS_LOCKING_OK, libraryParameters: `${parameters} ` };
    this.#run('C_Initialize', () => {
      this.#library.C_Initialize(options);
    });
    this.#state = 'initialised';
    this.#generation += 1;
    this.#sessions = 0;
  }

  /**
   * Whether PINs reach the instance that is in use. Without it nobody can log in.
   *
   * @throws RangeError when the module is not initialised
   */
  takesPins(): boolean {
    return this.call('C_GetInfo', () => this.pinCalls.isShared());
  }

  /** C_Finalize: ends all sessions and logins; every handle given out so far becomes void. Throws CryptokiError. */
  finalise(): void {
    this.call('C_Finalize', (library) => {
      library.C_Finalize();
    });
    this.#state = 'finalised';
  }

  /** How often the module has been initialised: handles of an earlier generation are refused. */
  get generation(): number {
    return this.#generation;
  }

  /** How many sessions of ours are open. */
  get openSessions(): number {
    return this.#sessions;
  }

  /**
   * Makes one call. For this folder only.
   *
   * @throws RangeError when the module is not initialised or another call is going on
   * @throws CryptokiError when the call does not return CKR_OK
   */
  call<T>(name: string, make: (library: PKCS11) => T): T {
    if (this.#state !== 'initialised') throw new RangeError(`${name}: the module is not initialised`);
    return this.#run(name, () => make(this.#library));
  }

  #run<T>(name: string, make: () => T): T {
    // SECURITY(K-33): pkcs11js would end the process, mid-call.
    if (this.#busy !== null) throw new RangeError(`${name}: ${this.#busy} is still going on`);
    this.#busy = name;
    try {
      return make();
    } catch (error) {
      throw normaliseError(name, error);
    } finally {
      this.#busy = null;
    }
  }

  /** C_GetInfo. Throws CryptokiError. */
  info(): LibraryInfo {
    const info = this.call('C_GetInfo', (library) => library.C_GetInfo());
    return {
      manufacturer: unpadded(info.manufacturerID),
      description: unpadded(info.libraryDescription),
      version: version(info.libraryVersion),
      cryptoki: version(info.cryptokiVersion),
    };
  }

  /** Every slot that holds a token the module recognises, listed anew each time. Throws CryptokiError. */
  tokens(): TokenSlot[] {
    const slots = this.call('C_GetSlotList', (library) => library.C_GetSlotList(true));
    return slots
      .map((bytes) => new SlotHandle(bytes, this.#generation))
      .flatMap((slot) => {
        const info = this.#tokenInfoIfPresent(slot);
        return info === null ? [] : [{ slot, info }];
      });
  }

  #tokenInfoIfPresent(slot: SlotHandle): TokenInfo | null {
    try {
      return this.tokenInfo(slot);
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  /** C_GetTokenInfo. Throws CryptokiError. */
  tokenInfo(slot: SlotHandle): TokenInfo {
    const info = this.call('C_GetTokenInfo', (library) => library.C_GetTokenInfo(this.#open(slot)));
    return {
      label: unpadded(info.label),
      serial: unpadded(info.serialNumber),
      manufacturer: unpadded(info.manufacturerID),
      model: unpadded(info.model),
      firmware: version(info.firmwareVersion),
      flags: info.flags,
      minPin: info.minPinLen,
      maxPin: info.maxPinLen,
    };
  }

  /**
   * C_InitToken. Wipes the token.
   *
   * @param pin security officer PIN; zero afterwards
   * @param label at most 32 bytes of UTF-8; padded with blanks here
   * @throws RangeError for a label that is too long, CryptokiError
   */
  initToken(slot: SlotHandle, pin: Pin, label: string): void {
    const padded = paddedLabel(label);
    this.call('C_InitToken', () => {
      this.pinCalls.initToken(this.#open(slot), pin, padded);
    });
  }

  /** A session that may read and write. The caller closes it. Throws CryptokiError. */
  openSession(slot: SlotHandle): Session {
    const handle = this.call('C_OpenSession', (library) => library.C_OpenSession(this.#open(slot), RW_SERIAL_SESSION));
    this.#sessions += 1;
    return new Session(this, handle, () => {
      this.#sessions -= 1;
    });
  }

  #open(slot: SlotHandle): Buffer {
    return openHandle(slot, this.#generation);
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && /CKR_TOKEN_NOT_(?:PRESENT|RECOGNIZED)|CKR_SLOT_ID_INVALID/.test(error.message);
}

function paddedLabel(label: string): Buffer {
  if (typeof label !== 'string') throw new TypeError(`token label: expected text, got ${typeof label}`);
  const length = Buffer.byteLength(label, 'utf8');
  if (length > LABEL_BYTES) {
    throw new RangeError(`token label: expected at most ${String(LABEL_BYTES)} bytes, got ${String(length)}`);
  }
  return Buffer.from(label + ' '.repeat(LABEL_BYTES - length), 'utf8');
}

function unpadded(text: string): string {
  return text.replace(/[\0 ]+$/, '');
}

function version({ major, minor }: { readonly major: number; readonly minor: number }): string {
  return `${String(major)}.${String(minor)}`;
}
