/** The printable script of a plan, as HTML and as PDF. */
import { describe, expect, test } from 'vitest';
import { readPlan } from '../../ceremony/plan/read';
import { instructions } from '../../ceremony/plan/instructions';
import { EXCEPTION_SHEETS } from '../../ceremony/plan/script/exception-sheets';
import { scriptDocument } from '../../ceremony/plan/script/script-document';
import { renderHtml } from '../../ceremony/print/html';
import { hexGroups, words } from '../../ceremony/words';
import { documentPrinter } from '../../workstation/report-pdf/document-printer';
import { custodyForms } from '../../ceremony/plan/share-forms';
import { writeWorksheet } from '../../hsm/shares/worksheet';
import { FIRST, ROTATE, THRESHOLD } from '../plan/examples';
import { infoOf, structureOf, textOf, textOfPages, wordsOf } from './poppler';

const first = readPlan(FIRST);
const document = scriptDocument(first.plan, first.sha256);

describe('the printed script', () => {
  const html = renderHtml(document);

  test('has the plan hash, in hex and in words, in the head that every page repeats', () => {
    const head = /<thead>(.*?)<\/thead>/s.exec(html)?.[1] ?? '';
    expect(head).toContain(hexGroups(first.sha256));
    expect(head).toContain(words(Buffer.from(first.sha256, 'hex')));
    expect(html).toContain('table.pages > thead { display: table-header-group; }');
  });

  test('has every step in order with its instructions, every seat, every material and the exception sheets', () => {
    const ids = [...html.matchAll(/<code><bdi>([^<]*)<\/bdi><\/code>/g)].map((match) => match[1] ?? '');
    const steps = first.plan.steps.map((step) => step.id);
    expect(ids.filter((id, place) => steps.includes(id) && ids[place + 1]?.match(/^[a-z-]+(?:\.[a-z]+)*$/))).toEqual(
      expect.arrayContaining(steps),
    );
    for (const step of first.plan.steps) {
      for (const one of instructions(first.plan, step)) {
        expect(html.replace(/<[^>]+>/g, ' ')).toContain(escaped(one.split('\n')[0] ?? ''));
      }
    }
    for (const seat of ['custodians 1', 'custodians 2', 'custodians 3', 'approvers 2'])
      expect(html).toContain(`<bdi>${seat}</bdi>`);
    for (const { id } of first.plan.materials) expect(html).toContain(`<code><bdi>${id}</bdi></code>`);
    expect(html.match(/<h2><bdi>Exception sheet \d of \d/g)).toHaveLength(EXCEPTION_SHEETS);
    expect(html).toContain('<bdi>Initials</bdi></th><th scope="col"><bdi>Time (UTC)</bdi></th>');
  });

  test('needs nothing else and runs nothing', () => {
    expect(html).not.toMatch(/<script|<link|<img|<iframe|\bon[a-z]+=|https?:|url\(|@import/i);
    expect(html).toContain("default-src 'none'");
  });

  test('is the same each time, and another one for another plan', async () => {
    expect(renderHtml(scriptDocument(first.plan, first.sha256))).toBe(html);
    const rotate = readPlan(ROTATE);
    expect(renderHtml(scriptDocument(rotate.plan, rotate.sha256))).not.toBe(html);
    const [one, other] = [await documentPrinter.pdf(document, 'A4'), await documentPrinter.pdf(document, 'A4')];
    expect(Buffer.from(one).equals(Buffer.from(other))).toBe(true);
  });
});

describe('the script as PDF', () => {
  test('has the plan hash in words, and its number, on every page, of A4 and of Letter', async () => {
    for (const paper of ['A4', 'Letter'] as const) {
      const pdf = await documentPrinter.pdf(document, paper);
      const pages = (await textOfPages(pdf)).map((text) => text.replace(/\s+/g, ' '));
      for (const [place, text] of pages.entries()) {
        expect(text).toContain(words(Buffer.from(first.sha256, 'hex')));
        expect(text).toContain(hexGroups(first.sha256));
        expect(text).toContain(`Page ${String(place + 1)} of ${String(pages.length)}`);
      }
      for (const { left, right } of await wordsOf(pdf)) {
        expect(left).toBeGreaterThan(41);
        expect(right).toBeLessThan((paper === 'A4' ? 595.28 : 612) - 41);
      }
    }
  });

  test('has a row with initials and time for each step, a place for each seat, and numbers of seals', async () => {
    const pdf = await documentPrinter.pdf(document, 'A4');
    const text = await textOf(pdf);
    for (const { title } of first.plan.steps) expect(text).toContain(title);
    for (const label of ['Initials', 'Time (UTC)', 'Identification seen', 'Serial number', 'Seal in', 'Seal out'])
      expect(text).toContain(label);
    expect(text).toContain(`Exception sheet ${String(EXCEPTION_SHEETS)} of ${String(EXCEPTION_SHEETS)}`);
    // Boxes are drawn; whoever hears the text hears of them.
    expect(text.split('☐').length).toBeGreaterThan(40);
    expect(await infoOf(pdf)).toMatchObject({ Tagged: 'yes', Title: `${first.plan.title}: script` });
    expect(await structureOf(pdf)).toContain('/Scope /Column');
  });
});

test('nothing of the plan is read as HTML', () => {
  const evil = `<script>alert(1)</script> & "'`;
  const plan = structuredClone(first.plan);
  plan.title = plan.purpose = plan.site.name = plan.storage = plan.signOff.wording = evil;
  plan.site.controls = [evil];
  for (const one of plan.units) one.name = evil;
  for (const one of plan.units) one.label = '<script>';
  for (const one of plan.materials) one.name = evil;
  for (const one of plan.pins) one.sealing = evil;
  for (const one of plan.phases) one.title = evil;
  for (const one of plan.separationOfDuties) one.why = evil;
  for (const step of plan.steps) {
    step.title = evil;
    if (step.action === 'statement') step.text = evil;
    if (step.action === 'fact') step.ask = evil;
  }
  const html = renderHtml(scriptDocument(plan, first.sha256));
  expect(html).not.toContain('<script');
  expect(html).toContain('&#60;script&#62;alert(1)&#60;/script&#62; &#38; &#34;&#39;');
});

test('a hash that is none is refused', () => {
  expect(() => scriptDocument(first.plan, 'ABC')).toThrow(
    new RangeError('plan hash: expected 64 lower-case hex digits, got ABC'),
  );
});

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${String(character.charCodeAt(0))};`);
}

describe('blank worksheets', () => {
  test('are there for every share that is written by hand, a page each, with the rows of the secret window', async () => {
    const pages = (await textOfPages(await documentPrinter.pdf(document, 'A4'))).filter((page) =>
      page.includes('Worksheet:'),
    );
    expect(pages.map((page) => /Worksheet: ([^\n]*)/.exec(page)?.[1])).toEqual([
      'share 1 of 3, payments-master-key',
      'share 2 of 3, payments-master-key',
      'share 3 of 3, payments-master-key',
    ]);
    const share = writeWorksheet(
      { set: 'ab'.repeat(16), scheme: 'components', threshold: 3, count: 3, index: 1 },
      'carol',
      Buffer.alloc(32),
    );
    const rows = share
      .toString('utf8')
      .match(/^[0-9] /gm)
      ?.map((row) => row.trim());
    for (const page of pages)
      expect(page.match(/^ *[1-9][0-9]?$/gm)?.map((row) => row.trim())).toEqual(
        expect.arrayContaining(rows ?? ['none']),
      );
  });

  test('of words number the first word of each row', async () => {
    const { plan, sha256 } = readPlan(THRESHOLD);
    const pages = (await textOfPages(await documentPrinter.pdf(scriptDocument(plan, sha256), 'Letter'))).filter(
      (page) => page.includes('Worksheet:'),
    );
    const byHand = custodyForms(plan).filter(({ form }) => form === 'worksheet');
    expect(pages).toHaveLength(byHand.length);
    for (const page of pages) expect(page).toMatch(/^ *31$/m);
  });
});
