/** Schemas of the text forms that every Keyrite file uses: ids, hex, base64 and times. */
import * as v from 'valibot';

/** An id: `[a-z0-9][a-z0-9-]{0,62}` (DESIGN.md section 5). */
export const Id = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected an id: a-z, 0-9 and -, at most 63'),
);

/** A name in any script, 1 to 200 characters, no control characters, no half of a surrogate pair. */
export const Name = v.pipe(
  v.string(),
  v.regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u, 'expected 1 to 200 characters on one line'),
);

/** Prose: 1 to 4000 characters; line feeds allowed, other control characters and halves of surrogate pairs not. */
export const Prose = v.pipe(
  v.string(),
  v.regex(/^(?:[^\p{Cc}\p{Cs}]|\n){1,4000}$/u, 'expected text of 1 to 4000 characters'),
);

/**
 * The first character of a text that cannot go on record, as `U+007F`: a control character but line feed and tab, or
 * half of a surrogate pair. Null when there is none.
 */
export function unrecordableIn(text: string): string | null {
  const found = /[^\P{Cc}\n\t]|\p{Cs}/u.exec(text)?.[0].codePointAt(0);
  return found === undefined ? null : `U+${found.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Lower-case hex of a whole number of bytes. */
export const Hex = v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{2})*$/, 'expected lower-case hex'));

/** Lower-case hex of 32 bytes. */
export const Sha256Hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits'));

/** Padded standard base64 whose spare bits are zero. */
export const Base64 = v.pipe(
  v.string(),
  v.check((text) => Buffer.from(text, 'base64').toString('base64') === text, 'expected padded base64'),
);

/** An X25519 recipient of age: `age1` and 58 characters of Bech32, whose checksum is checked by whoever encrypts. */
export const AgeRecipient = v.pipe(
  v.string(),
  v.regex(/^age1[02-9ac-hj-np-z]{58}$/, 'expected an X25519 recipient of age: age1, and 58 characters more'),
);

/** RFC 3339 in UTC with milliseconds, such as `2026-11-23T10:15:00.000Z`. */
export const Instant = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, 'expected a UTC time with milliseconds'),
  v.check((text) => !Number.isNaN(Date.parse(text)) && new Date(text).toISOString() === text, 'no such time'),
);
