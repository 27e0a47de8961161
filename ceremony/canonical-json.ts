/**
 * RFC 8785 (JSON Canonicalization Scheme), restricted as DESIGN.md section 8 asks: ASCII keys, integers within
 * ±(2^53−1), no `-0`, no U+007F, depth at most 32. Under these limits `jq -cS` prints the same bytes, so a stranger can
 * check the form with a stock tool.
 */
import { MAX_BYTES, MAX_DEPTH, isCanonical } from './canonical-form';

/** What canonical JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An object of canonical JSON. */
export type JsonObject = { readonly [key: string]: Json };

export { MAX_BYTES, MAX_DEPTH };

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The canonical text of a value: keys sorted by UTF-16 code unit, no white space.
 *
 * @throws TypeError for a value JSON does not have (undefined, bigint, function, bytes)
 * @throws RangeError for a number, text, key or depth outside the limits above
 */
export function canonicalJson(value: Json): string {
  return write(value, 0);
}

/** {@link canonicalJson} as UTF-8 bytes. Throws the same errors. */
export function canonicalBytes(value: Json): Uint8Array {
  return encoder.encode(canonicalJson(value));
}

/**
 * Reads bytes that must already be in canonical form, without a line feed at the end.
 *
 * @throws RangeError when the bytes are too long, not UTF-8, not JSON, or JSON in any other form
 */
export function parseCanonical(bytes: Uint8Array): Json {
  if (!isCanonical(bytes)) throw notCanonical(bytes);
  return JSON.parse(decoder.decode(bytes)) as Json;
}

/** What keeps bytes from being canonical JSON, in words: found by parsing and writing them again. */
export function notCanonical(bytes: Uint8Array): RangeError {
  if (bytes.length > MAX_BYTES) {
    return new RangeError(`canonical JSON: expected at most ${String(MAX_BYTES)} bytes, got ${String(bytes.length)}`);
  }
  let value: Json;
  try {
    value = JSON.parse(decoder.decode(bytes)) as Json;
  } catch {
    return new RangeError('canonical JSON: not UTF-8 JSON');
  }
  try {
    canonicalJson(value);
  } catch (error) {
    if (error instanceof RangeError) return error;
  }
  return new RangeError('canonical JSON: valid JSON, but not in canonical form');
}

function write(value: Json, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError(`canonical JSON: deeper than ${String(MAX_DEPTH)}`);
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return writeInteger(value);
  if (typeof value === 'string') return writeText(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => write(item, depth + 1)).join(',')}]`;
  if (!isPlainObject(value)) throw new TypeError(`canonical JSON: expected a JSON value, got ${typeof value}`);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${writeKey(key)}:${write(value[key] as Json, depth + 1)}`);
  return `{${members.join(',')}}`;
}

function writeInteger(value: number): string {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    throw new RangeError(`canonical JSON: expected an integer within ±(2^53−1), got ${String(value)}`);
  }
  return String(value);
}

function writeText(value: string): string {
  if (value.includes('\u007f')) throw new RangeError('canonical JSON: U+007F is not allowed in text');
  if (!value.isWellFormed()) throw new RangeError('canonical JSON: text holds half of a surrogate pair');
  return JSON.stringify(value);
}

function writeKey(key: string): string {
  if (!/^[\x20-\x7e]*$/.test(key)) throw new RangeError('canonical JSON: keys are printable ASCII');
  return JSON.stringify(key);
}

function isPlainObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
