/** The members that stand around every body, checked by hand: a million lines have them. */
import { LINE_TYPES, type Line, type LineType } from './line';
import { isInstant } from './instant';
import { countMembers } from './schema-guard';

const MEMBERS = 8;
const ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
const SHA256_HEX_DIGITS = 64;
const SALT_HEX_DIGITS = 32;

/** The one string for each type, so that comparing types of lines compares addresses. */
const TYPES: ReadonlyMap<string, LineType> = new Map(LINE_TYPES.map((type) => [type, type]));

/**
 * The value as a line whose body is yet to be checked, if it has the frame of one; else null, and the schema `LineFrame`
 * has the words. Says the same as the schema of every value that was read from canonical JSON.
 *
 * @param prev the hash that the line should name: then its form need not be looked at; null when that is not known
 */
export function withFrame(value: unknown, prev: string | null): Line | null {
  if (typeof value !== 'object' || value === null) return null;
  const line = value as { -readonly [Member in keyof Line]: unknown };
  const { seq, at, step, by, salt, type, body } = line;
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 0) return null;
  if ((prev === null || line.prev !== prev) && !isHex(line.prev, SHA256_HEX_DIGITS)) return null;
  if (!isHex(salt, SALT_HEX_DIGITS)) return null;
  if (typeof at !== 'string' || !isInstant(at)) return null;
  const known = typeof type === 'string' ? TYPES.get(type) : undefined;
  if (known === undefined) return null;
  if (step !== null && !isId(step)) return null;
  if (!Array.isArray(by) || !by.every(isId)) return null;
  if (typeof body !== 'object' || body === null) return null;
  if (countMembers(value) !== MEMBERS) return null;
  line.type = known;
  return value as Line;
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && ID.test(value);
}

function isHex(value: unknown, digits: number): boolean {
  if (typeof value !== 'string' || value.length !== digits) return false;
  for (let at = 0; at < digits; at += 1) {
    const code = value.charCodeAt(at);
    if (code < 0x30 || (code > 0x39 && code < 0x61) || code > 0x66) return false;
  }
  return true;
}
