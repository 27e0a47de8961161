/** What the report says of people and of standards, held against what the record shows of them. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { reportDocument } from '../../ceremony/bundle/report/report-document';
import { verifyBundle, type VerifyReport } from '../../ceremony/bundle/verify';
import { textsOf, type Cell, type PrintDocument, type Table } from '../../ceremony/print/document';
import { words } from '../../ceremony/words';
import { judgeByScript } from '../bundle/mutation/both-verifiers';
import type { Variation } from '../bundle/software-ceremony';
import { folderAt } from '../bundle/temp-folder';
import { documentOf, withBundle } from './reported-bundle';

const PARTICIPANTS =
  'Participants, their roles and their keys; the fingerprint is the SHA-256 of the public key (SPKI)';
const COVER = 'Participants, as the record shows them there';
const STEPS = 'Every step of the plan, in the order of the plan';
const STANDARDS = 'Standards, what they ask, and where this record tells of it';

const textOf = (cell: Cell): string => cell.map((one) => one.map(({ text }) => text).join('')).join(' ');

/** The rows of a table by its caption, as text. */
function rowsOf({ blocks }: PrintDocument, caption: string): string[][] {
  const found = blocks.find((one): one is Table => one.kind === 'table' && one.caption === caption);
  if (found === undefined) throw new Error(`no table “${caption}”`);
  return found.rows.map((row) => row.map(textOf));
}

/** The row that begins with a text. */
function row(document: PrintDocument, caption: string, start: string, column = 0): string[] {
  const found = rowsOf(document, caption).find((cells) => cells[column]?.startsWith(start) === true);
  if (found === undefined) throw new Error(`“${caption}” has no row of ${start}`);
  return found;
}

const real = (variation: Variation = {}): Promise<PrintDocument> => documentOf({ reproducible: true, ...variation });

/** The plan asks for two approvals of three approvers; the third signed nothing. */
function twoOfThree(): Variation {
  const spki = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const key = { algorithm: 'ed25519', spki, holder: 'file' } as const;
  return {
    planText: (text) => text.replace('role: approver, count: 2', 'role: approver, count: 3'),
    bindingText: (text) =>
      text.replace(
        'modules:',
        `  - { id: yuri, name: Yuri Müller, position: approvers, key: { algorithm: ed25519, spki: "${spki}", holder: file } }\nmodules:`,
      ),
    roster: (roster) => [...roster, { id: 'yuri', name: 'Yuri Müller', roles: ['approver'], key }],
  };
}

describe('people', () => {
  it('who were enrolled on the day were there, and saw what was done from then on', async () => {
    const document = await real({ realLife: true });
    expect(row(document, PARTICIPANTS, 'Emil Müller')[3]).toMatch(/^enrolled 2026-11-23 .* line \d+/);
    expect(row(document, COVER, 'Emil Müller')[3]).toMatch(/^present/);
    expect(row(document, STEPS, 'Initialise', 1)[3]).toContain('Emil Müller (present)');
    expect(row(document, STEPS, 'Roll call', 1)[3]).not.toContain('Emil Müller');
  });

  it('who left, and did not come back, were not there to the end', async () => {
    const document = await real({ realLife: true });
    const there = rowsOf(document, COVER).map(([name, , , present]) => `${name ?? ''}: ${present ?? ''}`);
    expect(there.filter((one) => one.endsWith('present, not to the end')).length).toBeGreaterThan(0);
    expect(there.filter((one) => one.endsWith('present to the end')).length).toBeGreaterThan(3);
  });

  it('are said to have approved only where their approval holds', async () => {
    await withBundle({ reproducible: true, ...twoOfThree() }, async (folder) => {
      const report = await verifyBundle(folder);
      expect(report.findings).toEqual([]);
      const document = await reportDocument(folder, report);
      expect(row(document, PARTICIPANTS, 'Vera Müller')[3]).toBe('approved plan and binding beforehand');
      expect(row(document, PARTICIPANTS, 'Yuri Müller')[3]).toBe('no approval of theirs is on record');
      expect(row(document, COVER, 'Yuri Müller')[3]).toBe('no approval of theirs is on record');
      expect(row(document, 'Quorums and PINs', 'Plan and binding approved')[1]).toBe(
        '2 of approvers session 1: Vera Müller, Zeno Müller',
      );
    });
  });

  it('are said to have approved those sessions whose binding they approved', async () => {
    const document = await real({
      realLife: true,
      planText: (text) => text.replace('position: approvers, count: 2', 'position: approvers, count: 1'),
      secondApprovers: ['zeno'],
    });
    expect(textsOf(document).join(' ')).not.toContain('REFUSED');
    expect(row(document, PARTICIPANTS, 'Vera Müller')[3]).toBe('approved plan and binding beforehand, of session 1');
    expect(row(document, PARTICIPANTS, 'Zeno Müller')[3]).toBe('approved plan and binding beforehand, of session 1, 2');
  });

  it('stand on the cover, each with their role', async () => {
    const document = await real();
    expect(row(document, COVER, 'Wanda Müller')).toEqual([
      'Wanda Müller',
      'not stated',
      'witness',
      'present to the end',
    ]);
    expect(rowsOf(document, COVER)).toHaveLength(8);
  });
});

describe('every checkpoint', () => {
  it('has its root in words, and the last root stands whole on every page', async () => {
    await withBundle({ reproducible: true }, async (folder) => {
      const report = await verifyBundle(folder);
      const document = await reportDocument(folder, report);
      const roots = rowsOf(document, 'Checkpoints').map((cells) => cells[3] ?? '');
      const { checkpoints, root, planHash } = report.summary!;
      expect(checkpoints.length).toBe(2);
      for (const [place, one] of checkpoints.entries())
        expect(roots[place]).toContain(words(Buffer.from(one.root, 'hex')));
      const foot = document.foot.map((one) =>
        one
          .map(({ text }) => text)
          .join('')
          .replaceAll(' ', ''),
      );
      expect(foot).toEqual([`Root${root}`, `Plan${planHash}`]);
    });
  });
});

describe('standards', () => {
  const INDEPENDENT = 'Witnessed by somebody independent';
  const FOLLOWED = 'A report that the procedure was followed';
  const BOTH = 'For a root CA, signed by the trusted role';
  const status = (document: PrintDocument, asks: string): [string, string] => {
    const found = row(document, STANDARDS, asks, 1);
    return [found[2] ?? '', found[3] ?? ''];
  };

  it('are evidenced by those who watched, and by a record that holds', async () => {
    const document = await real();
    expect(status(document, INDEPENDENT)[0]).toBe('evidenced');
    expect(status(document, INDEPENDENT)[1]).toMatch(/^Wanda Müller: line \d+; Otto Müller: line \d+$/);
    expect(status(document, BOTH)[1]).toContain('Ada Müller, Bela Müller, Wanda Müller');
    // The inventory was left out under an exception.
    expect(status(document, FOLLOWED)[0]).toBe('partly');
    expect(status(document, FOLLOWED)[1]).toContain('exceptions');
  });

  it('are not evidenced by operators alone', async () => {
    const summaryWithout = (report: VerifyReport): VerifyReport => ({
      ...report,
      summary: { ...report.summary!, signers: ['ada', 'bela'] },
    });
    await withBundle({ reproducible: true }, async (folder) => {
      const report = await verifyBundle(folder);
      expect(status(await reportDocument(folder, summaryWithout(report)), BOTH)[0]).toBe('partly');
    });
    const alone = await real({
      draft: (draft) =>
        draft.type === 'participant.present' && ['wanda', 'otto'].includes(draft.body.participant) ? null : draft,
    });
    expect(status(alone, INDEPENDENT)).toEqual([expect.stringMatching(/not in this record|refused/), '']);
  });

  it('are not evidenced by a record that is refused or was not brought to its end', async () => {
    const refused = await real({ finalSigners: ['ada'] });
    expect(status(refused, FOLLOWED)[0]).toBe('not met');
    expect(rowsOf(refused, STANDARDS).some((cells) => cells[2] === 'evidenced')).toBe(false);
    const open = await real({ stopBefore: 'commit' });
    expect(status(open, FOLLOWED)[0]).toBe('not met');
    expect(status(open, 'Entry and output of keys')[1]).toMatch(/^lines? \d+/);
  });
});

describe('what no program can see', () => {
  const image = 'ab'.repeat(32);
  const stating = (mode: 'approved' | 'not-approved'): Variation => ({
    planText: (text) => text.replace('signOff:', 'retention: Seven years, by the records office.\nsignOff:'),
    bindingText: (text) =>
      text
        .replace('modules:', `workstation: { image: Ceremony image 12, sha256: "${image}" }\nmodules:`)
        .replace('name: Wanda Müller,', 'name: Wanda Müller, organisation: Notaries of Nowhere,')
        .replace(
          'module: software, address',
          `module: software, fips: { certificate: CMVP 4718, level: 3, mode: ${mode}, seenBy: [ada, wanda] }, address`,
        ),
  });

  it('is shown as stated in the binding, by whom, where it was', async () => {
    await withBundle({ reproducible: true, ...stating('approved') }, async (folder) => {
      const report = await verifyBundle(folder);
      expect(report.findings).toEqual([]);
      const names = await folder.list();
      const files = new Map(await Promise.all(names.map(async (name) => [name, await folder.read(name)] as const)));
      expect((await judgeByScript(files)).verdict).toBe('consistent');
      const document = await reportDocument(folder, report);
      expect(row(document, COVER, 'Wanda Müller')[1]).toBe('Notaries of Nowhere');
      expect(row(document, COVER, 'Otto Müller')[1]).toBe('not stated');
      expect(row(document, 'What Unit A is', 'FIPS 140')[1]).toBe(
        'CMVP 4718, level 3; in its approved mode seen by Ada Müller, Wanda Müller, as the binding states',
      );
      const [, system] = row(document, 'Program and operating system', 'Operating-system image');
      expect(system).toContain('Ceremony image 12, as the binding states; its SHA-256: abab abab');
      expect(textsOf(document)).toContain('Seven years, by the records office.');
      expect(row(document, STANDARDS, 'Operators authenticated', 1)[2]).toBe('evidenced');
    });
    const other = await real(stating('not-approved'));
    expect(row(other, 'What Unit A is', 'FIPS 140')[1]).toContain('NOT in its approved mode');
    expect(row(other, STANDARDS, 'Operators authenticated', 1)[2]).toBe('not met');
  });

  it('is said not to be stated, where it was not', async () => {
    const document = await real();
    expect(row(document, 'What Unit A is', 'FIPS 140')[1]).toMatch(/^not stated: /);
    expect(row(document, 'Program and operating system', 'Operating-system image')[1]).toMatch(/^not stated: /);
    expect(textsOf(document)).toContain('How long and by whom: not stated in the plan.');
    expect(row(document, STANDARDS, 'Operators authenticated', 1)[2]).toBe('partly');
  });
});

it('the same record gives the same document', async () => {
  const [one, other] = [await real({ realLife: true }), await real({ realLife: true })];
  const hash = (document: PrintDocument): string => createHash('sha256').update(JSON.stringify(document)).digest('hex');
  expect(hash(one)).toBe(hash(other));
});

describe('a ceremony of two sessions with real tokens', () => {
  const folder = folderAt(fileURLToPath(new URL('../fixtures/bundles/0.2.0/bundle', import.meta.url)));
  const document = async (): Promise<PrintDocument> => reportDocument(folder, await verifyBundle(folder));

  it('names what was not as it should be on either day', async () => {
    const weak = rowsOf(await document(), 'Weak points').filter(([what]) => what === 'Workstation');
    const lines = new Set(weak.map(([, concerns]) => /line (\d+)/.exec(concerns ?? '')?.[1]));
    expect(lines).toEqual(new Set(['2', '59']));
  });

  it('tells of program, system and pre-flight of each session', async () => {
    const { blocks } = await document();
    const captions = blocks.flatMap((one) => (one.kind === 'table' ? [one.caption] : []));
    expect(captions.filter((caption) => caption.startsWith('What the pre-flight saw'))).toEqual([
      'What the pre-flight saw in session 1, line 2',
      'What the pre-flight saw in session 2, line 59',
    ]);
  });

  it('does not call evidenced what the same report contradicts', async () => {
    const rows = rowsOf(await document(), STANDARDS);
    const of = (asks: string): string[] => rows.find((cells) => cells[1]?.startsWith(asks) === true) ?? [];
    expect(of('Generated within cryptographic modules').slice(2, 4)).toEqual([
      'partly',
      expect.stringContaining('but a master key was made on the workstation: line 36'),
    ]);
    expect(of('Who had which component when').slice(2, 4)).toEqual([
      'evidenced',
      expect.stringMatching(/; seals: lines? 4/),
    ]);
    // No key left the units, so no short check value was made; the pattern of the set is none.
    expect(of('Check values with their method')[2]).toBe('not in this record');
    expect(of('Known answers before use').slice(2, 4)).toEqual([
      'evidenced',
      expect.stringContaining('line 2, line 59'),
    ]);
  });
});

describe('known answers that were wrong', () => {
  it('are not evidence of a self-test', async () => {
    const document = await real({
      draft: (draft) =>
        draft.type === 'fact.recorded' && draft.body.fact === 'answer'
          ? {
              ...draft,
              body: {
                fact: 'workstation',
                value: { observations: [{ check: 'known answers', ok: false, found: 'AES-CMAC differs' }] },
              },
            }
          : draft,
    });
    expect(row(document, STANDARDS, 'FIPS 140-3 and ISO/IEC 19790, self-tests')[2]).toBe('not met');
  });
});
