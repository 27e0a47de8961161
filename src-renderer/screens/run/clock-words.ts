/** A date and a time as people type them. */

/**
 * The instant of a date as `2026-11-23` and a time as `10:15:00`, by UTC; null for what is neither, and for a day or a
 * time that there is not.
 */
export function instantOf(date: string, time: string): string | null {
  const text = `${date.trim()}T${time.trim()}.000Z`;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/.test(text)) return null;
  const read = new Date(text);
  return !Number.isNaN(read.getTime()) && read.toISOString() === text ? text : null;
}
