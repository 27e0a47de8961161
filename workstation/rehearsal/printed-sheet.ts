/** Reads the sheet of a share that a rehearsal "printed": a PDF in a folder of the room, as a custodian reads paper. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shareFileName } from '../../hsm/shares/forms/share-medium';

/** The lines of the sheet; null when it is nowhere in the room. */
export function printedSheet(room: string, set: string, index: number): string | null {
  const name = shareFileName({ set, index }, 'pdf');
  for (const folder of ['printers', 'media']) {
    const place = join(room, folder);
    if (!existsSync(place)) continue;
    const found = readdirSync(place, { recursive: true, encoding: 'utf8' }).find((one) => one.endsWith(`/${name}`));
    if (found !== undefined) return linesOf(readFileSync(join(place, found), 'latin1'));
  }
  return null;
}

/** What stands on the page in the size of a worksheet. */
function linesOf(pdf: string): string {
  return [...pdf.matchAll(/BT \/C 12 Tf .* \((.*)\) Tj ET/g)].map(([, text]) => text ?? '').join('\n');
}
