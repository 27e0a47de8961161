import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import {
  KeyPackageError,
  buildKeyPackage,
  keyPackageFile,
  keyPackageFileName,
  keyPackageSha256,
  readKeyPackage,
} from '../../ceremony/keypackage/key-package';
import {
  ReceiptError,
  readReceipt,
  receiptFile,
  receiptSignedBy,
  receiptToSign,
  type Receipt,
} from '../../ceremony/keypackage/receipt';
import { PAIR, jsonBytes, samplePackage, sampleParameters } from './sample';

const parameters = sampleParameters(PAIR.publicKey);
const good = samplePackage(parameters, randomBytes(32));

describe('key packages', () => {
  test('what is written is read, and its hash is that of the bytes', () => {
    const file = keyPackageFile(good);
    expect(readKeyPackage(file)).toEqual(good);
    expect(keyPackageSha256(file)).toBe(createHash('sha256').update(file).digest('hex'));
  });

  test('takes over place, purpose and expiry from the parameters', () => {
    expect(good.service).toEqual(parameters.service);
    expect(good.purpose).toEqual(parameters.purpose);
    expect(good.expires).toBe(parameters.expires);
    expect(good.publicKeySha256).toBe(parameters.publicKeySha256);
    expect(good.fields.encryptionAlgorithm).toBe('RSAES_OAEP_SHA_256');
    expect(good.fields.payload).toHaveLength(684);
    expect(good.fields.iv).toHaveLength(16);
    expect(good.fields.encryptedNonce).toHaveLength(40);
  });

  test('is in RFC 8785 form', () => {
    const text = Buffer.from(keyPackageFile(good)).toString();
    expect(text.startsWith('{"algorithm":"RSAES_OAEP_SHA_256","ceremony":"ceremony-1","checkValue":{"algorithm"')).toBe(
      true,
    );
    expect(text.endsWith('}\n')).toBe(true);
  });

  test('parts of a wrong size are refused by name', () => {
    const parts = {
      parameters,
      wrapped: good.fields.payload,
      iv: good.fields.iv,
      encryptedNonce: good.fields.encryptedNonce,
      checkValue: good.checkValue,
      wrappedIn: 'token' as const,
      ceremony: 'ceremony-1',
      line: 57,
    };
    expect(() => buildKeyPackage({ ...parts, wrapped: 'AAAA' })).toThrow(
      'key package: fields.payload: expected 684 characters (512 bytes) of base64',
    );
    expect(() => buildKeyPackage({ ...parts, iv: 'AAAA' })).toThrow('key package: fields.iv: expected 16 characters');
    expect(() => buildKeyPackage({ ...parts, encryptedNonce: 'AAAA' })).toThrow('key package: fields.encryptedNonce: ');
    expect(() => buildKeyPackage({ ...parts, checkValue: { algorithm: 'aes-ecb', value: 'abcdef' } })).toThrow(
      'key package: checkValue.algorithm: expected "aes-cmac", got "aes-ecb"',
    );
    expect(() => buildKeyPackage({ ...parts, checkValue: { algorithm: 'aes-cmac', value: '0000000000' } })).toThrow(
      'key package: checkValue.value: ',
    );
    expect(() => buildKeyPackage({ ...parts, line: -1 })).toThrow(KeyPackageError);
    expect(() => buildKeyPackage({ ...parts, ceremony: 'No Id' })).toThrow('key package: ceremony: expected an id');
  });

  test('file names come from ids only', () => {
    expect(keyPackageFileName('root-key-1')).toBe('root-key-1.keypackage.json');
    for (const name of ['../x', 'a b', '', 'X']) expect(() => keyPackageFileName(name)).toThrow(RangeError);
  });

  test('fuzzing: nothing but KeyPackageError', () => {
    const only = (bytes: Uint8Array): void => {
      try {
        readKeyPackage(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(KeyPackageError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), only));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good)), fc.jsonValue(), (member, value) => {
        only(jsonBytes({ ...good, [member]: value }));
      }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good.fields)), fc.jsonValue(), (member, value) => {
        only(jsonBytes({ ...good, fields: { ...good.fields, [member]: value } }));
      }),
    );
  });
});

describe('receipts', () => {
  const receipt: Receipt = {
    format: 'keyrite-receipt/1',
    ceremony: 'ceremony-1',
    package: { sha256: keyPackageSha256(keyPackageFile(good)) },
    target: 'ibm-key-protect',
    service: good.service,
    purpose: good.purpose,
    publicKeySha256: good.publicKeySha256,
    key: { id: '1d6a2f10-0000-4000-8000-000000000002', version: null },
    outcome: 'accepted',
    at: '2026-11-23T12:00:00.000Z',
    response: { status: 201, sha256: 'ab'.repeat(32), correlation: 'c-1' },
    signature: null,
  };

  test('what is written is read', () => {
    expect(readReceipt(receiptFile(receipt))).toEqual(receipt);
    expect(readReceipt(receiptFile({ ...receipt, mode: 'production' }))).toEqual({ ...receipt, mode: 'production' });
  });

  test("a collector's signature holds over the whole receipt but itself", () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const value = sign(null, receiptToSign(receipt), privateKey).toString('base64');
    const signed: Receipt = { ...receipt, signature: { by: 'collector-1', algorithm: 'ed25519', value } };
    expect(receiptSignedBy(readReceipt(receiptFile(signed)), { algorithm: 'ed25519', spki })).toBe(true);
    expect(receiptSignedBy({ ...signed, outcome: 'found' }, { algorithm: 'ed25519', spki })).toBe(false);
    expect(receiptSignedBy(receipt, { algorithm: 'ed25519', spki })).toBe(false);
  });

  test('a failure is no receipt', () => {
    expect(() => readReceipt(jsonBytes({ ...receipt, response: { ...receipt.response, status: 409 } }))).toThrow(
      /^receipt: response\.status: /,
    );
  });

  test('fuzzing: nothing but ReceiptError', () => {
    const only = (bytes: Uint8Array): void => {
      try {
        readReceipt(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(ReceiptError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), only));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(receipt)), fc.jsonValue(), (member, value) => {
        only(jsonBytes({ ...receipt, [member]: value }));
      }),
    );
  });
});
