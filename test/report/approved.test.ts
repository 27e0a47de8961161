/** The pages as somebody looked at them and approved them. UPDATE_APPROVED=1 puts new ones in their place. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reportDocument } from '../../ceremony/bundle/report/report-document';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { readPlan } from '../../ceremony/plan/read';
import { scriptDocument } from '../../ceremony/plan/script/script-document';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { documentPrinter } from '../../workstation/report-pdf/document-printer';
import { FIRST } from '../plan/examples';
import {
  APPROVED,
  difference,
  differenceFromApproved,
  isTolerated,
  readGreyPng,
  type GreyPicture,
} from './grey-picture';
import { picturesOf } from './poppler';
import { documentOf } from './reported-bundle';

/** Bundles of released versions. */
const RELEASED = join(import.meta.dirname, '../fixtures/bundles');

const DPI = 80;

async function compare(name: string, pdf: Uint8Array, pages: readonly number[] | 'all'): Promise<void> {
  const pictures = await picturesOf(pdf, DPI);
  if (pages === 'all') {
    const kept = readdirSync(APPROVED).filter((file) => file.startsWith(`${name}-`)).length;
    if (process.env['UPDATE_APPROVED'] !== '1') expect(pictures, 'as many pages as were approved').toHaveLength(kept);
  }
  const wanted = pages === 'all' ? pictures.map((_, place) => place + 1) : pages;
  for (const page of wanted) {
    const picture = pictures[page - 1];
    if (picture === undefined) throw new Error(`${name} has no page ${String(page)}`);
    const share = differenceFromApproved(`${name}-${String(page)}`, picture);
    expect(isTolerated(share), `page ${String(page)} of ${name}: ${String(share)} of it looks different`).toBe(true);
  }
}

describe('pages that were looked at', () => {
  it('of the report on A4', { timeout: 240_000 }, async () => {
    await compare('report-a4', await documentPrinter.pdf(await documentOf({ reproducible: true }), 'A4'), 'all');
  });

  it('of the report on Letter', { timeout: 240_000 }, async () => {
    await compare(
      'report-letter',
      await documentPrinter.pdf(await documentOf({ reproducible: true }), 'Letter'),
      [1, 3],
    );
  });

  it('of the report on a ceremony with real tokens, in two sessions', { timeout: 240_000 }, async () => {
    const folder = new FileBundleFolder(join(RELEASED, '0.2.0', 'bundle'));
    const document = await reportDocument(folder, await verifyBundle(folder));
    await compare('report-two-days', await documentPrinter.pdf(document, 'A4'), [1, 6, 9]);
  });

  it('of the script', { timeout: 240_000 }, async () => {
    const { plan, sha256 } = readPlan(FIRST);
    await compare('script-a4', await documentPrinter.pdf(scriptDocument(plan, sha256), 'A4'), [1, 4, 8]);
  });
});

describe('the comparison', () => {
  const firstPage = (): GreyPicture => readGreyPng(readFileSync(join(APPROVED, 'report-a4-1.png')));

  it('sees a block that is missing, and a page of another size', () => {
    const approved = firstPage();
    const pixels = Uint8Array.from(approved.pixels);
    expect(difference(approved, { ...approved, pixels })).toBe(0);
    pixels.fill(0, 0, approved.width * 5);
    expect(isTolerated(difference(approved, { ...approved, pixels }))).toBe(false);
    expect(difference(approved, { ...approved, width: approved.width + 1 })).toBe(1);
  });

  it('reads black as black and white as white', () => {
    const approved = firstPage();
    expect(approved.pixels.some((grey) => grey < 64)).toBe(true);
    expect(approved.pixels.filter((grey) => grey === 255).length).toBeGreaterThan(approved.pixels.length / 2);
    expect([approved.width, approved.height]).toEqual([662, 936]);
  });
});
