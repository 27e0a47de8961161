/**
 * RS1024, the checksum of SLIP-39: three words of a Reed-Solomon code over GF(1024). It finds any three wrong words, and
 * tells which one is wrong where only one is.
 */

/** Words of the checksum. */
export const CHECKSUM_WORDS = 3;

const WORD_BITS = 10;
const GENERATOR = [
  0xe0e040, 0x1c1c080, 0x3838100, 0x7070200, 0xe0e0009, 0x1c0c2412, 0x38086c24, 0x3090fc48, 0x21b1f890, 0x3f3f120,
];

/** The checksum over words (10 bits each, by their numbers), with the customisation string of the kind of set. */
export function checksumOf(words: readonly number[], isExtendable: boolean): readonly number[] {
  const sum = remainder([...customisation(isExtendable), ...words, 0, 0, 0]) ^ 1;
  return [(sum >>> 20) & 0x3ff, (sum >>> 10) & 0x3ff, sum & 0x3ff];
}

/** Whether the last three words are the checksum of those before. */
export function isWhole(words: readonly number[], isExtendable: boolean): boolean {
  return remainder([...customisation(isExtendable), ...words]) === 1;
}

/**
 * The place (from 0) of the one word that is wrong, when putting another word there makes all of them whole; null when more
 * are wrong. Which word belongs there is not told: nothing is put right but by who has the sheet.
 */
export function placeOfWrongWord(words: readonly number[], isExtendable: boolean): number | null {
  const seen = remainder([...customisation(isExtendable), ...words]) ^ 1;
  for (let place = words.length - 1; place >= 0; place -= 1) {
    if (isCausedAt(words.length - place - 1, seen)) return place;
  }
  return null;
}

/** Whether some error in the word before `after` others gives a remainder: the code is linear, bit by bit. */
function isCausedAt(after: number, seen: number): boolean {
  const ofBit = Array.from({ length: WORD_BITS }, (_, bit) => step([1 << bit, ...new Array<number>(after).fill(0)], 0));
  let sum = 0;
  // In the order of a Gray code each error differs from the one before in a single bit.
  for (let count = 1; count < 1 << WORD_BITS; count += 1) {
    sum ^= ofBit[31 - Math.clz32(count & (0 - count))] ?? 0;
    if (sum === seen) return true;
  }
  return false;
}

function customisation(isExtendable: boolean): readonly number[] {
  return [...Buffer.from(isExtendable ? 'shamir_extendable' : 'shamir', 'ascii')];
}

function remainder(values: readonly number[]): number {
  return step(values, 1);
}

function step(values: readonly number[], start: number): number {
  let sum = start;
  for (const value of values) {
    const top = sum >>> 20;
    sum = ((sum & 0xfffff) << 10) ^ value;
    for (const [bit, generator] of GENERATOR.entries()) sum ^= generator & (0 - ((top >>> bit) & 1));
  }
  return sum;
}
