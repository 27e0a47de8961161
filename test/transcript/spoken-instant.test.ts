/** Times as they are read aloud, and back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantOfSpoken, spokenInstant } from '../../ceremony/transcript/spoken-instant';

describe('a time that is read aloud', () => {
  it('has a day, a month in letters, and no milliseconds', () => {
    expect(spokenInstant('2026-11-29T10:15:07.123Z')).toBe('29 November 2026, 10:15:07 UTC');
    expect(spokenInstant('2027-01-02T00:00:00.000Z')).toBe('2 January 2027, 00:00:00 UTC');
  });

  it('is the same time when it is read back, to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        const instant = new Date(seconds * 1000).toISOString();
        expect(instantOfSpoken(spokenInstant(instant))).toBe(instant);
      }),
    );
  });

  it.each([
    '',
    '31 February 2026, 10:15:07 UTC',
    '07 May 2026, 10:15:07 UTC',
    '2026-11-29T10:15:07.000Z',
    '1 Mai 2026',
  ])('is none where nobody would have said it so: %s', (text) => {
    expect(instantOfSpoken(text)).toBeNull();
  });
});
