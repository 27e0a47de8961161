/** What somebody at a terminal sees while a long transcript is read. */
import { describe, expect, it } from 'vitest';
import { progressLine } from '../../cli/progress-line';

function shown(isTTY: boolean, total: number | null): string[] {
  const written: string[] = [];
  let time = 0;
  const tell = progressLine({ isTTY, write: (text) => written.push(text) }, () => time);
  for (let bytes = 100; bytes <= 1000; bytes += 100) {
    time += 200;
    tell({ lines: bytes * 1000, bytes, total });
  }
  return written;
}

describe('progressLine', () => {
  it('shows nothing where nobody looks, and nothing of what is done soon', () => {
    expect(shown(false, 1000)).toEqual([]);
    expect(shown(true, 400)).toEqual([]);
  });

  it('shows after a second how far it is, now and then, and clears the line at the end', () => {
    expect(shown(true, 1000)).toEqual([
      '\r\u001b[K500,000 lines read, 50 %',
      '\r\u001b[K700,000 lines read, 70 %',
      '\r\u001b[K900,000 lines read, 90 %',
      '\r\u001b[K',
    ]);
  });

  it('goes without the part where the length is not known', () => {
    expect(shown(true, null)[0]).toBe('\r\u001b[K500,000 lines read');
  });
});
