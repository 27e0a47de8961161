/**
 * Signatures that hold, and signatures and keys that are nearly right, for every algorithm of a roster: after the manner
 * of Wycheproof, made anew with fresh keys.
 */
import { constants, createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { ecdsaDer, type SignatureAlgorithm, type SigningKey } from '../../ceremony/command/dsse';

/** One signature to judge. */
export interface SignatureCase {
  readonly name: string;
  readonly key: SigningKey;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly valid: boolean;
}

const MESSAGE = Buffer.from('DSSEv1 38 application/vnd.keyrite.checkpoint 5 bytes');
const OTHER = Buffer.from('DSSEv1 38 application/vnd.keyrite.checkpoint 5 bytez');

const spkiOf = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('base64');

interface Curve {
  readonly algorithm: Extract<SignatureAlgorithm, `ecdsa-${string}`>;
  readonly name: string;
  readonly hash: string;
  readonly bytes: number;
  /** Order of the group. */
  readonly n: bigint;
  /** The other curve and hash, for keys and signatures that are another algorithm's. */
  readonly other: { readonly curve: string; readonly hash: string; readonly algorithm: SignatureAlgorithm };
}

const CURVES: readonly Curve[] = [
  {
    algorithm: 'ecdsa-p256-sha256',
    name: 'P-256',
    hash: 'sha256',
    bytes: 32,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    other: { curve: 'secp256k1', hash: 'sha384', algorithm: 'ecdsa-p384-sha384' },
  },
  {
    algorithm: 'ecdsa-p384-sha384',
    name: 'P-384',
    hash: 'sha384',
    bytes: 48,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    other: { curve: 'P-256', hash: 'sha256', algorithm: 'ecdsa-p256-sha256' },
  },
  {
    algorithm: 'ecdsa-p521-sha512',
    name: 'P-521',
    hash: 'sha512',
    bytes: 66,
    n: 0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    other: { curve: 'P-384', hash: 'sha256', algorithm: 'ecdsa-p384-sha384' },
  },
];

/** Every case of every algorithm. */
export function signatureCases(): SignatureCase[] {
  return [...CURVES.flatMap(ecdsaCases), ...pssCases(), ...ed25519Cases()];
}

function ecdsaCases({ algorithm, name, hash, bytes, n, other }: Curve): SignatureCase[] {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: name });
  const key: SigningKey = { algorithm, spki: spkiOf(publicKey) };
  const raw = sign(hash, MESSAGE, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const [r, s] = [toNumber(raw.subarray(0, bytes)), toNumber(raw.subarray(bytes))];
  const numbers = (one: bigint, two: bigint): Buffer => sequence(integer(one), integer(two));
  const good = numbers(r, s);
  const der = spkiDer(key);
  const stranger = generateKeyPairSync('ec', { namedCurve: other.curve });
  const made = (
    what: string,
    signature: Uint8Array,
    valid = false,
    changed: Partial<SignatureCase> = {},
  ): SignatureCase => ({
    name: `${algorithm}: ${what}`,
    key,
    message: MESSAGE,
    signature,
    valid,
    ...changed,
  });
  const head = good[1] === 0x81 ? 3 : 2;
  const spelt = explicitCurve(name, hash);
  return [
    made('as it is', good, true),
    made('by r and s as a token gives them', ecdsaDer(raw), true),
    made('with the other s, which is as good', numbers(r, n - s), true),
    made('with the low s', numbers(r, s < n - s ? s : n - s), true),
    made('of another message', good, false, { message: OTHER }),
    made('r and s changed about', numbers(s, r)),
    made('r and s side by side, not DER', raw),
    made('nothing', Buffer.alloc(0)),
    made('an empty sequence', sequence()),
    made('r alone', sequence(integer(r))),
    made('three numbers', sequence(integer(r), integer(s), integer(1n))),
    made('r of 0', numbers(0n, s)),
    made('s of 0', numbers(r, 0n)),
    made('both 0', numbers(0n, 0n)),
    made('both 1', numbers(1n, 1n)),
    made('s of n', numbers(r, n)),
    made('s beyond n', numbers(r, s + n)),
    made('r beyond n', numbers(r + n, s)),
    made(
      'a negative s',
      sequence(integer(r), element(0x02, Buffer.concat([Buffer.from([0x80]), unsigned(s).subarray(1)]))),
    ),
    made(
      'a zero too many before r',
      sequence(element(0x02, Buffer.concat([Buffer.from([0, 0]), unsigned(r)])), integer(s)),
    ),
    made('a byte behind it', Buffer.concat([good, Buffer.alloc(1)])),
    made('a byte behind s, inside', sequence(integer(r), integer(s), Buffer.from([0x05, 0x00]))),
    made('cut short', good.subarray(0, -1)),
    made(
      'a length in more bytes than it needs',
      Buffer.concat([Buffer.from([0x30, 0x82, 0, good.length - head]), good.subarray(head)]),
    ),
    made('an indefinite length', Buffer.concat([Buffer.from([0x30, 0x80]), good.subarray(head), Buffer.alloc(2)])),
    made('a set instead of a sequence', Buffer.concat([Buffer.from([0x31]), good.subarray(1)])),
    made('a BIT STRING instead of r', sequence(element(0x03, unsigned(r)), integer(s))),
    made('over another hash', sign(other.hash, MESSAGE, privateKey)),
    made(
      'by another key of the curve',
      sign(hash, MESSAGE, generateKeyPairSync('ec', { namedCurve: name }).privateKey),
    ),
    made('by a key on another curve', sign(hash, MESSAGE, stranger.privateKey), false, {
      key: { algorithm, spki: spkiOf(stranger.publicKey) },
    }),
    made('named by another algorithm', good, false, { key: { ...key, algorithm: other.algorithm } }),
    made('by a key with a compressed point', good, false, {
      key: { algorithm, spki: point(der, bytes, 'compressed') },
    }),
    made('by a key with a hybrid point', good, false, { key: { algorithm, spki: point(der, bytes, 'hybrid') } }),
    made('by a key with its curve spelt out', spelt.signature, false, { key: { algorithm, spki: spelt.spki } }),
    made('by a key with a byte behind it', good, false, {
      key: { algorithm, spki: Buffer.concat([der, Buffer.alloc(1)]).toString('base64') },
    }),
    made('by no key', good, false, { key: { algorithm, spki: 'AAAA' } }),
  ];
}

function pssCases(): SignatureCase[] {
  const algorithm = 'rsa-pss-sha256';
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key: SigningKey = { algorithm, spki: spkiOf(publicKey) };
  const pss = (saltLength: number, hash = 'sha256', by = privateKey): Buffer =>
    sign(hash, MESSAGE, { key: by, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
  const made = (
    what: string,
    signature: Uint8Array,
    valid = false,
    changed: Partial<SignatureCase> = {},
  ): SignatureCase => ({
    name: `${algorithm}: ${what}`,
    key,
    message: MESSAGE,
    signature,
    valid,
    ...changed,
  });
  const good = pss(32);
  const n = toNumber(Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url'));
  const restricted = generateKeyPairSync('rsa-pss', {
    modulusLength: 2048,
    hashAlgorithm: 'sha256',
    mgf1HashAlgorithm: 'sha256',
  });
  const sha1Mask = generateKeyPairSync('rsa-pss', {
    modulusLength: 2048,
    hashAlgorithm: 'sha256',
    mgf1HashAlgorithm: 'sha1',
  });
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const large = generateKeyPairSync('rsa', { modulusLength: 3072 });
  const cased = (what: string, pair: { publicKey: KeyObject; privateKey: KeyObject }, valid = false): SignatureCase =>
    made(what, pss(32, 'sha256', pair.privateKey), valid, { key: { algorithm, spki: spkiOf(pair.publicKey) } });
  /** The same key under the plain name, so that the restriction to other parameters is not what refuses it. */
  const plainName = { algorithm, spki: asPlainRsa(sha1Mask.publicKey) } as const;
  const withZero = beginningWithZero(() => pss(32));
  return [
    made('as it is', good, true),
    made('with another salt of 32', pss(32), true),
    cased('of 3072 bits', large, true),
    made('of another message', good, false, { message: OTHER }),
    ...[0, 20, 31, 33, 48, 64, 222].map((salt) => made(`with a salt of ${String(salt)}`, pss(salt))),
    made('over SHA-384', pss(32, 'sha384')),
    made('over SHA-1', pss(20, 'sha1')),
    made('with a mask by SHA-1', pss(32, 'sha256', sha1Mask.privateKey), false, { key: plainName }),
    made('by PKCS #1 v1.5', sign('sha256', MESSAGE, privateKey)),
    made('that begins with a zero', withZero, true),
    made('that begins with a zero, left out', withZero.subarray(1)),
    made('with a zero before it', Buffer.concat([Buffer.alloc(1), good])),
    made('with the modulus added', fromNumber(toNumber(good) + n, 257)),
    made('cut short', good.subarray(0, -1)),
    made('with a byte behind it', Buffer.concat([good, Buffer.alloc(1)])),
    made('nothing', Buffer.alloc(0)),
    made('zero', Buffer.alloc(256)),
    made('one', fromNumber(1n, 256)),
    made('the modulus less one', fromNumber(n - 1n, 256)),
    made('by another key', pss(32, 'sha256', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)),
    cased('by a key that is for PSS only', restricted),
    cased('by a key of 1024 bits', small),
    made('named Ed25519', good, false, { key: { ...key, algorithm: 'ed25519' } }),
  ];
}

function ed25519Cases(): SignatureCase[] {
  const algorithm = 'ed25519';
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key: SigningKey = { algorithm, spki: spkiOf(publicKey) };
  const good = sign(null, MESSAGE, privateKey);
  const made = (
    what: string,
    signature: Uint8Array,
    valid = false,
    changed: Partial<SignatureCase> = {},
  ): SignatureCase => ({
    name: `${algorithm}: ${what}`,
    key,
    message: MESSAGE,
    signature,
    valid,
    ...changed,
  });
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const [R, s] = [good.subarray(0, 32), toNumber(Buffer.from(good.subarray(32)).reverse())];
  const withS = (value: bigint): Buffer => Buffer.concat([R, fromNumber(value, 32).reverse()]);
  const flipped = Buffer.from(good);
  flipped[31] = (flipped[31] ?? 0) ^ 0x80;
  const ed448 = generateKeyPairSync('ed448');
  return [
    made('as it is', good, true),
    made('made again, the same bytes', sign(null, MESSAGE, privateKey), true),
    made('of another message', good, false, { message: OTHER }),
    made('of a longer message', sign(null, Buffer.alloc(5000, 7), privateKey), true, {
      message: Buffer.alloc(5000, 7),
    }),
    made('with S and the order', withS(s + L)),
    made('with S and seven times the order', withS(s + 7n * L)),
    made('with S of 0', withS(0n)),
    made('with S of the order', withS(L)),
    made('with S of all ones', withS(2n ** 256n - 1n)),
    made('with the sign of R flipped', flipped),
    made('with R that is no point', Buffer.concat([Buffer.alloc(32, 0xff), good.subarray(32)])),
    made('halves changed about', Buffer.concat([good.subarray(32), good.subarray(0, 32)])),
    made('cut short', good.subarray(0, -1)),
    made('with a byte behind it', Buffer.concat([good, Buffer.alloc(1)])),
    made('nothing', Buffer.alloc(0)),
    made('all zero', Buffer.alloc(64)),
    made('in an OCTET STRING', element(0x04, good)),
    made('of the hash of the message', sign(null, sha512(MESSAGE), privateKey)),
    made('by another key', sign(null, MESSAGE, generateKeyPairSync('ed25519').privateKey)),
    made('by a key of Ed448', sign(null, MESSAGE, ed448.privateKey), false, {
      key: { algorithm, spki: spkiOf(ed448.publicKey) },
    }),
    made('by a key of X25519', good, false, {
      key: { algorithm, spki: spkiOf(generateKeyPairSync('x25519').publicKey) },
    }),
    made('by a key cut short', good, false, {
      key: { algorithm, spki: spkiDer(key).subarray(0, -1).toString('base64') },
    }),
  ];
}

/** A PSS signature whose first byte is 0, which one in 256 is. */
function beginningWithZero(make: () => Buffer): Buffer {
  for (;;) {
    const signature = make();
    if (signature[0] === 0) return signature;
  }
}

/** base64 SPKI of a key that is restricted to PSS, under the name of plain RSA. */
function asPlainRsa(publicKey: KeyObject): string {
  const der = publicKey.export({ format: 'der', type: 'spki' });
  // SEQUENCE in three bytes of length; then the AlgorithmIdentifier, whose length is one byte; then the key.
  const parameters = 4 + 2 + (der[5] ?? 0);
  const plain = Buffer.from('300d06092a864886f70d0101010500', 'hex');
  const content = Buffer.concat([plain, der.subarray(parameters)]);
  return element(0x30, content).toString('base64');
}

function explicitCurve(name: string, hash: string): { readonly spki: string; readonly signature: Buffer } {
  const pair = generateKeyPairSync('ec', { namedCurve: name, paramEncoding: 'explicit' });
  return { spki: spkiOf(pair.publicKey), signature: sign(hash, MESSAGE, pair.privateKey) };
}

/** The same key with its point in another form. */
function point(der: Buffer, bytes: number, form: 'compressed' | 'hybrid'): string {
  const [x, y] = [der.subarray(-2 * bytes, -bytes), der.subarray(-bytes)];
  const isOdd = (y[bytes - 1] ?? 0) & 1;
  const encoded =
    form === 'compressed'
      ? Buffer.concat([Buffer.from([2 + isOdd]), x])
      : Buffer.concat([Buffer.from([6 + isOdd]), x, y]);
  const start = der[1] === 0x81 ? 3 : 2;
  const algorithm = der.subarray(start, start + 2 + (der[start + 1] ?? 0));
  return element(0x30, Buffer.concat([algorithm, element(0x03, Buffer.concat([Buffer.alloc(1), encoded]))])).toString(
    'base64',
  );
}

function spkiDer({ spki }: SigningKey): Buffer {
  return Buffer.from(spki, 'base64');
}

function sha512(bytes: Uint8Array): Buffer {
  return createHash('sha512').update(bytes).digest();
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function element(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, Math.floor(length / 256), length % 256];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}

function integer(value: bigint): Buffer {
  return element(0x02, unsigned(value));
}

/** Big-endian, with a zero before it where it would else be negative. */
function unsigned(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes;
}

function toNumber(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** Big-endian, of so many bytes. */
function fromNumber(value: bigint, bytes: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * bytes, '0'), 'hex');
}
