/**
 * Check digits of a worksheet row. A row is a codeword of a shortened Reed-Solomon code over GF(16), the field of one
 * hex digit: row number, eight digits, two check digits. Its distance is 3 (it is MDS, n = 11 ≤ 15), so that **every one
 * or two wrong digits of a row are found**, and with that every swap of two digits, next to each other or not. A CRC-8
 * has as many check digits and promises less: no pair of wrong digits further apart than 8 bits.
 *
 * Field: GF(2)[x] / (x⁴ + x + 1), α = x. Generator: (x − α)(x − α²) = x² + 6x + 8. The two check digits are the
 * remainder of m(x)·x² by it, m being the row number and the eight digits, most significant first. No tables: what is
 * done does not depend on the digits.
 */

/** Number of check digits at the end of a row. */
export const CHECK_DIGITS = 2;

/**
 * The two check digits of a row, each 0 to 15.
 *
 * @param rowNumber 1 to 15
 * @param digits the row's digits, each 0 to 15, at most twelve
 * @throws RangeError for a row number out of range or too many digits
 */
export function checkDigits(rowNumber: number, digits: Uint8Array): readonly [number, number] {
  if (!Number.isInteger(rowNumber) || rowNumber < 1 || rowNumber > 15) {
    throw new RangeError(`row number: expected 1 to 15, got ${String(rowNumber)}`);
  }
  if (digits.length > 12) throw new RangeError(`row: expected at most 12 digits, got ${String(digits.length)}`);
  let high = 0;
  let low = 0;
  const divide = (digit: number): void => {
    const lead = (high ^ digit) & 15;
    high = low ^ timesAlpha(lead) ^ timesAlpha(timesAlpha(lead));
    low = timesAlpha(timesAlpha(timesAlpha(lead)));
  };
  divide(rowNumber);
  for (const digit of digits) divide(digit);
  return [high, low];
}

function timesAlpha(digit: number): number {
  return ((digit << 1) & 15) ^ ((digit >> 3) * 3);
}
