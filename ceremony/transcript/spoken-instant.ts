/** Times as people read them aloud, to the second: `29 November 2026, 10:15:07 UTC`. */

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** @param instant RFC 3339 in UTC with milliseconds, which are left out */
export function spokenInstant(instant: string): string {
  const time = new Date(instant);
  const month = MONTHS[time.getUTCMonth()] ?? '';
  return `${String(time.getUTCDate())} ${month} ${String(time.getUTCFullYear())}, ${instant.slice(11, 19)} UTC`;
}

/** The instant that was spoken, with no milliseconds (`.000Z`); null for anything else than {@link spokenInstant} gives. */
export function instantOfSpoken(spoken: string): string | null {
  const [, day = '', name = '', year = '', clock = ''] =
    /^(\d{1,2}) ([A-Z][a-z]+) (\d{4}), (\d\d:\d\d:\d\d) UTC$/.exec(spoken) ?? [];
  const month = String(MONTHS.indexOf(name) + 1).padStart(2, '0');
  const instant = `${year}-${month}-${day.padStart(2, '0')}T${clock}.000Z`;
  const time = Date.parse(instant);
  return Number.isNaN(time) || spokenInstant(instant) !== spoken ? null : instant;
}
