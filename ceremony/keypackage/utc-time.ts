/** Times as cloud services write them. */
import * as v from 'valibot';

/** RFC 3339 in UTC, seconds with up to nine further digits, such as `2026-11-24T10:15:00Z`. Kept as the service wrote it. */
export const UtcTime = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/, 'expected an RFC 3339 time in UTC'),
  v.check((text) => isRealTime(text), 'no such time'),
);

function isRealTime(text: string): boolean {
  const milliseconds = Date.parse(text);
  return !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().slice(0, 19) === text.slice(0, 19);
}
