/** Hashes and times in cells, cut into lines where they are easy to compare. */
import { cell, exact, type Cell } from '../../print/document';
import { hexGroups, words } from '../../words';

/** Hex digits in groups of four, so many groups to a line. */
export function hexCell(hex: string, groups = 8): Cell {
  const lines = hex.match(new RegExp(`.{1,${String(groups * 4)}}`, 'g')) ?? [];
  return cell(...lines.map((one) => exact(hexGroups(one))));
}

/** A hash for comparing by eye and by ear: hex groups, and the PGP words of all its bytes. */
export function hashCell(hex: string): Cell {
  return [...hexCell(hex), ...cell(words(Buffer.from(hex, 'hex')))];
}

/** A time (RFC 3339 UTC) as day and time of day. */
export function instantCell(at: string): Cell {
  return cell(...at.split('T'));
}
