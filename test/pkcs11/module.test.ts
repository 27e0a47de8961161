/** The layer on a real SoftHSM2: what would end the process is an ordinary error here. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLASS, KEY_TYPE } from '../../hsm/pkcs11/attributes';
import { CryptokiError } from '../../hsm/pkcs11/cryptoki-error';
import { ObjectHandle, type SlotHandle } from '../../hsm/pkcs11/handles';
import { plain } from '../../hsm/pkcs11/mechanisms';
import { Pkcs11Module } from '../../hsm/pkcs11/module';
import { isInitialised, pinFlags, pinWarning } from '../../hsm/pkcs11/token-info';
import type { Session } from '../../hsm/pkcs11/session';
import { writeFileSync } from 'node:fs';
import { SOFTHSM, makeStore, type Store } from '../unit/softhsm';

// New bytes each time: a call zeroes what it is given.
const officerPin = () => Buffer.from('officer-pin');
const userPin = () => Buffer.from('user-pin');

let store: Store;
let module: Pkcs11Module;
let slot: SlotHandle;
let session: Session;

function blankSlot(): SlotHandle {
  const blank = module.tokens().find(({ info }) => !isInitialised(info));
  if (blank === undefined) throw new Error('SoftHSM2 shows no blank token');
  return blank.slot;
}

beforeAll(() => {
  store = makeStore();
  module = Pkcs11Module.load(SOFTHSM);
});
afterAll(() => {
  store.remove();
});

describe('the life of a module', () => {
  it('allows no call before it is initialised, no second initialisation, no second load', () => {
    expect(() => module.info()).toThrow(new RangeError('C_GetInfo: the module is not initialised'));
    module.initialise(null);
    expect(() => {
      module.initialise(null);
    }).toThrow(new RangeError('C_Initialize: the module is initialised already'));
    expect(() => Pkcs11Module.load(SOFTHSM)).toThrow(/is loaded already in this process/);
  });

  it('says why a file cannot be loaded, and does not try it again', () => {
    const file = join(store.folder, 'no-module.so');
    writeFileSync(file, 'text');
    expect(() => Pkcs11Module.load(file)).toThrow(/no-module\.so/);
    expect(() => Pkcs11Module.load(file)).toThrow(RangeError);
  });

  it('allows no call within another, above all no finalisation', () => {
    expect(() =>
      module.call('C_GetInfo', () => {
        module.finalise();
      }),
    ).toThrow(new RangeError('C_Finalize: C_GetInfo is still going on'));
    expect(module.info().manufacturer).toBe('SoftHSM');
  });

  it('makes old handles and sessions void when it is initialised again', () => {
    const before = blankSlot();
    module.initToken(before, officerPin(), 'OLD');
    const old = module.openSession(before);
    module.finalise();
    expect(() => module.tokens()).toThrow(RangeError);
    module.initialise(null);
    expect(() => module.tokenInfo(before)).toThrow(/from before the module was initialised again/);
    expect(() => old.random(8)).toThrow(/the session is closed/);
    old.close();
    expect(module.openSessions).toBe(0);
  });
});

describe('tokens and PINs', () => {
  it('pads labels to 32 bytes and refuses longer ones', () => {
    slot = blankSlot();
    expect(() => {
      module.initToken(slot, officerPin(), 'x'.repeat(33));
    }).toThrow(new RangeError('token label: expected at most 32 bytes, got 33'));
    module.initToken(slot, officerPin(), 'Prüf');
    expect(module.tokenInfo(slot).label).toBe('Prüf');
    expect(store.tool('--list-token-slots')).toContain('Prüf');
  });

  it('shows how near a PIN is to being locked, and nothing of a blank token', () => {
    const officer = module.openSession(slot);
    officer.login('security-officer', officerPin());
    officer.initPin(userPin());
    officer.logout();
    expect(() => {
      officer.login('user', Buffer.from('wrong-pin'));
    }).toThrow(CryptokiError);
    expect(pinWarning(module.tokenInfo(slot), 'user')).toBe('count-low');
    expect(pinFlags(module.tokenInfo(slot))).toEqual(['user-count-low']);
    expect(pinFlags(module.tokenInfo(blankSlot()))).toEqual([]);
    officer.login('user', userPin());
    expect(pinWarning(module.tokenInfo(slot), 'user')).toBeNull();
    session = officer;
  });
});

describe('objects', () => {
  it('survive wrong types, wrong handles and unknown attributes', () => {
    expect(() => session.create({ CKA_CLASS: {} as unknown as number })).toThrow(TypeError);
    expect(() => session.create({ CKA_CLASS: CLASS['secret-key'] })).toThrow(CryptokiError);
    expect(() => session.get(JSON.parse('{}') as ObjectHandle, 'CKA_CLASS')).toThrow(
      new TypeError('handle: expected one of ours'),
    );
    const stranger = new ObjectHandle(Buffer.alloc(8, 0x77), module.generation);
    expect(() => session.get(stranger, 'CKA_CLASS')).toThrow(/CKR_OBJECT_HANDLE_INVALID/);
  });

  it('tell attributes one at a time, null where the token does not tell', () => {
    const key = session.generateKey(plain('CKM_AES_KEY_GEN'), {
      CKA_TOKEN: false,
      CKA_SENSITIVE: true,
      CKA_EXTRACTABLE: false,
      CKA_VALUE_LEN: 32,
      CKA_LABEL: 'k',
      CKA_ID: Buffer.from([7]),
    });
    expect(session.get(key, 'CKA_KEY_TYPE')).toBe(KEY_TYPE.aes);
    expect(session.get(key, 'CKA_LABEL')).toBe('k');
    expect(session.get(key, 'CKA_VALUE')).toBeNull();
    expect(session.get(key, 'CKA_MODULUS')).toBeNull();
    expect(session.find({ CKA_LABEL: 'k' })).toHaveLength(1);
    session.destroy(key);
    expect(session.find({ CKA_LABEL: 'k' })).toHaveLength(0);
  });

  it('are all found, however many there are', () => {
    for (let made = 0; made < 150; made += 1) {
      session.create({ CKA_CLASS: CLASS.data, CKA_TOKEN: false, CKA_LABEL: 'many', CKA_VALUE: Buffer.from([made]) });
    }
    const values = session.find({ CKA_LABEL: 'many' }).map((object) => session.get(object, 'CKA_VALUE')?.[0]);
    expect(new Set(values).size).toBe(150);
  });

  it('are not searched twice at once: a failed search ends itself', () => {
    expect(() => session.find({ CKA_CLASS: 'x' as unknown as number })).toThrow(TypeError);
    expect(session.find({ CKA_LABEL: 'none' })).toEqual([]);
  });
});
