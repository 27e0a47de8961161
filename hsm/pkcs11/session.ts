/** A session with a token: all calls synchronous (the asynchronous ones of pkcs11js leak and are slower, measured). */
import type { PKCS11 } from 'pkcs11js';
import {
  asBuffer,
  attributeType,
  decodeValue,
  encodeTemplate,
  type AttributeName,
  type AttributeValue,
  type Template,
} from './attributes';
import { secretBytes } from '../secret-bytes';
import { CryptokiError, isCkr } from './cryptoki-error';
import { ObjectHandle, openHandle } from './handles';
import type { Mechanism } from './mechanisms';
import type { Pkcs11Module } from './module';
import type { Pin } from './pin-bytes';
import type { PinRole } from './token-info';

/** A key pair just made. */
export interface KeyPair {
  readonly publicKey: ObjectHandle;
  readonly privateKey: ObjectHandle;
}

const USER_TYPE: Readonly<Record<PinRole, number>> = { 'security-officer': 0, user: 1 };
const FIND_BATCH = 64;
/** Most objects one search may give: a module that claims more is not believed. */
const MAX_FOUND = 10_000;

/** An open session. Every method but `close` throws CryptokiError when the token refuses, RangeError when the session is closed. */
export class Session {
  readonly #module: Pkcs11Module;
  readonly #handle: Buffer;
  readonly #generation: number;
  readonly #closed: () => void;
  readonly #place = Buffer.alloc(4096);
  #isOpen = true;

  /** Use {@link Pkcs11Module.openSession}. */
  constructor(module: Pkcs11Module, handle: Buffer, closed: () => void) {
    this.#module = module;
    this.#handle = handle;
    this.#generation = module.generation;
    this.#closed = closed;
  }

  #call<T>(name: string, make: (library: PKCS11, session: Buffer) => T): T {
    if (!this.#isOpen || this.#generation !== this.#module.generation) {
      throw new RangeError(`${name}: the session is closed`);
    }
    return this.#module.call(name, (library) => make(library, this.#handle));
  }

  #object(handle: ObjectHandle): Buffer {
    return openHandle(handle, this.#generation);
  }

  #found(bytes: Buffer): ObjectHandle {
    return new ObjectHandle(bytes, this.#generation);
  }

  /**
   * Where a call puts a signature or a wrapped key: one place for all of them, since a new one for each costs more than the
   * rest of a call. Nothing secret comes there.
   */
  #room(limit: number): Buffer {
    return limit <= this.#place.length ? this.#place.subarray(0, limit) : Buffer.alloc(limit);
  }

  /** What a call put there, in memory of its own. */
  #given(result: Buffer): Buffer {
    return Buffer.from(result);
  }

  /** C_Login. `pin` is zero afterwards. Never tried twice. */
  login(role: PinRole, pin: Pin): void {
    this.#call('C_Login', (_library, session) => {
      this.#module.pinCalls.login(session, USER_TYPE[role], pin);
    });
  }

  /** C_Logout. */
  logout(): void {
    this.#call('C_Logout', (library, session) => {
      library.C_Logout(session);
    });
  }

  /** C_InitPIN: sets the user PIN; the security officer must be logged in. `pin` is zero afterwards. */
  initPin(pin: Pin): void {
    this.#call('C_InitPIN', (_library, session) => {
      this.#module.pinCalls.initPin(session, pin);
    });
  }

  /** C_SetPIN: changes the PIN of the role that is logged in. Two PINs, zero afterwards, or null for both. */
  setPin(from: Pin, to: Pin): void {
    this.#call('C_SetPIN', (_library, session) => {
      this.#module.pinCalls.setPin(session, from, to);
    });
  }

  /**
   * C_CloseSession; the session is unusable afterwards, even when the call fails, which is not told: a token that was pulled
   * closed its sessions itself, and whoever hears of that instead of what went wrong before has lost the reason. Closing
   * again does nothing.
   */
  close(): void {
    if (!this.#isOpen || this.#generation !== this.#module.generation) return;
    try {
      this.#call('C_CloseSession', (library, session) => {
        library.C_CloseSession(session);
      });
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
    } finally {
      this.#isOpen = false;
      this.#closed();
    }
  }

  /** Every object that matches. Throws RangeError when there are more than 10 000. */
  find(template: Template): ObjectHandle[] {
    const attributes = encodeTemplate(template);
    this.#call('C_FindObjectsInit', (library, session) => {
      library.C_FindObjectsInit(session, attributes);
    });
    const found: ObjectHandle[] = [];
    try {
      for (;;) {
        const batch = this.#call('C_FindObjects', (library, session) => library.C_FindObjects(session, FIND_BATCH));
        if (batch.length === 0) break;
        for (const bytes of batch) found.push(this.#found(bytes));
        if (found.length > MAX_FOUND) throw new RangeError(`search: expected at most ${String(MAX_FOUND)} objects`);
      }
    } catch (error) {
      this.#endSearch({ quietly: true });
      throw error;
    }
    this.#endSearch({ quietly: false });
    return found;
  }

  /** C_FindObjectsFinal; quietly after a failure, which is the error worth telling. */
  #endSearch({ quietly }: { readonly quietly: boolean }): void {
    try {
      this.#call('C_FindObjectsFinal', (library, session) => {
        library.C_FindObjectsFinal(session);
      });
    } catch (error) {
      if (!quietly) throw error;
    }
  }

  /**
   * One attribute. Null when the module does not tell: it is sensitive, unknown to the module, or of impossible form.
   * (One call per attribute, with a fresh object: pkcs11js writes into it, and one unknown attribute fails a whole list.)
   */
  get<N extends AttributeName>(object: ObjectHandle, name: N): AttributeValue<N> | null {
    const asked = [{ type: attributeType(name) }];
    try {
      const told = this.#call('C_GetAttributeValue', (library, session) =>
        library.C_GetAttributeValue(session, this.#object(object), asked),
      );
      const value: unknown = told[0]?.value;
      return value instanceof Uint8Array ? decodeValue(name, value) : null;
    } catch (error) {
      if (isCkr(error, 'CKR_ATTRIBUTE_SENSITIVE', 'CKR_ATTRIBUTE_TYPE_INVALID')) return null;
      throw error;
    }
  }

  /**
   * Several yes-or-no attributes of an object of our own making in one call, for work in which calls count. Null where the
   * module does not tell all of them so: then {@link get} tells which.
   */
  flags<N extends AttributeName>(object: ObjectHandle, names: readonly N[]): Readonly<Record<N, boolean>> | null {
    const asked = names.map((name) => ({ type: attributeType(name) }));
    try {
      const told = this.#call('C_GetAttributeValue', (library, session) =>
        library.C_GetAttributeValue(session, this.#object(object), asked),
      );
      const pairs = names.map((name, place) => {
        const value: unknown = told[place]?.value;
        return [name, value instanceof Uint8Array ? decodeValue(name, value) : null] as const;
      });
      if (!pairs.every(([, value]) => typeof value === 'boolean')) return null;
      return Object.fromEntries(pairs) as unknown as Record<N, boolean>;
    } catch (error) {
      if (isCkr(error, 'CKR_ATTRIBUTE_SENSITIVE', 'CKR_ATTRIBUTE_TYPE_INVALID')) return null;
      throw error;
    }
  }

  /** C_CreateObject. */
  create(template: Template): ObjectHandle {
    const attributes = encodeTemplate(template);
    return this.#found(this.#call('C_CreateObject', (library, session) => library.C_CreateObject(session, attributes)));
  }

  /** C_CopyObject: a copy with these attributes changed. */
  copy(object: ObjectHandle, template: Template): ObjectHandle {
    const attributes = encodeTemplate(template);
    return this.#found(
      this.#call('C_CopyObject', (library, session) => library.C_CopyObject(session, this.#object(object), attributes)),
    );
  }

  /** C_SetAttributeValue. */
  set(object: ObjectHandle, template: Template): void {
    const attributes = encodeTemplate(template);
    this.#call('C_SetAttributeValue', (library, session) => {
      library.C_SetAttributeValue(session, this.#object(object), attributes);
    });
  }

  /** C_DestroyObject. */
  destroy(object: ObjectHandle): void {
    this.#call('C_DestroyObject', (library, session) => {
      library.C_DestroyObject(session, this.#object(object));
    });
  }

  /** C_GenerateKey. */
  generateKey(mechanism: Mechanism, template: Template): ObjectHandle {
    const attributes = encodeTemplate(template);
    return this.#found(
      this.#call('C_GenerateKey', (library, session) => library.C_GenerateKey(session, mechanism, attributes)),
    );
  }

  /** C_GenerateKeyPair. */
  generateKeyPair(mechanism: Mechanism, publicTemplate: Template, privateTemplate: Template): KeyPair {
    const [forPublic, forPrivate] = [encodeTemplate(publicTemplate), encodeTemplate(privateTemplate)];
    const made = this.#call('C_GenerateKeyPair', (library, session) =>
      library.C_GenerateKeyPair(session, mechanism, forPublic, forPrivate),
    );
    return { publicKey: this.#found(made.publicKey), privateKey: this.#found(made.privateKey) };
  }

  /** C_Sign; the signature or MAC has at most `limit` bytes. */
  sign(mechanism: Mechanism, key: ObjectHandle, data: Uint8Array, limit = 1024): Buffer {
    this.#call('C_SignInit', (library, session) => {
      library.C_SignInit(session, mechanism, this.#object(key));
    });
    return this.#given(
      this.#call('C_Sign', (library, session) => library.C_Sign(session, asBuffer(data), this.#room(limit))),
    );
  }

  /** C_Verify; false when the token says that the signature or MAC does not hold. */
  verify(mechanism: Mechanism, key: ObjectHandle, data: Uint8Array, signature: Uint8Array): boolean {
    this.#call('C_VerifyInit', (library, session) => {
      library.C_VerifyInit(session, mechanism, this.#object(key));
    });
    try {
      this.#call('C_Verify', (library, session) => library.C_Verify(session, asBuffer(data), asBuffer(signature)));
      return true;
    } catch (error) {
      if (isCkr(error, 'CKR_SIGNATURE_INVALID', 'CKR_SIGNATURE_LEN_RANGE')) return false;
      throw error;
    }
  }

  /** C_Encrypt; the result has at most `limit` bytes. */
  encrypt(mechanism: Mechanism, key: ObjectHandle, data: Uint8Array, limit = 1024): Buffer {
    this.#call('C_EncryptInit', (library, session) => {
      library.C_EncryptInit(session, mechanism, this.#object(key));
    });
    return this.#call('C_Encrypt', (library, session) =>
      library.C_Encrypt(session, asBuffer(data), Buffer.alloc(limit)),
    );
  }

  /** C_Decrypt; the result has at most `limit` bytes, and the caller zeroes it. */
  decrypt(mechanism: Mechanism, key: ObjectHandle, data: Uint8Array, limit = 1024): Buffer {
    this.#call('C_DecryptInit', (library, session) => {
      library.C_DecryptInit(session, mechanism, this.#object(key));
    });
    const room = secretBytes(limit);
    try {
      const result = this.#call('C_Decrypt', (library, session) => library.C_Decrypt(session, asBuffer(data), room));
      const own = secretBytes(result.length);
      result.copy(own);
      result.fill(0);
      return own;
    } finally {
      room.fill(0);
    }
  }

  /** C_WrapKey; the wrapped key has at most `limit` bytes. */
  wrap(mechanism: Mechanism, wrapping: ObjectHandle, key: ObjectHandle, limit = 4096): Buffer {
    return this.#given(
      this.#call('C_WrapKey', (library, session) =>
        library.C_WrapKey(session, mechanism, this.#object(wrapping), this.#object(key), this.#room(limit)),
      ),
    );
  }

  /** C_UnwrapKey. */
  unwrap(mechanism: Mechanism, unwrapping: ObjectHandle, wrapped: Uint8Array, template: Template): ObjectHandle {
    const attributes = encodeTemplate(template);
    return this.#found(
      this.#call('C_UnwrapKey', (library, session) =>
        library.C_UnwrapKey(session, mechanism, this.#object(unwrapping), asBuffer(wrapped), attributes),
      ),
    );
  }

  /** C_DeriveKey. */
  derive(mechanism: Mechanism, base: ObjectHandle, template: Template): ObjectHandle {
    const attributes = encodeTemplate(template);
    return this.#found(
      this.#call('C_DeriveKey', (library, session) =>
        library.C_DeriveKey(session, mechanism, this.#object(base), attributes),
      ),
    );
  }

  /** C_GenerateRandom. The bytes may be secret: whoever asks zeroes them. */
  random(length: number): Buffer {
    return this.#call('C_GenerateRandom', (library, session) => library.C_GenerateRandom(session, secretBytes(length)));
  }
}
