/**
 * Randomness for keys and components: several sources mixed by HKDF-SHA-256 (RFC 5869) over length-prefixed inputs, so
 * that the result is as good as the best of them and no source can imitate another. HKDF is built on HMAC here because
 * Node and Electron differ in what they offer beyond that.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { secretBytes } from '../secret-bytes';

/** One source of randomness: a short name, such as `workstation-csprng`, `token:unit-a` or `dice`, and what it gave. */
export interface EntropySource {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Makes secret bytes for a purpose; the caller zeroes them. */
export type DrawSecret = (purpose: string, length: number) => Buffer;

/** Bytes that each of the workstation's draws has. */
const DRAW_BYTES = 64;

/** Bytes that the strongest source must give at least. */
export const MIN_SOURCE_BYTES = 32;

const HASH_BYTES = 32;
const MAX_OUTPUT_BYTES = 255 * HASH_BYTES;
const MIX_SALT = Buffer.from('keyrite/entropy/1', 'ascii');

/**
 * HKDF-SHA-256 of RFC 5869: extract, then expand.
 *
 * @returns `length` bytes in a buffer of their own; the caller zeroes it
 * @throws RangeError when more than 8160 bytes are asked for
 */
export function hkdfSha256(inputKey: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Buffer {
  if (!Number.isSafeInteger(length) || length < 1 || length > MAX_OUTPUT_BYTES) {
    throw new RangeError(`HKDF output: expected 1 to ${String(MAX_OUTPUT_BYTES)} bytes, got ${String(length)}`);
  }
  const pseudoRandomKey = hmac(salt.length === 0 ? Buffer.alloc(HASH_BYTES) : salt, [inputKey]);
  const output = secretBytes(length);
  let block: Buffer = Buffer.alloc(0);
  try {
    for (let at = 0, counter = 1; at < length; at += HASH_BYTES, counter += 1) {
      const next = hmac(pseudoRandomKey, [block, info, Buffer.from([counter])]);
      block.fill(0);
      block = next;
      block.copy(output, at);
    }
    return output;
  } finally {
    pseudoRandomKey.fill(0);
    block.fill(0);
  }
}

/**
 * Mixes sources into `length` secret bytes. Input of HKDF: for each source, u32 length of the name, name (ASCII), u32
 * length of the bytes, bytes (big-endian lengths); info is the purpose, so that outputs for different purposes are unrelated.
 *
 * @returns a buffer that the caller zeroes; the sources are left as they are
 * @throws RangeError without sources, with a name twice, or when no source gives at least 32 bytes
 */
export function mixEntropy(sources: readonly EntropySource[], purpose: string, length: number): Buffer {
  const names = sources.map((source) => source.name);
  if (new Set(names).size !== names.length) throw new RangeError('entropy sources: a name occurs twice');
  if (!names.every((name) => /^[a-z0-9][a-z0-9:-]{0,70}$/.test(name))) throw new RangeError('entropy source: bad name');
  if (!sources.some((source) => source.bytes.length >= MIN_SOURCE_BYTES)) {
    throw new RangeError(`entropy sources: expected one of at least ${String(MIN_SOURCE_BYTES)} bytes, got none`);
  }
  const input = Buffer.alloc(sources.reduce((sum, { name, bytes }) => sum + 8 + name.length + bytes.length, 0));
  try {
    let at = 0;
    for (const { name, bytes } of sources) {
      at = input.writeUInt32BE(name.length, at);
      at += input.write(name, at, 'ascii');
      at = input.writeUInt32BE(bytes.length, at);
      input.set(bytes, at);
      at += bytes.length;
    }
    return hkdfSha256(input, MIX_SALT, Buffer.from(purpose, 'ascii'), length);
  } finally {
    input.fill(0);
  }
}

/**
 * Fresh secret bytes: two independent draws from the workstation's generator, mixed with whatever else is given (a
 * token's generator, dice).
 *
 * @returns a buffer that the caller zeroes
 */
export function freshSecret(purpose: string, length: number, others: readonly EntropySource[] = []): Buffer {
  // SECURITY(K-18): two draws, so that one that repeats itself is not all there is.
  // randomBytes gives buffers of their own, never from the shared pool.
  const draws = [randomBytes(DRAW_BYTES), randomBytes(DRAW_BYTES)] as const;
  try {
    const workstation = draws.map((bytes, i) => ({ name: drawName(i), bytes }));
    return mixEntropy([...workstation, ...others], purpose, length);
  } finally {
    for (const draw of draws) draw.fill(0);
  }
}

/** What {@link freshSecret} mixes with these others: names and lengths, for the record. */
export function sourcesOf(others: readonly EntropySource[]): { source: string; bytes: number }[] {
  return [
    ...[0, 1].map((draw) => ({ source: drawName(draw), bytes: DRAW_BYTES })),
    ...others.map(({ name, bytes }) => ({ source: name, bytes: bytes.length })),
  ];
}

function drawName(draw: number): string {
  return `workstation-csprng:${String(draw + 1)}`;
}

function hmac(key: Uint8Array, parts: readonly Uint8Array[]): Buffer {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  const pooled = mac.digest();
  const own = secretBytes(HASH_BYTES);
  pooled.copy(own);
  pooled.fill(0);
  return own;
}
