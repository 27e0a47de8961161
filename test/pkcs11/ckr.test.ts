import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CKR_NAMES, ckrCode, explainCkr } from '../../hsm/pkcs11/ckr';
import { CryptokiError, isCkr, normaliseError } from '../../hsm/pkcs11/cryptoki-error';

const header = join(dirname(createRequire(import.meta.url).resolve('pkcs11js')), 'includes/pkcs11/pkcs11t.h');

describe('CKR codes', () => {
  it('has every code of the PKCS#11 header that pkcs11js is built with, under its name', () => {
    const defined = [...readFileSync(header, 'utf8').matchAll(/^#define (CKR_\w+)\s+(0x[0-9a-fA-F]+)/gm)];
    expect(defined.length).toBeGreaterThan(85);
    for (const [, name, code] of defined) {
      if (name === undefined || name === 'CKR_VENDOR_DEFINED') continue;
      expect(explainCkr(Number(code)).name, name).toBe(name);
    }
  });

  it('has the codes that came with 3.x', () => {
    expect(explainCkr(0x42).name).toBe('CKR_AEAD_DECRYPT_FAILED');
    expect(explainCkr(0x203).name).toBe('CKR_KEY_EXHAUSTED');
    expect(explainCkr(0x208).name).toBe('CKR_TOKEN_NOT_INITIALIZED');
  });

  it('explains each in words and says what to do, without repeating itself', () => {
    const codes = CKR_NAMES.map((name) => ckrCode(name));
    expect(new Set(codes).size).toBe(codes.length);
    const all = codes.map((code) => explainCkr(code));
    expect(new Set(all.map(({ meaning }) => meaning)).size).toBe(all.length);
    for (const { meaning, next } of all) {
      expect(meaning).toMatch(/^[a-z].*[^.]$/);
      expect(next).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("names vendors' codes and impossible ones by number", () => {
    expect(explainCkr(0x80000042)).toMatchObject({ name: 'CKR_VENDOR_DEFINED+0x42' });
    expect(explainCkr(0x7777).name).toBe('CKR_UNKNOWN_0x00007777');
    expect(() => ckrCode('CKR_NONSENSE')).toThrow(
      new RangeError('CKR name: expected one of PKCS#11, got CKR_NONSENSE'),
    );
  });
});

describe('errors of pkcs11js', () => {
  it('become one kind, whether they carry a code or only name it in the message', () => {
    const withCode = Object.assign(new Error('CKR_PIN_INCORRECT'), { code: 0xa0 });
    expect(normaliseError('C_Login', withCode)).toMatchObject({
      call: 'C_Login',
      code: 0xa0,
      ckr: 'CKR_PIN_INCORRECT',
    });
    const plain = normaliseError('C_CreateObject', new Error('CKR_TEMPLATE_INCOMPLETE:208'));
    expect(plain).toMatchObject({ call: 'C_CreateObject', code: 208, ckr: 'CKR_TEMPLATE_INCOMPLETE' });
    const unknownToPkcs11js = normaliseError('C_Sign', new Error('CKR_VENDOR_DEFINED:27'));
    expect(unknownToPkcs11js).toMatchObject({ ckr: 'CKR_ACTION_PROHIBITED' });
    expect(isCkr(plain, 'CKR_PIN_INCORRECT', 'CKR_TEMPLATE_INCOMPLETE')).toBe(true);
    expect(isCkr(plain, 'CKR_PIN_INCORRECT')).toBe(false);
  });

  it('leaves everything else as it is', () => {
    const type = new TypeError('Argument 1 has wrong type');
    expect(normaliseError('C_Login', type)).toBe(type);
    expect(normaliseError('C_Login', 'text')).toBe('text');
    expect(normaliseError('C_Login', new Error('CKR_X:99999999999'))).not.toBeInstanceOf(CryptokiError);
  });
});
