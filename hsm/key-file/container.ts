/** What a key file can be: encrypted PKCS#8 in PEM or DER, or PKCS#12 (RFC 7292) with one encrypted key in it. */
import { TAG, contentOf, derElement, derElements, oidOf } from './der';
import { readEncryptedKey, type EncryptedKey } from './pbes2';
import { notEncrypted, unusable, weak } from './refused';

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----([^]*?)-----END \1-----/g;

const DATA = '1.2.840.113549.1.7.1';
const KEY_BAG = '1.2.840.113549.1.12.10.1.1';
const SHROUDED_KEY_BAG = '1.2.840.113549.1.12.10.1.2';

/**
 * The encrypted key of a key file.
 *
 * @param bytes the whole file
 * @throws KeyFileRefused when it holds none or several, or one that is in clear or badly encrypted
 */
export function encryptedKeyIn(bytes: Buffer): EncryptedKey {
  return bytes[0] === TAG.sequence ? inDer(bytes) : inPem(bytes.toString('latin1'));
}

function inPem(text: string): EncryptedKey {
  const keys = [...text.matchAll(PEM)].filter(([, label = '']) => label.endsWith('PRIVATE KEY'));
  const [key, ...others] = keys;
  if (key === undefined) throw unusable('holds no private key');
  if (others.length > 0) throw unusable('holds several private keys');
  const [, label = '', body = ''] = key;
  // SECURITY(K-97): a key that whoever copies the file can use says nothing about who signed.
  if (label !== 'ENCRYPTED PRIVATE KEY')
    throw body.includes('ENCRYPTED') ? weak('in the old form of OpenSSL') : notEncrypted();
  const base64 = body.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw unusable('is damaged: what is in it is not base64');
  return readEncryptedKey(derElement(Buffer.from(base64, 'base64'), TAG.sequence));
}

function inDer(bytes: Buffer): EncryptedKey {
  const content = derElement(bytes, TAG.sequence);
  const [first, second] = derElements(content);
  if (first?.tag === TAG.sequence) return readEncryptedKey(content);
  if (first?.tag !== TAG.integer) throw unusable('is damaged, or is no key file');
  // A PFX begins with version 3 and a ContentInfo; a PrivateKeyInfo and older keys in clear begin with 0 or 1.
  if (first.content.length === 1 && first.content[0] === 3) return inPkcs12(contentOf(second, TAG.sequence));
  throw notEncrypted();
}

/** @param authSafe content of the ContentInfo. Its integrity is not looked at: the key in it has to be the bound one. */
function inPkcs12(authSafe: Buffer): EncryptedKey {
  const bags = derElements(derElement(dataOf(authSafe) ?? notData(), TAG.sequence))
    .map((info) => dataOf(contentOf(info, TAG.sequence)))
    .filter((safe) => safe !== null)
    .flatMap((safe) => derElements(derElement(safe, TAG.sequence)))
    .map((bag) => derElements(contentOf(bag, TAG.sequence)));
  if (bags.some(([id]) => oidOf(id) === KEY_BAG)) throw notEncrypted();
  const [key, ...others] = bags.filter(([id]) => oidOf(id) === SHROUDED_KEY_BAG);
  if (key === undefined) throw unusable('holds no private key');
  if (others.length > 0) throw unusable('holds several private keys');
  return readEncryptedKey(derElement(contentOf(key[1], TAG.explicit0), TAG.sequence));
}

/** What a ContentInfo of type data holds; null for other types, such as encrypted certificates. */
function dataOf(contentInfo: Buffer): Buffer | null {
  const [type, content] = derElements(contentInfo);
  return oidOf(type) === DATA ? derElement(contentOf(content, TAG.explicit0), TAG.octetString) : null;
}

function notData(): never {
  throw unusable('is a PKCS#12 file signed by a certificate, which is not known here');
}
