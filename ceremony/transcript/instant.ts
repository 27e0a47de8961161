/** Times of lines, checked without making a date of each: a million lines have a million of them. */

const LENGTH = '2026-11-23T10:15:00.000Z'.length;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether `text` is a time as the schema `Instant` of `text-forms.ts` has it: UTC, milliseconds, in the calendar. */
export function isInstant(text: string): boolean {
  if (text.length !== LENGTH) return false;
  if (text[4] !== '-' || text[7] !== '-' || text[10] !== 'T' || text[13] !== ':' || text[16] !== ':') return false;
  if (text[19] !== '.' || text[23] !== 'Z') return false;
  const year = number(text, 0, 4);
  const month = number(text, 5, 7);
  const day = number(text, 8, 10);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false;
  return (
    isUpTo(number(text, 11, 13), 23) &&
    isUpTo(number(text, 14, 16), 59) &&
    isUpTo(number(text, 17, 19), 59) &&
    isUpTo(number(text, 20, 23), 999)
  );
}

/** The number that the digits of a part make; -1 when something in it is no digit. */
function number(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isUpTo(value: number, most: number): boolean {
  return value >= 0 && value <= most;
}

function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
}
