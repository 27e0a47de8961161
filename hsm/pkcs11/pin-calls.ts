/** The four calls that take a PIN, past pkcs11js, which has PINs as strings only: by the native companion, on the module that it loaded. */
import { companion, type Companion, type ModuleNumber } from '../native/companion';
import { CryptokiError } from './cryptoki-error';
import { checkPin, type Pin } from './pin-bytes';

const CKR_OK = 0;

/** Calls with PINs to one module. Each throws CryptokiError when it does not return CKR_OK, and zeroes its PINs whatever happens. */
export class PinCalls {
  readonly #native: Companion;
  readonly #module: ModuleNumber;

  /**
   * @param path absolute path that pkcs11js loaded the module from
   * @throws Error when the companion cannot be loaded, or that module is not
   */
  constructor(path: string) {
    this.#native = companion();
    this.#module = this.#native.openModule(path);
  }

  /** Whether what pkcs11js initialised is initialised here: p11-kit's proxy gives every caller an instance of its own. */
  isShared(): boolean {
    return this.#native.getInfo(this.#module) === CKR_OK;
  }

  login(session: Buffer, userType: number, pin: Pin): void {
    this.#with([pin], () => {
      told('C_Login', this.#native.login(this.#module, session, userType, pin));
    });
  }

  /** @param label 32 bytes, padded with blanks */
  initToken(slot: Buffer, pin: Pin, label: Uint8Array): void {
    this.#with([pin], () => {
      told('C_InitToken', this.#native.initToken(this.#module, slot, pin, label));
    });
  }

  initPin(session: Buffer, pin: Pin): void {
    this.#with([pin], () => {
      told('C_InitPIN', this.#native.initPin(this.#module, session, pin));
    });
  }

  /** Both PINs, or null for both. */
  setPin(session: Buffer, from: Pin, to: Pin): void {
    this.#with([from, to], () => {
      told('C_SetPIN', this.#native.setPin(this.#module, session, from, to));
    });
  }

  #with(pins: readonly Pin[], call: () => void): void {
    try {
      for (const pin of pins) checkPin(pin);
      call();
    } finally {
      // SECURITY(K-192): the companion wipes what it was given; this is for a PIN that never got there.
      for (const pin of pins) pin?.fill(0);
    }
  }
}

function told(call: string, rv: number): void {
  if (rv !== CKR_OK) throw new CryptokiError(call, rv);
}
