/**
 * What a time-stamping authority answered (RFC 3161 sections 2.4.2 and 3), read as far as to know what it is about: the
 * imprint and the time. Its signature and certificates are for `openssl ts -verify`. `verify.sh` walks the same way.
 */

/** A token: what was stamped, and when by the authority's word. */
export interface TimestampToken {
  /** SHA-256 that was stamped, 64 lower-case hex digits. */
  readonly imprint: string;
  /** GeneralizedTime as it stands in the token, such as `20261124025237Z`. */
  readonly genTime: string;
}

/** Longest answer that is read: 64 KiB. */
export const MAX_TIMESTAMP_BYTES = 64 * 1024;

/** Form of a token's time: UTC, with fractions of a second or without. */
export const GENERALIZED_TIME = /^[0-9]{14}(?:\.[0-9]{1,9})?Z$/;

const TAG = {
  integer: 0x02,
  octetString: 0x04,
  oid: 0x06,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
  explicit0: 0xa0,
} as const;

/** Contents of object identifiers: id-signedData, id-ct-TSTInfo, id-sha256. */
const OID = {
  signedData: '2a864886f70d010702',
  tstInfo: '2a864886f70d0109100104',
  sha256: '608648016503040201',
} as const;

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** The bytes are no granted TimeStampResp over a SHA-256 in DER. */
class NotAToken extends Error {}

/** Reads a TimeStampResp (what `openssl ts -reply` writes); null when the bytes are none, or it was not granted. Never throws. */
export function readTimestamp(bytes: Uint8Array): TimestampToken | null {
  // SECURITY(K-94): bounded before it is walked; every length must lie within what is around it.
  if (bytes.length > MAX_TIMESTAMP_BYTES) return null;
  try {
    return read(Buffer.from(bytes));
  } catch (error) {
    if (error instanceof NotAToken) return null;
    throw error;
  }
}

function read(bytes: Buffer): TimestampToken {
  const [status, token] = exactly(2, inside(only(bytes), TAG.sequence));
  const granted = content(inside(status, TAG.sequence)[0], TAG.integer);
  // PKIStatus granted (0) or grantedWithMods (1).
  if (granted.length !== 1 || (granted[0] ?? 2) > 1) throw new NotAToken();
  const [type, wrapped] = exactly(2, inside(token, TAG.sequence));
  if (content(type, TAG.oid).toString('hex') !== OID.signedData) throw new NotAToken();
  const [signedData] = exactly(1, inside(wrapped, TAG.explicit0));
  const [version, digests, encapsulated] = inside(signedData, TAG.sequence);
  content(version, TAG.integer);
  content(digests, TAG.set);
  const [contentType, stamped] = exactly(2, inside(encapsulated, TAG.sequence));
  if (content(contentType, TAG.oid).toString('hex') !== OID.tstInfo) throw new NotAToken();
  const [octets] = exactly(1, inside(stamped, TAG.explicit0));
  return readInfo(content(octets, TAG.octetString));
}

function readInfo(bytes: Buffer): TimestampToken {
  const [version, policy, imprint, serial, time] = inside(only(bytes), TAG.sequence);
  if (content(version, TAG.integer).toString('hex') !== '01') throw new NotAToken();
  content(policy, TAG.oid);
  content(serial, TAG.integer);
  const [algorithm, hashed] = exactly(2, inside(imprint, TAG.sequence));
  if (content(inside(algorithm, TAG.sequence)[0], TAG.oid).toString('hex') !== OID.sha256) throw new NotAToken();
  const hash = content(hashed, TAG.octetString);
  const genTime = content(time, TAG.time).toString('latin1');
  if (hash.length !== 32 || !GENERALIZED_TIME.test(genTime)) throw new NotAToken();
  return { imprint: hash.toString('hex'), genTime };
}

function only(bytes: Buffer): Element {
  const [one] = exactly(1, elements(bytes));
  if (one === undefined) throw new NotAToken();
  return one;
}

function exactly(count: number, found: readonly Element[]): readonly Element[] {
  if (found.length !== count) throw new NotAToken();
  return found;
}

function content(element: Element | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw new NotAToken();
  return element.content;
}

function inside(element: Element | undefined, tag: number): readonly Element[] {
  return elements(content(element, tag));
}

/** The DER elements that stand one behind the other: one-byte tags, definite lengths in their shortest form. */
function elements(bytes: Buffer): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.length;) {
    const [tag, first] = [bytes[at] ?? 0, bytes[at + 1]];
    if (first === undefined || (tag & 0x1f) === 0x1f || first === 0x80 || first > 0x83) throw new NotAToken();
    const extra = first < 0x80 ? 0 : first - 0x80;
    const start = at + 2 + extra;
    if (start > bytes.length) throw new NotAToken();
    const length = extra === 0 ? first : bytes.readUIntBE(at + 2, extra);
    const shortest = extra === 0 || length >= (extra === 1 ? 0x80 : 256 ** (extra - 1));
    if (!shortest || start + length > bytes.length) throw new NotAToken();
    found.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return found;
}
