/**
 * Whether bytes are canonical JSON (the form of `canonical-json.ts`), found in one pass over them: nothing is parsed,
 * written again or allocated. Accepts exactly what parsing and writing again would leave as it is.
 */

/** Deepest nesting of arrays and objects that a record may have; the outermost value is at depth 0. */
export const MAX_DEPTH = 32;

/** Longest record in UTF-8 bytes: 1 MiB. */
export const MAX_BYTES = 1024 * 1024;

/** In place of the end of something that is not what it should be. */
const NONE = -1;

const [QUOTE, COMMA, MINUS, ZERO, NINE, COLON] = [0x22, 0x2c, 0x2d, 0x30, 0x39, 0x3a];
const [OPEN_LIST, BACKSLASH, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5c, 0x5d, 0x7b, 0x7d];
const [SMALL_F, SMALL_N, SMALL_T, SMALL_U] = [0x66, 0x6e, 0x74, 0x75];

/** Printable ASCII that stands for itself in text: all but the quote and the backslash. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

const [TRUE, FALSE, NULL] = [wordBytes('true'), wordBytes('false'), wordBytes('null')];

/** Whether `bytes` are one canonical JSON value of at most 1 MiB, and nothing else. Never throws. */
export function isCanonical(bytes: Uint8Array): boolean {
  return bytes.length <= MAX_BYTES && endOfValue(bytes, 0, 0) === bytes.length;
}

/** Place after the value that begins at `at`; NONE when there is none in canonical form. */
function endOfValue(bytes: Uint8Array, at: number, depth: number): number {
  if (depth > MAX_DEPTH) return NONE;
  switch (bytes[at]) {
    case QUOTE:
      return endOfText(bytes, at + 1);
    case OPEN_OBJECT:
      return endOfObject(bytes, at + 1, depth + 1);
    case OPEN_LIST:
      return endOfList(bytes, at + 1, depth + 1);
    case SMALL_T:
      return endOfWord(bytes, at, TRUE);
    case SMALL_F:
      return endOfWord(bytes, at, FALSE);
    case SMALL_N:
      return endOfWord(bytes, at, NULL);
    default:
      return endOfInteger(bytes, at);
  }
}

function endOfList(bytes: Uint8Array, at: number, depth: number): number {
  if (bytes[at] === CLOSE_LIST) return at + 1;
  for (;;) {
    at = endOfValue(bytes, at, depth);
    if (at === NONE) return NONE;
    if (bytes[at] === CLOSE_LIST) return at + 1;
    if (bytes[at] !== COMMA) return NONE;
    at += 1;
  }
}

function endOfObject(bytes: Uint8Array, at: number, depth: number): number {
  if (bytes[at] === CLOSE_OBJECT) return at + 1;
  let before = NONE;
  for (;;) {
    if (bytes[at] !== QUOTE) return NONE;
    const key = at + 1;
    at = endOfKey(bytes, key);
    if (at === NONE || bytes[at] !== COLON) return NONE;
    if (before !== NONE && !isKeyBefore(bytes, before, key)) return NONE;
    before = key;
    at = endOfValue(bytes, at + 1, depth);
    if (at === NONE) return NONE;
    if (bytes[at] === CLOSE_OBJECT) return at + 1;
    if (bytes[at] !== COMMA) return NONE;
    at += 1;
  }
}

/** Keys are printable ASCII: only the quote and the backslash are escaped. */
function endOfKey(bytes: Uint8Array, at: number): number {
  for (;;) {
    while (PLAIN[bytes[at] ?? 0] === 1) at += 1;
    if (bytes[at] === QUOTE) return at + 1;
    if (bytes[at] !== BACKSLASH || (bytes[at + 1] !== QUOTE && bytes[at + 1] !== BACKSLASH)) return NONE;
    at += 2;
  }
}

/** Whether one whole key (from behind its quote) sorts before another, by what they say and not by how it is escaped. */
function isKeyBefore(bytes: Uint8Array, one: number, other: number): boolean {
  for (;;) {
    if (bytes[other] === QUOTE) return false;
    if (bytes[one] === QUOTE) return true;
    if (bytes[one] === BACKSLASH) one += 1;
    if (bytes[other] === BACKSLASH) other += 1;
    const difference = (bytes[one] ?? 0) - (bytes[other] ?? 0);
    if (difference !== 0) return difference < 0;
    one += 1;
    other += 1;
  }
}

function endOfText(bytes: Uint8Array, at: number): number {
  for (;;) {
    while (PLAIN[bytes[at] ?? 0] === 1) at += 1;
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === undefined) return NONE;
    at = byte === BACKSLASH ? endOfEscape(bytes, at + 1) : endOfCharacter(bytes, at);
    if (at === NONE) return NONE;
  }
}

/** Escapes as RFC 8785 writes them: two characters where JSON has such, `u00` and two lower-case digits for other controls. */
function endOfEscape(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case QUOTE:
    case BACKSLASH:
    case 0x62:
    case SMALL_F:
    case SMALL_N:
    case 0x72:
    case SMALL_T:
      return at + 1;
    case SMALL_U: {
      if (bytes[at + 1] !== ZERO || bytes[at + 2] !== ZERO) return NONE;
      const high = (bytes[at + 3] ?? 0) - ZERO;
      const low = hexDigit(bytes[at + 4] ?? 0);
      if (high < 0 || high > 1 || low < 0) return NONE;
      const control = high * 16 + low;
      // Backspace, tab, line feed, form feed and carriage return have their short form.
      const hasShortForm = control >= 0x08 && control <= 0x0d && control !== 0x0b;
      return hasShortForm ? NONE : at + 5;
    }
    default:
      return NONE;
  }
}

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO;
  return byte >= 0x61 && byte <= SMALL_F ? byte - 0x61 + 10 : NONE;
}

/** Place after a character of more than one byte: shortest UTF-8, no half of a surrogate pair, at most U+10FFFF. */
function endOfCharacter(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  if (first < 0xc2 || first > 0xf4) return NONE;
  if (first < 0xe0) return isFurther(second) ? at + 2 : NONE;
  if (!isFurther(second) || !isFurther(bytes[at + 2])) return NONE;
  if (first < 0xf0) {
    const isTooShort = first === 0xe0 && second < 0xa0;
    const isSurrogate = first === 0xed && second >= 0xa0;
    return isTooShort || isSurrogate ? NONE : at + 3;
  }
  const isTooShort = first === 0xf0 && second < 0x90;
  const isTooHigh = first === 0xf4 && second >= 0x90;
  return isTooShort || isTooHigh || !isFurther(bytes[at + 3]) ? NONE : at + 4;
}

function isFurther(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** An integer within ±(2^53−1) in its shortest form; `-0` is none. */
function endOfInteger(bytes: Uint8Array, at: number): number {
  const isNegative = bytes[at] === MINUS;
  if (isNegative) at += 1;
  const first = bytes[at] ?? 0;
  if (first === ZERO) return isNegative ? NONE : at + 1;
  let value = 0;
  const start = at;
  for (let byte = first; byte >= ZERO && byte <= NINE; byte = bytes[at] ?? 0) {
    value = value * 10 + (byte - ZERO);
    // Rounding sets in beyond the largest integer allowed, and never leads below it again.
    if (value > Number.MAX_SAFE_INTEGER) return NONE;
    at += 1;
  }
  return at === start ? NONE : at;
}

function endOfWord(bytes: Uint8Array, at: number, word: Uint8Array): number {
  for (let place = 0; place < word.length; place += 1) if (bytes[at + place] !== word[place]) return NONE;
  return at + word.length;
}

function wordBytes(word: string): Uint8Array {
  return Uint8Array.from(word, (letter) => letter.charCodeAt(0));
}
