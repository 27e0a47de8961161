import {
  constants,
  createDecipheriv,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkValueOf } from '../../hsm/shares/key-check';
import { OneTimeKey } from '../../hsm/shares/transport';

const target = generateKeyPairSync('rsa', { modulusLength: 2048 });
const to = {
  spki: target.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  bits: 2048,
  oaep: 'sha256' as const,
};
const rootKey = randomBytes(32);
const checkValue = checkValueOf(rootKey, 'aes-cmac');
const nonce = randomBytes(12);

/** What the token's C_WrapKey does. */
async function wrapTo(key: OneTimeKey, secret: Buffer, hash = 'sha1'): Promise<string> {
  const { spki } = await key.publicKey('sha1');
  const publicKey = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  return publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash }, secret).toString(
    'base64',
  );
}

describe('re-wrapping', () => {
  it('gives the target the key, and the nonce under it', async () => {
    const key = new OneTimeKey();
    expect(await key.publicKey('sha1')).toMatchObject({ bits: 3072, oaep: 'sha1' });
    const wrapped = await wrapTo(key, rootKey);
    const made = await key.rewrap({
      wrapped,
      checkValue,
      to,
      form: 'oaep',
      nonce: { value: nonce.toString('base64'), by: 'aes-gcm' },
    });
    const opened = privateDecrypt(
      { key: target.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
      Buffer.from(made.payload, 'base64'),
    );
    expect(opened.equals(rootKey)).toBe(true);
    const sealed = Buffer.from(made.nonce?.encryptedNonce ?? '', 'base64');
    expect(sealed).toHaveLength(28);
    const decipher = createDecipheriv('aes-256-gcm', rootKey, Buffer.from(made.nonce?.iv ?? '', 'base64'), {
      authTagLength: 16,
    });
    decipher.setAuthTag(sealed.subarray(12));
    expect(Buffer.concat([decipher.update(sealed.subarray(0, 12)), decipher.final()]).equals(nonce)).toBe(true);
    await expect(key.rewrap({ wrapped, checkValue, to, form: 'oaep', nonce: null })).rejects.toMatchObject({
      code: 'TRANSPORT_KEY_MISSING',
    });
    await expect(Promise.resolve().then(() => key.publicKey('sha1'))).rejects.toMatchObject({
      code: 'TRANSPORT_KEY_MISSING',
    });
  });

  it('takes a check value by HMAC, and leaves the nonce out where the token encrypted it', async () => {
    const key = new OneTimeKey();
    const value = createHmac('sha256', rootKey).update(Buffer.alloc(16)).digest('hex').slice(0, 10);
    const wrapped = await wrapTo(key, rootKey);
    const made = await key.rewrap({
      wrapped,
      checkValue: { algorithm: 'hmac-sha256', value },
      to: { ...to, oaep: 'sha1' },
      form: 'oaep',
      nonce: null,
    });
    expect(made.nonce).toBeNull();
    const opened = privateDecrypt(
      { key: target.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      Buffer.from(made.payload, 'base64'),
    );
    expect(opened.equals(rootKey)).toBe(true);
  });

  it.each([
    ['another key', randomBytes(32), 'sha1', checkValue, 'is a key with another check value'],
    ['a key of 16 bytes', randomBytes(16), 'sha1', checkValue, 'is a key of 16 bytes, and 32 were expected'],
    ['with another hash', rootKey, 'sha256', checkValue, 'cannot be decrypted'],
    [
      'a check value by ECB',
      rootKey,
      'sha1',
      { algorithm: 'aes-ecb' as const, value: '010203' },
      'check value by aes-ecb',
    ],
    [
      'an all-zero check value',
      rootKey,
      'sha1',
      { algorithm: 'aes-cmac' as const, value: '0000000000' },
      'another check value',
    ],
  ])('refuses %s', async (_what, secret, hash, expected, message) => {
    const key = new OneTimeKey();
    const wrapped = await wrapTo(key, secret, hash);
    await expect(key.rewrap({ wrapped, checkValue: expected, to, form: 'oaep', nonce: null })).rejects.toMatchObject({
      code: 'TRANSPORT_WRONG',
      uncertain: false,
      message: expect.stringContaining(message) as string,
    });
  });

  it('refuses a target key that is too small or no RSA key', async () => {
    const key = new OneTimeKey();
    const wrapped = await wrapTo(key, rootKey);
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
      .publicKey.export({ format: 'der', type: 'spki' })
      .toString('base64');
    await expect(
      key.rewrap({ wrapped, checkValue, to: { spki: small, bits: 1024, oaep: 'sha256' }, form: 'oaep', nonce: null }),
    ).rejects.toMatchObject({
      code: 'RSA_KEY_UNFIT',
      message: expect.stringContaining('expected at least 2048 bits, got 1024') as string,
    });
    const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      .publicKey.export({ format: 'der', type: 'spki' })
      .toString('base64');
    const other = new OneTimeKey();
    const again = await wrapTo(other, rootKey);
    await expect(
      other.rewrap({
        wrapped: again,
        checkValue,
        to: { spki: ec, bits: 2048, oaep: 'sha256' },
        form: 'oaep',
        nonce: null,
      }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('expected rsa, got ec') as string,
    });
  });
});
