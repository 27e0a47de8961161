/** The report as PDF, read back with poppler: text, structure, properties, pages. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { reportDocument } from '../../ceremony/bundle/report/report-document';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { renderHtml } from '../../ceremony/print/html';
import { cell, heading, line, paragraph, table, textsOf, type PrintDocument } from '../../ceremony/print/document';
import { renderFor } from '../../ceremony/print/render-for';
import { hexGroups, words } from '../../ceremony/words';
import { documentPrinter } from '../../workstation/report-pdf/document-printer';
import { infoOf, structureOf, textOf, textOfPages, wordsOf } from './poppler';
import { documentOf, seal, withBundle } from './reported-bundle';

const REPRODUCIBLE = { reproducible: true } as const;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const small = (text: string): PrintDocument => ({
  title: text,
  subject: text,
  banner: null,
  head: [line(text)],
  foot: [line('foot')],
  made: '2026-11-23T09:00:00.000Z',
  blocks: [heading(1, text), heading(2, text), paragraph(text), table('Caption', [['Head', 1]], [[cell(text)]])],
});

describe('the report of a bundle', () => {
  it('names every participant, the root, the plan hash and every step, on A4 and on Letter', async () => {
    await withBundle(REPRODUCIBLE, async (folder) => {
      const report = await verifyBundle(folder);
      const document = await reportDocument(folder, report);
      const { summary } = report;
      if (summary === null) throw new Error('no summary');
      const titles = ['Pre-flight', 'Roll call', 'Initialise', 'Imprint', 'Half-way', 'Generate', 'Load', 'Commit'];
      for (const paper of ['A4', 'Letter'] as const) {
        const text = await textOf(await documentPrinter.pdf(document, paper));
        for (const { name } of summary.roster) expect(text).toContain(name);
        for (const hash of [summary.root, summary.planHash]) {
          expect(text).toContain(`${hexGroups(hash.slice(0, 32))} ${hexGroups(hash.slice(32))}`);
          expect(text).toContain(words(Buffer.from(hash, 'hex')));
        }
        for (const title of titles) expect(text).toContain(title);
        expect(text).toContain('REHEARSAL: STANDS FOR NOTHING IN PRODUCTION');
      }
    });
  });

  it('says in PDF what it says in HTML', async () => {
    const document = await documentOf(REPRODUCIBLE);
    const bare = (text: string): string => text.replace(/\s+/g, '');
    const text = bare(await textOf(await documentPrinter.pdf(document, 'A4')));
    const html = bare(
      renderHtml(document)
        .replace(/<style>[^]*<\/style>|<[^>]+>/g, ' ')
        .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code))),
    );
    const said = textsOf(document)
      .map(bare)
      .filter((one) => one.length > 0 && one.length < 12);
    expect(said.length).toBeGreaterThan(300);
    for (const one of said) {
      expect(html).toContain(one);
      expect(text).toContain(one);
    }
  });

  it('has the root, the mode and the number of the page on every page', async () => {
    await withBundle(REPRODUCIBLE, async (folder) => {
      const report = await verifyBundle(folder);
      const pdf = await documentPrinter.pdf(await reportDocument(folder, report), 'A4');
      const pages = await textOfPages(pdf);
      expect(pages.length).toBeGreaterThan(5);
      for (const [place, text] of pages.entries()) {
        expect(text).toContain('REHEARSAL: STANDS FOR NOTHING IN PRODUCTION');
        // The whole root: half of one is compared with by nobody, and made alike by anybody.
        expect(text).toContain(`Root ${hexGroups(report.summary?.root ?? 'no root')}`);
        expect(text).toContain(`Plan ${hexGroups(report.summary?.planHash ?? 'no plan')}`);
        expect(text).toContain(`Page ${String(place + 1)} of ${String(pages.length)}`);
      }
    });
  });

  it('of production bears no mark of a rehearsal', async () => {
    const text = await textOf(
      await documentPrinter.pdf(await documentOf({ ...REPRODUCIBLE, mode: 'production' }), 'A4'),
    );
    expect(text).not.toContain('REHEARSAL');
    expect(text).toContain('PRODUCTION This ceremony was carried out in production mode.');
  });

  it('of a record that does not hold says so on every page', async () => {
    const document = await documentOf({ ...REPRODUCIBLE, finalSigners: ['ada'] });
    for (const page of await textOfPages(await documentPrinter.pdf(document, 'A4'))) {
      expect(page).toContain('REFUSED: THIS RECORD DOES NOT HOLD');
    }
  });

  it('tells who recomputed the root on a station of their own, and that the others did not', async () => {
    await withBundle(REPRODUCIBLE, async (folder) => {
      const report = await verifyBundle(folder);
      const relying = await textOf(await documentPrinter.pdf(await reportDocument(folder, report), 'A4'));
      expect(relying).toContain('everybody who signed relied on the operator’s screen');
      const app = { name: 'keyrite', version: '9.9.9', sha256: 'ab'.repeat(32) };
      const cosigner = { participant: 'wanda', at: '2026-11-24T10:00:00.000Z', verdict: 'verified', app } as const;
      const summary = { ...report.summary!, cosigners: [cosigner] };
      const text = await textOf(await documentPrinter.pdf(await reportDocument(folder, { ...report, summary }), 'A4'));
      expect(text).toContain(
        'Wanda Müller witness ed25519, in a file, which can be copied own recomputation, see below',
      );
      expect(text).toMatch(/Recomputed on a station of their own .*?Wanda Müller 2026-11-24 10:00:00\.000Z verified/);
      expect(text).not.toContain('everybody who signed relied');
    });
  });

  it('tells of sessions, of people who came on the day, and of clocks', async () => {
    const text = await textOf(await documentPrinter.pdf(await documentOf({ ...REPRODUCIBLE, realLife: true }), 'A4'));
    expect(text).not.toContain('REFUSED');
    for (const said of ['was enrolled', 'Resumed after a pause, session 2', 'Emil Müller', 'Nora Müller'])
      expect(text).toContain(said);
    expect(text).toContain('Clocks of their own that people read');
  });

  it('is made again from the sealed bundle with the same bytes, which still verifies', async () => {
    await withBundle(REPRODUCIBLE, async (folder) => {
      await seal(folder);
      const report = await verifyBundle(folder);
      expect(report.findings).toEqual([]);
      expect(report.verdict).toBe('consistent');
      const document = await reportDocument(folder, report);
      for (const name of ['report.html', 'report.pdf']) {
        const again = await renderFor(name, document, 'A4', documentPrinter);
        expect(sha256(again), name).toBe(sha256(await folder.read(name)));
      }
      expect((await folder.read('report.html')).length).toBeLessThan(400_000);
    });
  });
});

describe('a PDF', () => {
  it('is tagged: language, title, headings, lists, tables with heads', async () => {
    const document = await documentOf(REPRODUCIBLE);
    const pdf = await documentPrinter.pdf(document, 'A4');
    const raw = Buffer.from(pdf).toString('latin1');
    for (const mark of ['/StructTreeRoot', '/MarkInfo', '/Marked true', '/Lang (en-GB)', '/DisplayDocTitle true'])
      expect(raw).toContain(mark);
    // Nothing that could prove it is at hand, so it is not claimed.
    expect(raw).not.toContain('pdfuaid');
    const info = await infoOf(pdf);
    expect(info).toMatchObject({ Title: document.title, Tagged: 'yes', 'Page size': '595.28 x 841.89 pts (A4)' });
    expect(await infoOf(await documentPrinter.pdf(document, 'Letter'))).toMatchObject({
      'Page size': '612 x 792 pts (letter)',
    });
    const structure = await structureOf(pdf);
    for (const tag of [
      'Document',
      'Sect',
      'H1',
      'H2',
      'H3',
      'Table',
      'Caption',
      'THead',
      'TBody',
      'TR',
      'TH',
      'TD',
      'L',
      'LI',
      'Lbl',
      'LBody',
    ])
      expect(structure).toMatch(new RegExp(`^ *${tag}\\b`, 'm'));
    expect(structure).toContain('/Scope /Column');
    expect(structure).toContain('/Scope /Row');
    const order = ['Verdict', 'Weak points', 'Participants', 'Steps', 'Exceptions', 'Sign-off'].map((one) =>
      structure.search(new RegExp(`H2 \\(block\\)\n *"${one}"`)),
    );
    expect(order).toEqual([...order].sort((one, other) => one - other));
    expect(order[0]).toBeGreaterThan(0);
  });

  it('carries no time but that of the document, and the same bytes each time', async () => {
    const document = small('Twice');
    const [one, other] = [await documentPrinter.pdf(document, 'A4'), await documentPrinter.pdf(document, 'A4')];
    expect(sha256(one)).toBe(sha256(other));
    expect(await infoOf(one)).toMatchObject({ CreationDate: '2026-11-23T09:00:00Z', ModDate: '2026-11-23T09:00:00Z' });
    const later = await documentPrinter.pdf({ ...document, made: '2026-11-24T09:00:00.000Z' }, 'A4');
    expect(sha256(later)).not.toBe(sha256(one));
  });

  it('sets names in the scripts of its typeface', async () => {
    const names = 'Łukasz Żółć, Ευαγγελία, Юлия Щедрина, Nguyễn Thị Ánh, Čeněk Ñandú';
    const pdf = await documentPrinter.pdf(small(names), 'A4');
    expect(await textOf(pdf)).toContain(names);
    expect(Buffer.from(pdf).toString('latin1')).not.toContain('/ActualText');
  });

  it('shows letters that it cannot set by their numbers, and holds them for whoever copies or hears them', async () => {
    const pdf = await documentPrinter.pdf(small('張偉 王'), 'A4');
    const [shown, copied] = [(await wordsOf(pdf)).map(({ text }) => text).join(' '), await textOf(pdf)];
    expect(copied).toContain('張偉');
    expect(copied).toContain('Letters that the printed typeface lacks');
    expect(shown).toContain('張偉');
    // What is drawn, past ActualText: the glyphs of “U+5F35”.
    expect(Buffer.from(pdf).toString('latin1')).toContain('/StructTreeRoot');
    expect(await drawnLetters(small('張偉'))).toContain('U+5F35 U+5049');
  });

  it('tells a name whole that is of letters it has and letters it lacks, and one that is broken over lines', async () => {
    const names = ['Ἀθηνᾶ', '山田太郎', 'Ada🔑Lovelace'];
    const cells = names.map((name) => [cell(name), cell('present')]);
    const blocks = [
      heading(1, 'Title'),
      table(
        'People',
        [
          ['Name', 12],
          ['There', 88],
        ],
        cells,
        { rowHeads: true },
      ),
    ];
    const text = await textOf(await documentPrinter.pdf({ ...small('Plain'), blocks }, 'A4'));
    for (const name of names) expect(text).toContain(name);
  });

  it('says where letters stand by their numbers: on the first page, and in each section where they do', async () => {
    const here = 'Numbers such as U+5F20 stand for letters here';
    const blocks = [heading(1, 'Title'), heading(2, 'One'), paragraph('plain'), heading(2, 'Two'), paragraph('張偉')];
    const structure = await structureOf(await documentPrinter.pdf({ ...small('Plain'), blocks }, 'A4'));
    const order = ['"Title"', 'Letters that the printed typeface lacks', '"One"', '"Two"', here];
    const places = order.map((one) => structure.indexOf(one));
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(places[0]).toBeGreaterThan(0);
    expect(structure.split(here)).toHaveLength(2);
    const plain = await textOf(await documentPrinter.pdf(small('Plain'), 'A4'));
    expect(plain).not.toMatch(/typeface lacks/);
  });

  it('has a space in its foot between the name of a hash and the hash, wide enough to be seen', async () => {
    const placed = await wordsOf(await documentPrinter.pdf(await documentOf(REPRODUCIBLE), 'A4'));
    const feet = placed.filter(({ text, top }) => ['Root', 'Plan'].includes(text) && top > 780);
    expect(feet.length).toBeGreaterThan(10);
    for (const { page, right, top } of feet) {
      const after = placed.filter((one) => one.page === page && one.left > right && Math.abs(one.top - top) < 2);
      expect(Math.min(...after.map(({ left }) => left)) - right).toBeGreaterThan(4);
    }
  });

  it('shows marks that turn text round or take no room', async () => {
    expect(await drawnLetters(small('Ada\u202eadA'))).toContain('U+202E');
    expect(await drawnLetters(small('Ada\u200bB'))).toContain('U+200B');
    expect(await drawnLetters(small('soft\u00adhyphen'))).toContain('U+00AD');
  });

  it('keeps a hostile title out of the markup of its properties', async () => {
    const title = '</rdf:li><evil xmlns="x">&amp; “Keys & shares”';
    const pdf = await documentPrinter.pdf(small(title), 'A4');
    const xml = /<x:xmpmeta[^]*<\/x:xmpmeta>/.exec(Buffer.from(pdf).toString('utf8'))?.[0] ?? '';
    expect(xml).toContain('＜/rdf:li＞＜evil xmlns="x"＞＆amp; “Keys ＆ shares”');
    expect(xml).not.toContain('<evil');
    expect((await textOf(pdf)).replace(/ /g, '')).toContain(title.replace(/ /g, ''));
  });

  it('breaks a word that is longer than its line, and a row that is higher than a page', async () => {
    const word = 'abcdefghij'.repeat(300);
    const rows = Array.from({ length: 200 }, (_, place) => `row-${String(place)}-line`).join('\n');
    const document = {
      ...small('Long'),
      blocks: [
        table(
          'Caption',
          [
            ['Narrow', 1],
            ['Wide', 4],
          ],
          [
            [cell(word), cell(rows)],
            [cell('after'), cell('it')],
          ],
        ),
      ],
    };
    const pdf = await documentPrinter.pdf(document, 'A4');
    const placed = await wordsOf(pdf);
    expect(placed.every(({ left, right }) => left >= 41 && right <= 595.28 - 41)).toBe(true);
    const text = (await textOf(pdf)).replace(/\s/g, '');
    for (let place = 0; place < 200; place += 1) expect(text).toContain(`row-${String(place)}-line`);
    expect(text.match(/[a-j]/g)!.length).toBeGreaterThan(2999);
  });
});

describe('a large ceremony', () => {
  it('of 100 steps and 40 people loses no row, and nothing leaves the page', { timeout: 240_000 }, async () => {
    const titles = Array.from({ length: 100 }, (_, place) => `Observation number ${String(place + 101)}`);
    const steps = titles.map(
      (title, place) =>
        `  - { id: observation-${String(place)}, title: ${title}, action: fact, ask: "What is seen?", by: [witnesses] }\n`,
    );
    const people = Array.from(
      { length: 32 },
      (_, place) => `Guest-${String(place + 101)} Wolfeschlegelsteinhausenbergerdorff`,
    );
    const document = await documentOf({
      ...REPRODUCIBLE,
      planText: (text) => text.replace('  - { id: export,', `${steps.join('')}  - { id: export,`),
      roster: (roster) => [
        ...roster,
        ...people.map((name, place) => ({ ...roster[0]!, id: `guest-${String(place)}`, name })),
      ],
    });
    for (const [paper, width, height] of [
      ['A4', 595.28, 841.89],
      ['Letter', 612, 792],
    ] as const) {
      const pdf = await documentPrinter.pdf(document, paper);
      const text = (await textOf(pdf)).replaceAll(' ', '');
      for (const one of [...titles, ...people]) expect(text).toContain(one.replaceAll(' ', ''));
      for (const { left, right, top, bottom } of await wordsOf(pdf)) {
        expect(Math.min(left - 41, width - 41 - right, top - 30, height - 30 - bottom)).toBeGreaterThan(0);
      }
    }
  });
});

/** What is drawn where ActualText stands for something else: the same document with that left out. */
async function drawnLetters(document: PrintDocument): Promise<string> {
  const { PdfFile } = await import('../../workstation/report-pdf/pdf-file');
  const { setLines } = await import('../../workstation/report-pdf/set-lines');
  const file = new PdfFile(document, 'A4');
  return setLines([{ text: document.title, face: 'plain' }], 10, 500, file)
    .flat()
    .map(({ text }) => text)
    .join('');
}
