/** The native companion by itself: wrong arguments are errors of JavaScript, never the end of the process; PINs are wiped. */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { companion, type Companion } from '../../hsm/native/companion';
import { Pkcs11Module } from '../../hsm/pkcs11/module';
import { SOFTHSM, makeStore, type Store } from '../unit/softhsm';

/** Under its other name, p11-kit-proxy.so, it is what Debian offers as one module for all. */
const P11_KIT = '/usr/lib/x86_64-linux-gnu/libp11-kit.so.0';
const OK = 0;
const ARGUMENTS_BAD = 0x7;
const PIN_INCORRECT = 0xa0;
const SESSION_HANDLE_INVALID = 0xb3;

let store: Store;
let native: Companion;
let module: number;
const session = Buffer.alloc(8, 0x55);

beforeAll(() => {
  store = makeStore();
  native = companion();
});
afterAll(() => {
  store.remove();
});

describe('a module', () => {
  it('is shared only when it is loaded already, from that very path', () => {
    expect(() => native.openModule(SOFTHSM)).toThrow(`${SOFTHSM} is not loaded in this process`);
    const loaded = Pkcs11Module.load(SOFTHSM);
    module = native.openModule(SOFTHSM);
    // What pkcs11js does not initialise is not initialised here: one state, not two.
    expect(native.getInfo(module)).toBe(0x190);
    loaded.initialise(null);
    expect(native.getInfo(module)).toBe(OK);
    expect(loaded.takesPins()).toBe(true);
  });

  it.runIf(existsSync(P11_KIT))('is found out where it gives each caller an instance of its own', () => {
    const proxy = Pkcs11Module.load(P11_KIT);
    proxy.initialise(null);
    expect(proxy.takesPins()).toBe(false);
    proxy.finalise();
  });

  it('is not one that lies elsewhere with the same content', () => {
    const copy = join(store.folder, 'copy.so');
    copyFileSync(SOFTHSM, copy);
    expect(() => native.openModule(copy)).toThrow(/is not loaded in this process/);
  });
});

describe('arguments', () => {
  const pin = () => Buffer.from('1234');
  /** One of each kind that JavaScript has. */
  const odd = [undefined, null, true, 1.5, -1, NaN, 1n, 'text', Symbol('s'), {}, [], () => 0, new Uint16Array(4)];

  it.each([
    ['openModule', [SOFTHSM]],
    ['getInfo', [0]],
    ['login', [0, session, 1, pin()]],
    ['initToken', [0, session, pin(), Buffer.alloc(32)]],
    ['initPin', [0, session, pin()]],
    ['setPin', [0, session, pin(), pin()]],
    ['lockMemory', [pin()]],
    ['nameThread', ['x']],
  ] as const)('%s takes what it says and throws for anything else', (name, good) => {
    const call = (...values: unknown[]) => (native[name] as (...all: unknown[]) => unknown)(...values);
    expect(() => call()).toThrow(TypeError);
    expect(() => call(...good, 1)).toThrow(TypeError);
    for (const [at, right] of good.entries()) {
      for (const value of odd) {
        const isPin = right instanceof Uint8Array && right.length === 4 && name !== 'lockMemory';
        if ((value === null && isPin && name !== 'setPin') || (value === 'text' && typeof right === 'string')) continue;
        const values: unknown[] = [...good];
        values[at] = value;
        expect(() => call(...values), `${name}, argument ${String(at)}, a ${typeof value}`).toThrow(/^.+: expected/);
      }
    }
  });

  it('have lengths', () => {
    expect(() => native.login(module, Buffer.alloc(4), 1, pin())).toThrow(
      new RangeError('session: expected 8 bytes, got 4'),
    );
    expect(() => native.login(99, session, 1, pin())).toThrow(RangeError);
    expect(() => native.login(module, session, 3, pin())).toThrow(RangeError);
    expect(() => native.initToken(module, session, pin(), Buffer.alloc(31))).toThrow(RangeError);
    expect(() => native.login(module, session, 1, Buffer.alloc(4097))).toThrow(RangeError);
    expect(() => native.nameThread('x'.repeat(16))).toThrow(RangeError);
    expect(() => native.openModule('/a\0b')).toThrow(RangeError);
    expect(() => native.openModule('relative.so')).toThrow(RangeError);
    expect(() => native.openModule(`/${'x'.repeat(5000)}`)).toThrow(RangeError);
  });

  it('may be arrays whose memory went elsewhere', () => {
    const gone = new Uint8Array(8);
    structuredClone(gone, { transfer: [gone.buffer] });
    expect(() => native.login(module, gone, 1, pin())).toThrow(RangeError);
    expect(native.login(module, session, 1, gone)).toBe(SESSION_HANDLE_INVALID);
  });
});

describe('a PIN', () => {
  it('is zero after the call, which refused it', () => {
    const [one, two] = [Buffer.from('1234'), new Uint8Array(Buffer.from('56789'))];
    expect(native.setPin(module, session, one, two)).toBe(SESSION_HANDLE_INVALID);
    expect([...one, ...two]).toEqual(Array(9).fill(0));
    const short = Buffer.from('1');
    expect(native.initToken(module, Buffer.alloc(8), short, Buffer.alloc(32, 0x20))).toBe(PIN_INCORRECT);
    expect([...short]).toEqual([0]);
  });

  it('that is missing reaches the module as one that is missing, and an empty one does not', () => {
    // SoftHSM2 says CKR_ARGUMENTS_BAD where there is no PIN, and CKR_PIN_INCORRECT where it is too short.
    expect(native.initToken(module, Buffer.alloc(8), null, Buffer.alloc(32, 0x20))).toBe(ARGUMENTS_BAD);
    expect(native.initToken(module, Buffer.alloc(8), new Uint8Array(0), Buffer.alloc(32, 0x20))).toBe(PIN_INCORRECT);
  });
});

describe('memory', () => {
  it('is locked where the system lets it be', () => {
    expect(native.lockMemory(Buffer.alloc(100_000))).toBe(true);
    expect(native.lockMemory(new Uint8Array(0))).toBe(true);
  });
});
