/**
 * Known answers of every algorithm in use, on the runtime it is started in: Node's OpenSSL and Electron's BoringSSL
 * differ, so what holds in one is not taken for granted in the other. Takes a few milliseconds.
 */
import {
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';
import { aeskw } from '@noble/ciphers/aes.js';
import {
  ecdsaDer,
  isValidSignature,
  preAuthenticationEncoding,
  type SignatureAlgorithm,
} from '../ceremony/command/dsse';
import {
  OAEP_SHA1_CIPHERTEXT,
  OAEP_SHA256_CIPHERTEXT,
  PSS_SIGNATURE,
  TEST_RSA_PRIVATE,
  TEST_RSA_PUBLIC,
} from './self-test-rsa';
import { KEY_WRAP } from './pkcs11/probe-vectors';
import { encryptAesGcm } from './shares/aes-gcm';
import { checkDigits } from './shares/check-digits';
import { commitToShare } from './shares/commitment';
import { combineComponents, splitIntoComponents } from './shares/components';
import { hkdfSha256 } from './shares/entropy';
import { aesCmac, verificationPattern } from './shares/key-check';
import { oaepDecrypt, oaepEncrypt, type OaepHash } from './shares/oaep';

/** What one known answer came to. */
export interface SelfTestResult {
  readonly name: string;
  /** Where the answer was published. */
  readonly source: string;
  readonly ok: boolean;
}

interface KnownAnswer {
  readonly name: string;
  readonly source: string;
  readonly holds: () => boolean;
}

/** Computes every known answer. Never throws: an algorithm that the runtime lacks is one whose answer does not hold. */
export function selfTest(): SelfTestResult[] {
  return KNOWN_ANSWERS.map(({ name, source, holds }) => ({ name, source, ok: succeeds(holds) }));
}

function succeeds(holds: () => boolean): boolean {
  try {
    return holds();
  } catch {
    return false;
  }
}

const bytes = (hexDigits: string): Buffer => Buffer.from(hexDigits, 'hex');
const base64 = (text: string): Buffer => Buffer.from(text, 'base64');
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const equal = (got: Uint8Array, expectedHex: string): boolean => Buffer.from(got).toString('hex') === expectedHex;

const AES_256_KEY = '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4';
const FIRST_BLOCK = '6bc1bee22e409f96e93d7e117393172a';

const KNOWN_ANSWERS: readonly KnownAnswer[] = [
  {
    name: 'SHA-256',
    source: 'FIPS 180-4, "abc"',
    holds: () => sha256(Buffer.from('abc')) === 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  },
  {
    name: 'HMAC-SHA-256',
    source: 'RFC 4231, case 2',
    holds: () =>
      createHmac('sha256', 'Jefe').update('what do ya want for nothing?').digest('hex') ===
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  },
  {
    name: 'HKDF-SHA-256',
    source: 'RFC 5869, case 1',
    holds: () =>
      equal(
        hkdfSha256(Buffer.alloc(22, 0x0b), bytes('000102030405060708090a0b0c'), bytes('f0f1f2f3f4f5f6f7f8f9'), 42),
        '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
      ),
  },
  {
    name: 'AES-128-CMAC',
    source: 'RFC 4493, example 2',
    holds: () =>
      equal(aesCmac(bytes('2b7e151628aed2a6abf7158809cf4f3c'), bytes(FIRST_BLOCK)), '070a16b46b4d4144f79bdd9dd04a287c'),
  },
  {
    name: 'AES-256-CMAC',
    source: 'NIST SP 800-38B, D.3, examples 9 and 10',
    holds: () =>
      equal(aesCmac(bytes(AES_256_KEY), Buffer.alloc(0)), '028962f61b7bf89efc6b551f4667d983') &&
      equal(aesCmac(bytes(AES_256_KEY), bytes(FIRST_BLOCK)), '28a7023f452e8f82bd4bf28d8c37c35c'),
  },
  {
    name: 'verification pattern',
    source: 'Keyrite, key of NIST SP 800-38B D.3; recomputed with openssl mac',
    holds: () => verificationPattern(bytes(AES_256_KEY)) === PATTERN,
  },
  { name: 'AES-256-GCM encryption', source: "IBM Key Protect's documented nonce", holds: () => encryptsTheNonce() },
  { name: 'AES-256-GCM decryption', source: "IBM Key Protect's documented nonce", holds: () => decryptsTheNonce() },
  { name: 'ECDH on P-256', source: 'RFC 5903, 8.1', holds: () => ecdhHolds() },
  {
    name: 'AES-256 key wrap',
    source: 'RFC 3394, 4.6',
    holds: () =>
      equal(aeskw(KEY_WRAP.wrapping).encrypt(KEY_WRAP.wrapped), Buffer.from(KEY_WRAP.answer).toString('hex')),
  },
  { name: 'RSA-OAEP SHA-256', source: 'OpenSSL 3.0, key of Wycheproof', holds: () => oaepHolds('sha256') },
  { name: 'RSA-OAEP SHA-1', source: 'Wycheproof, RSA-OAEP 2048, case 5', holds: () => oaepHolds('sha1') },
  {
    name: 'RSA-PSS SHA-256 verification',
    source: 'OpenSSL 3.0, key of Wycheproof',
    holds: () => verifies('rsa-pss-sha256', TEST_RSA_PUBLIC, 'keyrite self-test', base64(PSS_SIGNATURE)),
  },
  {
    name: 'ECDSA P-256 verification',
    source: 'RFC 6979, A.2.5, "sample"',
    holds: () => ecdsaHolds('ecdsa-p256-sha256'),
  },
  {
    name: 'ECDSA P-384 verification',
    source: 'RFC 6979, A.2.6, "sample"',
    holds: () => ecdsaHolds('ecdsa-p384-sha384'),
  },
  {
    name: 'ECDSA P-521 verification',
    source: 'RFC 6979, A.2.7, "sample"',
    holds: () => ecdsaHolds('ecdsa-p521-sha512'),
  },
  {
    name: 'Ed25519 verification',
    source: 'RFC 8032, 7.1, test 2',
    holds: () =>
      verifies(
        'ed25519',
        spki('302a300506032b6570032100', '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'),
        'r',
        bytes(
          '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
            '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
        ),
      ),
  },
  {
    name: 'Merkle tree hashes',
    source: 'RFC 6962, 2.1: empty tree, and a leaf of no bytes',
    holds: () =>
      sha256(Buffer.alloc(0)) === 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' &&
      sha256(bytes('00')) === '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  },
  {
    name: 'DSSE pre-authentication encoding',
    source: 'DSSE 1.0.2, protocol.md',
    holds: () =>
      Buffer.from(preAuthenticationEncoding('http://example.com/HelloWorld', Buffer.from('hello world'))).toString() ===
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
  },
  { name: 'components', source: 'Keyrite, split and combined', holds: () => componentsHold() },
  { name: 'share commitment', source: 'Keyrite, docs/shares.md', holds: () => commitmentHolds() },
  { name: 'worksheet check digits', source: 'Keyrite, docs/shares.md', holds: () => checkDigitsHold() },
];

const PATTERN = 'c012c97a2821fd53a362b02084ca29f25b551bffb708bf556f6cab2b860e5b73';

/** Key, nonce, IV and answer that IBM documents for the import token of Key Protect. */
const KEY_PROTECT = {
  key: base64('DL4Avc1yL7DhclfV9Uksvzy8VkYIKWZA9InYQv/iiro='),
  nonce: base64('6SB0nQ8ROUCPUiyF'),
  iv: base64('CSPZwm2qJ5mL00oP'),
  encryptedNonce: base64('+KjUDFD38r8zlXKJkn+dOR4/xNYN5ozpvKCiIQ=='),
};

/** The initiator's private key and the responder's public one. */
function ecdhHolds(): boolean {
  const point = (x: string, y: string): { kty: 'EC'; crv: 'P-256'; x: string; y: string } => ({
    kty: 'EC',
    crv: 'P-256',
    x: bytes(x).toString('base64url'),
    y: bytes(y).toString('base64url'),
  });
  const initiator = point(
    'dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180',
    '5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3',
  );
  const d = bytes('c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433').toString('base64url');
  const responder = point(
    'd12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63',
    '56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab',
  );
  const agreed = diffieHellman({
    privateKey: createPrivateKey({ key: { ...initiator, d }, format: 'jwk' }),
    publicKey: createPublicKey({ key: responder, format: 'jwk' }),
  });
  return equal(agreed, 'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de');
}

function encryptsTheNonce(): boolean {
  const { key, nonce, iv, encryptedNonce } = KEY_PROTECT;
  return encryptAesGcm(key, iv, nonce).equals(encryptedNonce);
}

function decryptsTheNonce(): boolean {
  const { key, nonce, iv, encryptedNonce } = KEY_PROTECT;
  const open = (sealed: Buffer): Buffer => {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
    decipher.setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  };
  const forged = Buffer.from(encryptedNonce);
  forged.writeUInt8(forged.readUInt8(0) ^ 1, 0);
  return open(encryptedNonce).equals(nonce) && !succeeds(() => open(forged).length > 0);
}

function oaepHolds(hash: OaepHash): boolean {
  const privateKey = createPrivateKey({ key: base64(TEST_RSA_PRIVATE), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey({ key: base64(TEST_RSA_PUBLIC), format: 'der', type: 'spki' });
  const known = hash === 'sha256' ? OAEP_SHA256_CIPHERTEXT : OAEP_SHA1_CIPHERTEXT;
  const plain = hash === 'sha256' ? Buffer.from(Array.from({ length: 32 }, (_, i) => i)) : Buffer.from('Message');
  const other = hash === 'sha256' ? 'sha1' : 'sha256';
  return (
    oaepDecrypt(privateKey, hash, base64(known)).equals(plain) &&
    oaepDecrypt(privateKey, hash, oaepEncrypt(publicKey, hash, plain)).equals(plain) &&
    !succeeds(() => oaepDecrypt(privateKey, other, base64(known)).length > 0)
  );
}

/** Whether the signature holds over the message, and not over another. */
function verifies(algorithm: SignatureAlgorithm, key: string, message: string, signature: Uint8Array): boolean {
  const signer = { algorithm, spki: key };
  const forged = `${message}.`;
  return (
    isValidSignature(signer, Buffer.from(message, 'latin1'), signature) &&
    !isValidSignature(signer, Buffer.from(forged, 'latin1'), signature)
  );
}

function spki(prefix: string, point: string): string {
  return bytes(prefix + point).toString('base64');
}

type EcdsaAlgorithm = Extract<SignatureAlgorithm, `ecdsa-${string}`>;

/** RFC 6979, A.2.5 to A.2.7: public keys and deterministic signatures over "sample". */
const ECDSA: Readonly<Record<EcdsaAlgorithm, { spki: string; r: string; s: string }>> = {
  'ecdsa-p256-sha256': {
    spki: spki(
      '3059301306072a8648ce3d020106082a8648ce3d03010703420004',
      '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
        '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
    ),
    r: 'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
    s: 'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  },
  'ecdsa-p384-sha384': {
    spki: spki(
      '3076301006072a8648ce3d020106052b8104002203620004',
      'ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13' +
        '8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720',
    ),
    r: '94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46',
    s: '99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8',
  },
  'ecdsa-p521-sha512': {
    spki: spki(
      '30819b301006072a8648ce3d020106052b810400230381860004',
      '01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd761dcac474b9a2f5023a4' +
        '00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5',
    ),
    r: '00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91f9b15bf05ec36e377fa',
    s: '00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff0777b1a20f8ccb1dccc43997f1ee0e44da4a67a',
  },
};

function ecdsaHolds(algorithm: EcdsaAlgorithm): boolean {
  const { spki: key, r, s } = ECDSA[algorithm];
  return verifies(algorithm, key, 'sample', ecdsaDer(bytes(r + s)));
}

function componentsHold(): boolean {
  const key = bytes(AES_256_KEY);
  return combineComponents(splitIntoComponents(key, 3).reverse()).equals(key);
}

function commitmentHolds(): boolean {
  const name = {
    set: '3f2a91c0d5e64b7788990a1b2c3d4e5f',
    scheme: 'components',
    threshold: 3,
    count: 3,
    index: 2,
  } as const;
  const component = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
  return (
    commitToShare(name, component, 'a0a1a2a3a4a5a6a7a8a9aaabacadaeaf') ===
    'ae60b5287a92dbce6ccf36a207f2d165b75671e8da477734057b2b62de67bcc9'
  );
}

function checkDigitsHold(): boolean {
  return checkDigits(1, Uint8Array.of(0, 0, 0, 1, 0, 2, 0, 3)).join() === '6,13';
}
