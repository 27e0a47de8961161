/**
 * A CMS message (RFC 5652 EnvelopedData) that holds a key: content encrypted by AES-256-CBC under a one-time key, which lies
 * under RSAES-OAEP (RFC 4055) for one recipient, named by the SHA-1 of the public key (RFC 5280 4.2.1.2, method 1).
 * `openssl cms -decrypt` reads it. Definite lengths only: it is DER.
 */
import { createCipheriv, createHash, randomBytes, type KeyObject } from 'node:crypto';
import { oaepEncrypt, type OaepHash } from './oaep';

const KEY = 32;
const BLOCK = 16;

const OID = {
  data: '06092a864886f70d010701',
  envelopedData: '06092a864886f70d010703',
  rsaesOaep: '06092a864886f70d010107',
  mgf1: '06092a864886f70d010108',
  aes256Cbc: '060960864801650304012a',
  sha256: '0609608648016503040201',
  sha1: '06052b0e03021a',
} as const;

/** Version of both EnvelopedData and recipient: 2, since the recipient is named by a key identifier. */
const VERSION = Buffer.from('020102', 'hex');

/**
 * Encrypts a key to one recipient.
 *
 * @param publicKey RSA
 * @param hash of OAEP and of its MGF1
 * @returns DER of a ContentInfo
 */
export function envelopedData(publicKey: KeyObject, hash: OaepHash, secret: Uint8Array): Buffer {
  const contentKey = randomBytes(KEY);
  const iv = randomBytes(BLOCK);
  try {
    const cipher = createCipheriv('aes-256-cbc', contentKey, iv);
    const content = Buffer.concat([cipher.update(secret), cipher.final()]);
    const recipient = der(
      0x30,
      VERSION,
      der(0x80, keyIdentifier(publicKey)),
      oaepAlgorithm(hash),
      der(0x04, oaepEncrypt(publicKey, hash, contentKey)),
    );
    const encrypted = der(0x30, oid('data'), der(0x30, oid('aes256Cbc'), der(0x04, iv)), der(0x80, content));
    const enveloped = der(0x30, VERSION, der(0x31, recipient), encrypted);
    return der(0x30, oid('envelopedData'), der(0xa0, enveloped));
  } finally {
    contentKey.fill(0);
  }
}

/** subjectKeyIdentifier, 20 bytes: SHA-1 of the DER RSAPublicKey. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(publicKey.export({ format: 'der', type: 'pkcs1' }))
    .digest();
}

/** Parameters in full, the defaults of SHA-1 too: RFC 4055 lets them be left out, and takes them. */
function oaepAlgorithm(hash: OaepHash): Buffer {
  const hashAlgorithm = der(0x30, oid(hash), Buffer.from('0500', 'hex'));
  const mask = der(0x30, oid('mgf1'), hashAlgorithm);
  return der(0x30, oid('rsaesOaep'), der(0x30, der(0xa0, hashAlgorithm), der(0xa1, mask)));
}

function oid(name: keyof typeof OID): Buffer {
  return Buffer.from(OID[name], 'hex');
}

/** One element with a tag of one byte; at most 64 KiB. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
