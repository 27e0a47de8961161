import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attributeType, decodeValue, encodeTemplate, type Template } from '../../hsm/pkcs11/attributes';
import { aesCbc, aesGcm } from '../../hsm/pkcs11/mechanisms';
import { checkPin, samePinAgain } from '../../hsm/pkcs11/pin-bytes';

/** Whatever a caller in JavaScript may hand over. */
const wrong = (template: object): Template => template;

describe('templates', () => {
  it('become what pkcs11js takes', () => {
    const bytes = Uint8Array.of(1, 2, 3).subarray(1);
    expect(encodeTemplate({ CKA_CLASS: 4, CKA_TOKEN: true, CKA_LABEL: 'ä', CKA_ID: bytes })).toEqual([
      { type: 0, value: 4 },
      { type: 1, value: true },
      { type: 3, value: Buffer.from('ä', 'utf8') },
      { type: 0x102, value: Buffer.from([2, 3]) },
    ]);
  });

  it.each([
    ['a bigint', { CKA_CLASS: 4n }, 'CKA_CLASS: expected a number, got bigint'],
    ['an object', { CKA_ID: {} }, 'CKA_ID: expected bytes, got object'],
    ['undefined', { CKA_TOKEN: undefined }, 'CKA_TOKEN: expected a boolean, got undefined'],
    ['null', { CKA_LABEL: null }, 'CKA_LABEL: expected text, got object'],
    ['a number for a flag', { CKA_TOKEN: 1 }, 'CKA_TOKEN: expected a boolean, got number'],
    ['text for bytes', { CKA_ID: '00' }, 'CKA_ID: expected bytes, got string'],
  ])('refuse %s, which would end the process in pkcs11js', (_what, template, message) => {
    expect(() => encodeTemplate(wrong(template))).toThrow(new TypeError(message));
  });

  it('refuse numbers that pkcs11js would cut, and names that do not exist', () => {
    for (const value of [-1, 1.5, 2 ** 32, NaN, Infinity]) {
      expect(() => encodeTemplate({ CKA_CLASS: value })).toThrow(RangeError);
    }
    expect(() => encodeTemplate(wrong({ CKA_NONSENSE: true }))).toThrow(
      new RangeError('attribute: expected a known name, got CKA_NONSENSE'),
    );
    expect(() => encodeTemplate(wrong({ toString: true }))).toThrow(RangeError);
    expect(attributeType('CKA_EXTRACTABLE')).toBe(0x162);
  });
});

describe('values told by a module', () => {
  it('are null unless they can be a value of the attribute', () => {
    expect(decodeValue('CKA_TOKEN', Buffer.from([1]))).toBe(true);
    expect(decodeValue('CKA_TOKEN', Buffer.alloc(8))).toBeNull();
    expect(decodeValue('CKA_CLASS', Buffer.from('0400000000000000', 'hex'))).toBe(4);
    expect(decodeValue('CKA_CLASS', Buffer.alloc(8, 0xff))).toBeNull();
    expect(decodeValue('CKA_CLASS', Buffer.alloc(4, 0xff))).toBeNull();
    expect(decodeValue('CKA_CLASS', Buffer.alloc(3))).toBeNull();
    expect(decodeValue('CKA_VALUE', Buffer.alloc(1024 * 1024 + 1))).toBeNull();
  });

  it('never throw, and have the right type', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(['boolean', 'object']).toContain(typeof decodeValue('CKA_TOKEN', bytes));
        const number = decodeValue('CKA_CLASS', bytes);
        expect(number === null || Number.isSafeInteger(number)).toBe(true);
        expect(typeof decodeValue('CKA_LABEL', bytes)).toBe('string');
      }),
    );
  });
});

describe('mechanism parameters and PINs', () => {
  it('refuse wrong lengths and types', () => {
    expect(() => aesCbc(new Uint8Array(12))).toThrow(new RangeError('AES-CBC IV: expected 16 bytes, got 12'));
    expect(() => aesGcm('iv' as unknown as Uint8Array, 'v2.40')).toThrow(TypeError);
  });

  it('take PINs as UTF-8 bytes only, without a NUL', () => {
    const check = (pin: unknown) => () => {
      checkPin(pin as Uint8Array);
    };
    expect(check(Buffer.from('pä', 'utf8'))).not.toThrow();
    expect(check(null)).not.toThrow();
    expect(check(Uint8Array.of(0xff))).toThrow(new RangeError('PIN: expected UTF-8'));
    expect(check(Buffer.from('12\x0034'))).toThrow(new RangeError('PIN: expected no NUL'));
    for (const wrong of ['1234', undefined, new Uint16Array(4), [1, 2]]) {
      expect(check(wrong)).toThrow(new TypeError('PIN: expected bytes'));
    }
  });

  it('copy a PIN into memory of its own', () => {
    const pin = Buffer.from('1234');
    const again = samePinAgain(pin);
    pin.fill(0);
    expect(again).toEqual(Buffer.from('1234'));
    expect(again?.buffer.byteLength).toBe(4);
    expect(samePinAgain(null)).toBeNull();
  });
});
