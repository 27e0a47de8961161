/** The auditor's desk without a window: what it shows of real bundles, and of what somebody made of them. */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { parseLine } from '../../ceremony/transcript/read';
import { MAIN_WINDOW } from '../../ipc/contract';
import { RequestFailed, type ArgsOf, type ResultOf } from '../../ipc/define';
import type { LineDetail, LineFilter, LinesPage } from '../../ipc/audit-view';
import { ScreenView } from '../../ipc/view';
import { AuditDesk, type AuditRequest } from '../../src-main/app/audit-desk';
import { wholeTrouble } from '../../src-main/app/trouble';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { troubleFrom } from './controlled-app';
import { infoOf } from '../report/poppler';
import { bundleIn, longBundle, tamperedCopy } from './audit-bundles';
import { NO_PRINTING } from './no-printing';

let root: string;
let good: string;
let planHash: string;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'keyrite-audit-'));
  const { folder, made } = await bundleIn(root, 'good');
  good = folder;
  planHash = made.planHash;
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A desk whose every answer and view is valid by the contract, as on its way to the window. */
class Desk {
  readonly desk: AuditDesk;
  readonly copied: string[] = [];
  changes = 0;

  constructor() {
    this.desk = new AuditDesk({
      signal: new AbortController().signal,
      onChange: () => {
        this.changes += 1;
        this.screen();
      },
      onProgress: () => undefined,
      copyText: (text) => {
        this.copied.push(text);
      },
      printing: NO_PRINTING,
    });
  }

  static async of(folder: string, hash: string | null = null): Promise<Desk> {
    const desk = new Desk();
    await desk.desk.verify(folder, hash);
    return desk;
  }

  screen(): Extract<ScreenView, { kind: 'verify' }> {
    const screen = v.parse(ScreenView, this.desk.view());
    if (screen.kind !== 'verify') throw new Error('another screen');
    return screen;
  }

  get audit(): NonNullable<Extract<ScreenView, { kind: 'verify' }>['audit']> {
    const { audit } = this.screen();
    if (audit === null) throw new Error('nothing to walk through');
    return audit;
  }

  async ask<K extends AuditRequest>(
    name: K,
    args: ArgsOf<typeof MAIN_WINDOW, K>,
  ): Promise<ResultOf<typeof MAIN_WINDOW, K>> {
    const entry = MAIN_WINDOW[name];
    const handler = this.desk.handlers[name] as (args: unknown) => unknown;
    const result: unknown = await handler(v.parse(entry.args, args));
    const parsed: unknown = v.parse(entry.result, result);
    return parsed as ResultOf<typeof MAIN_WINDOW, K>;
  }

  lines(filter: LineFilter, from = 0, count = 200): Promise<LinesPage> {
    return this.ask('audit.lines', { bundle: this.audit.bundle, filter, from, count });
  }

  line(line: number): Promise<LineDetail> {
    return this.ask('audit.line', { bundle: this.audit.bundle, line });
  }
}

/** What the window is told when something is refused, as the controller words it. */
async function asTrouble(act: () => Promise<unknown>): Promise<unknown> {
  try {
    return await act();
  } catch (error) {
    throw new RequestFailed(wholeTrouble(error));
  }
}

/** SHA-256 of every file of a bundle. */
async function sumsOf(folder: string): Promise<Record<string, string>> {
  const files = new FileBundleFolder(folder);
  const names = await files.list();
  const sum = async (name: string) =>
    createHash('sha256')
      .update(await files.read(name))
      .digest('hex');
  return Object.fromEntries(
    await Promise.all(names.map(async (name): Promise<[string, string]> => [name, await sum(name)])),
  );
}

/** Lines of a bundle as objects. */
const linesOf = (folder: string) =>
  readFileSync(join(folder, 'transcript.jsonl'), 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => {
      const read = parseLine(Buffer.from(text));
      if ('reason' in read) throw new Error(read.reason);
      return read.line;
    });

describe('a bundle that holds', () => {
  it('is walked by all lines, steps, people and units, each with the lines that it has', async () => {
    const desk = await Desk.of(good, planHash);
    const { audit } = desk;
    const lines = linesOf(good);
    expect(desk.screen().report).toMatchObject({ verdict: 'verified', planHash, findings: [], findingsInAll: 0 });
    expect(audit).toMatchObject({ lines: lines.length, torn: false, beyond: false, same: true, findings: 0 });
    expect((await desk.lines({ by: 'all' })).lines.map(({ line }) => line)).toEqual(lines.map(({ seq }) => seq));
    for (const step of audit.steps) {
      const own = lines.filter((line) => line.step === step.id).map(({ seq }) => seq);
      const page = await desk.lines({ by: 'step', id: step.id });
      expect(page.lines.map(({ line }) => line)).toEqual(own);
      expect(page.total).toBe(step.lines);
    }
    expect(audit.steps.map(({ number }) => number)).toEqual(audit.steps.map((_, place) => place + 1));
    expect(audit.steps.find(({ id }) => id === 'inventory')).toMatchObject({ outcome: 'skipped', exceptions: 1 });
    expect(audit.steps.find(({ id }) => id === 'imprint')).toMatchObject({ outcome: 'complete', attempts: 1 });
    expect(audit.people.find(({ id }) => id === 'ada')).toMatchObject({ roles: ['crypto-administrator'] });
    // Whoever signed stands in the line, though `by` does not name them.
    const commands = await desk.lines({ by: 'unit', id: 'unit-a' });
    const signed = (await desk.lines({ by: 'person', id: 'bela' })).lines.map(({ line }) => line);
    const thresholds = lines.find((line) => line.type === 'step.intent' && line.body.act === 'unit-a/thresholds');
    expect(signed).toContain(thresholds?.seq);
    expect(commands.lines.map(({ line }) => line)).toContain(thresholds?.seq);
    const noted = await desk.lines({ by: 'checkpoints' });
    expect(noted.lines.map(({ type }) => type)).toContain('Checkpoint made');
    expect(noted.total).toBe(lines.filter(({ type }) => type.startsWith('checkpoint.')).length);
  });

  it('every line can be opened: all members of the body, signatures that hold, files that match, and its checkpoint', async () => {
    const desk = await Desk.of(good);
    const lines = linesOf(good);
    const report = await verifyBundle(new FileBundleFolder(good));
    for (const line of lines) {
      const detail = await desk.line(line.seq);
      expect(detail).toMatchObject({ line: line.seq, problem: '', same: true, cut: false, findings: [] });
      const cover = report.summary?.checkpoints.find(({ size }) => size > line.seq);
      expect(detail.cover).toMatchObject({ number: cover?.number, root: cover?.root, holds: true });
      expect(detail.signed.flatMap(({ signatures }) => signatures).filter(({ holds }) => !holds)).toEqual([]);
      expect(detail.files.filter(({ state }) => state !== 'matches')).toEqual([]);
      expect(JSON.parse(detail.raw)).toEqual(line);
      const next = lines[line.seq + 1];
      if (next !== undefined) expect(next.prev).toBe(detail.sha256);
    }
    const opened = await desk.line(0);
    expect(opened.signed.map(({ what, file }) => `${what} ${file ?? ''}`)).toEqual([
      'Approval approvals/vera.dsse.json',
      'Approval approvals/zeno.dsse.json',
    ]);
    const sealed = await desk.line(lines.find(({ type }) => type === 'exception.recorded')?.seq ?? -1);
    expect(sealed.signed).toMatchObject([{ what: 'Exception', problem: '' }]);
    expect(sealed.signed[0]?.fields.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Expected', 'Happened', 'Decided', 'Kind', 'Step']),
    );
    const onCheckpoint = await desk.line(lines.find(({ type }) => type === 'checkpoint.signed')?.seq ?? -1);
    expect(onCheckpoint.signed).toMatchObject([{ what: 'Checkpoint 1', signatures: [{ holds: true }] }]);
    await desk.ask('audit.copy-line', { bundle: desk.audit.bundle, line: 3 });
    expect(desk.copied).toEqual([readFileSync(join(good, 'transcript.jsonl'), 'utf8').split('\n')[3]]);
  });

  it('is searched in its lines and in what is signed in them, by text and by a hash in groups', async () => {
    const desk = await Desk.of(good);
    const { bundle } = desk.audit;
    const lines = linesOf(good);
    const find = async (text: string): Promise<number[]> => {
      await desk.ask('audit.search', { bundle, text });
      expect(desk.audit.search).toMatchObject({ text, state: 'done', looked: lines.length });
      return (await desk.lines({ by: 'search' })).lines.map(({ line }) => line);
    };
    expect(await find('WIE VORGELESEN')).toEqual(
      lines.filter(({ type }) => type === 'step.confirmed').map(({ seq }) => seq),
    );
    const exception = lines.find(({ type }) => type === 'exception.recorded');
    const said = (await desk.line(exception?.seq ?? -1)).signed[0]?.fields.find(({ name }) => name === 'Decided');
    expect(await find(said?.value ?? 'nothing')).toContain(exception?.seq);
    const { sha256 } = await desk.line(7);
    expect(await find((sha256.match(/.{4}/g) ?? []).join(' ').toUpperCase())).toEqual([8]);
    expect(await find('nobody said this')).toEqual([]);
  });

  it('is verified again with what is given, by whoever changes it', async () => {
    const desk = await Desk.of(good);
    expect(desk.screen().report?.verdict).toBe('consistent');
    await desk.desk.addApprover(join(good, 'keys/vera.pem'));
    expect(desk.screen().report).toMatchObject({ verdict: 'verified', approverKeys: [expect.any(String)] });
    await desk.desk.addApprover(join(good, 'keys/zeno.pem'));
    expect((await troubleFrom(asTrouble(() => desk.desk.addApprover(join(good, 'keys/zeno.pem'))))).happened).toMatch(
      /taken already/,
    );
    await desk.desk.forgetApprovers();
    expect(desk.screen().report).toMatchObject({ verdict: 'consistent', approverKeys: [] });
    await desk.desk.again('0'.repeat(64));
    expect(desk.screen().report).toMatchObject({ verdict: 'refused', findings: [{ where: 'outside' }] });
  });

  it('nothing in it is written by looking at it', async () => {
    const before = await sumsOf(good);
    const desk = await Desk.of(good, planHash);
    await desk.line(0);
    await desk.ask('audit.search', { bundle: desk.audit.bundle, text: 'unit' });
    const other = await bundleIn(root, 'other');
    await desk.desk.compare(other.folder);
    expect(await sumsOf(good)).toEqual(before);
  });
});

describe('a bundle that does not hold', () => {
  it('each finding leads to its line, or to the line that names its file', async () => {
    const line = linesOf(good).find((one) => one.step === 'load')?.seq ?? -1;
    const desk = await Desk.of(tamperedCopy(root, good, line));
    const { report, audit } = desk.screen();
    expect(report?.verdict).toBe('refused');
    const about = report?.findings.filter((one) => one.line !== null) ?? [];
    expect(about.map(({ leadsTo }) => leadsTo)).toContain(line + 1);
    expect(about.every((one) => one.leadsTo === one.line)).toBe(true);
    const named = linesOf(good).find((one) => JSON.stringify(one.body).includes('attachments/photo.txt'));
    expect(audit).not.toBeNull();
    const photo = await desk.line(named?.seq ?? -1);
    expect(photo.files.find(({ name }) => name === 'attachments/photo.txt')).toMatchObject({ state: 'differs' });
    const withFindings = await desk.lines({ by: 'findings' });
    expect(withFindings.total).toBe(new Set(about.map((one) => one.line)).size);
    expect(withFindings.lines.every(({ findings }) => findings > 0)).toBe(true);
    expect((await desk.line(line + 1)).findings.join()).toMatch(/chain is broken/);
    expect((await desk.line(line)).cover?.holds ?? false).toBe(false);
  });

  it('signatures that do not hold are named with whose they claim to be', async () => {
    const { folder } = await bundleIn(root, 'forged', {
      draft: (draft) => {
        if (draft.type !== 'exception.recorded') return draft;
        const [first, ...others] = draft.body.record.signatures;
        const forged = { keyid: first?.keyid ?? '', sig: others[0]?.sig ?? '' };
        return { ...draft, body: { ...draft.body, record: { ...draft.body.record, signatures: [forged, ...others] } } };
      },
    });
    const desk = await Desk.of(folder);
    const line = linesOf(folder).find(({ type }) => type === 'exception.recorded')?.seq ?? -1;
    const [sealed] = (await desk.line(line)).signed;
    expect(sealed?.signatures.map(({ holds }) => holds)).toContain(false);
    expect(sealed?.signatures.find(({ holds }) => !holds)?.name).not.toBe('');
  });

  it('lines that are none are shown as such, and keep their places', async () => {
    const { folder } = await bundleIn(root, 'broken');
    const file = join(folder, 'transcript.jsonl');
    const before = linesOf(folder).length;
    appendFileSync(file, `not json\n{"a":1,"a":2}\n${'x'.repeat(1024 * 1024 + 1)}\n{"torn`);
    const desk = await Desk.of(folder);
    expect(desk.audit).toMatchObject({ lines: before + 4, torn: true });
    const page = await desk.lines({ by: 'all' }, before);
    expect(page.lines.map(({ type }) => type)).toEqual(Array(4).fill('Not a line'));
    expect((await desk.line(before)).problem).toMatch(/Cannot be read as a line/);
    expect((await desk.line(before + 2)).problem).toMatch(/Longer than a line can be/);
    expect((await desk.line(before + 3)).problem).toMatch(/Not written to its end/);
    const trouble = await troubleFrom(
      asTrouble(() => desk.ask('audit.copy-line', { bundle: desk.audit.bundle, line: before + 2 })),
    );
    expect(trouble.happened).toMatch(/too long to be copied/);
    expect((await troubleFrom(asTrouble(() => desk.line(before + 4)))).happened).toMatch(/There is no line/);
  });

  it('another transcript put in its place after the verdict is not taken for the verified one', async () => {
    const { folder } = await bundleIn(root, 'swapped');
    const file = join(folder, 'transcript.jsonl');
    const desk = await Desk.of(folder);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"title":"A ceremony in software"', '"title":"A ceremony in hardware"'));
    const changed = await desk.line(0);
    expect(changed).toMatchObject({ same: false, problem: 'Changed on its medium since the bundle was opened' });
    expect((await desk.lines({ by: 'all' })).lines[0]).toMatchObject({ type: 'Not a line' });
  });

  it('a link in the place of the transcript is not followed', async () => {
    const folder = join(root, 'linked');
    mkdirSync(folder);
    symlinkSync(join(good, 'transcript.jsonl'), join(folder, 'transcript.jsonl'));
    const trouble = await troubleFrom(asTrouble(() => new Desk().desk.verify(folder, null)));
    expect(trouble.happened).toMatch(/cannot be read/);
  });

  it('a folder without a transcript has a verdict and nothing to walk through', async () => {
    const folder = join(root, 'empty');
    mkdirSync(folder);
    const desk = await Desk.of(folder);
    expect(desk.screen()).toMatchObject({ report: { verdict: 'refused', summary: null }, audit: null });
    expect((await troubleFrom(asTrouble(() => desk.desk.compare(good)))).happened).toMatch(/no transcript/);
  });
});

describe('text of a bundle', () => {
  const MARKS = 'kept\u202e\u200bdeyortsed\u2066';

  it('that would be read otherwise than it is stands with the numbers of its marks', async () => {
    const { folder } = await bundleIn(root, 'marks', {
      draft: (draft) =>
        draft.type === 'step.confirmed' ? { ...draft, body: { ...draft.body, statement: MARKS } } : draft,
    });
    const desk = await Desk.of(folder);
    const line = linesOf(folder).find(({ type }) => type === 'step.confirmed')?.seq ?? -1;
    const detail = await desk.line(line);
    const said = 'kept[U+202E][U+200B]deyortsed[U+2066]';
    expect(detail.text).toBe(`Confirmed: ${said}`);
    expect(detail.fields.find(({ name }) => name === 'Statement')?.value).toBe(said);
    const shown = JSON.stringify([detail, await desk.lines({ by: 'all' }), desk.screen()]);
    expect(shown).not.toMatch(/[\u202e\u200b\u2066]/);
    await desk.ask('audit.copy-line', { bundle: desk.audit.bundle, line });
    expect(desk.copied[0]).toContain(MARKS);
  });

  it('as long as a name can be is shown, and fits what the window takes', async () => {
    const long = '\u{1f511}'.repeat(200);
    const { folder } = await bundleIn(root, 'long-names', {
      bindingText: (text) => text.replaceAll(/name: [^,}\n]+/g, `name: ${long}`),
      roster: (roster) => roster.map((entry) => ({ ...entry, name: long })),
    });
    const desk = await Desk.of(folder);
    for (let line = 0; line < desk.audit.lines; line += 1) await desk.line(line);
    expect((await desk.lines({ by: 'all' })).total).toBe(desk.audit.lines);
    expect(desk.audit.people[0]?.name.endsWith('…')).toBe(true);
  });
});

describe('a report', () => {
  it('is made anew, outside the bundle, and never over another file', async () => {
    const desk = await Desk.of(good, planHash);
    const out = join(root, 'report.html');
    await desk.desk.saveReport(out, 'A4');
    const text = readFileSync(out, 'utf8');
    expect(text).toContain('A ceremony in software');
    expect(text).not.toBe(readFileSync(join(good, 'report.html'), 'utf8'));
    expect((await troubleFrom(asTrouble(() => desk.desk.saveReport(out, 'A4')))).happened).toMatch(/exists already/);
    const inside = asTrouble(() => desk.desk.saveReport(join(good, 'new.html'), 'A4'));
    expect((await troubleFrom(inside)).happened).toMatch(/a file in the bundle/);
    expect(desk.desk.reportName()).toBe('software-1-report');
  });

  it('is on the paper that was asked for', async () => {
    const desk = await Desk.of(good);
    for (const [paper, size] of [
      ['A4', '595.28 x 841.89 pts (A4)'],
      ['Letter', '612 x 792 pts (letter)'],
    ] as const) {
      const out = join(root, `report-${paper}.pdf`);
      await desk.desk.saveReport(out, paper);
      expect(await infoOf(readFileSync(out))).toMatchObject({ 'Page size': size });
    }
  });

  it('is not made once the transcript is another than the one that was verified', async () => {
    const { folder } = await bundleIn(root, 'changed');
    const desk = await Desk.of(folder);
    const file = join(folder, 'transcript.jsonl');
    const text = readFileSync(file, 'utf8');
    const out = join(root, 'changed.pdf');
    for (const other of [text.replace('in software', 'in hardware'), `${text}{}\n`, text.slice(0, -2)]) {
      writeFileSync(file, other);
      const trouble = await troubleFrom(asTrouble(() => desk.desk.saveReport(out, 'A4')));
      expect(trouble.happened).toBe('The transcript is not the one that was verified.');
      expect(existsSync(out)).toBe(false);
    }
    writeFileSync(file, text);
    await desk.desk.saveReport(out, 'A4');
    expect(existsSync(out)).toBe(true);
  });
});

describe('a long transcript', () => {
  it('is walked by pages of at most 200 lines, from either end, and a search in it can be stopped', async () => {
    const count = 20_000;
    const desk = await Desk.of(longBundle(root, good, count));
    expect(desk.audit).toMatchObject({ lines: count });
    const last = await desk.lines({ by: 'all' }, count - 50);
    expect(last).toMatchObject({ total: count, from: count - 50 });
    expect(last.lines.at(-1)).toMatchObject({ line: count - 1, text: `Answer: unit-a` });
    const ada: LineFilter = { by: 'person', id: 'ada' };
    const { bundle } = desk.audit;
    const place = await desk.ask('audit.place', { bundle, filter: ada, line: 10_000 });
    const [near] = (await desk.lines(ada, place, 1)).lines;
    expect(near?.line).toBe(10_002);
    expect(await desk.ask('audit.place', { bundle, filter: { by: 'failures' }, line: 10_000 })).toBe(0);
    expect((await desk.lines(ada, 1_000_000)).lines).toEqual([]);
    const search = desk.ask('audit.search', { bundle, text: 'reading 1' });
    await desk.ask('audit.stop-search', {});
    await search;
    expect(desk.audit.search).toMatchObject({ state: 'stopped' });
  });

  it('an answer about another bundle than the one on the screen is refused', async () => {
    const desk = await Desk.of(good);
    const { bundle } = desk.audit;
    await desk.desk.verify(good, planHash);
    const asked = asTrouble(() => desk.ask('audit.line', { bundle, line: 0 }));
    expect((await troubleFrom(asked)).happened).toMatch(/not on the screen any more/);
  });
});

describe('two bundles', () => {
  it('stand side by side, with what differs, and each with its verdict', async () => {
    const desk = await Desk.of(good);
    const { folder } = await bundleIn(root, 'again', { ceremony: 'software-again', skip: ['preflight'] });
    await desk.desk.compare(folder);
    const { comparison } = desk.screen();
    expect(comparison).toMatchObject({ samePlan: true, a: { verdict: 'consistent' }, b: { verdict: 'consistent' } });
    const step = comparison?.steps.find(({ id }) => id === 'preflight');
    expect([step?.a?.status, step?.b?.status]).toEqual(['complete', 'skipped']);
    expect(comparison?.exceptions.length).toBeGreaterThan(1);
    await desk.desk.verify(good, planHash);
    expect(desk.screen().comparison).not.toBeNull();
    desk.desk.dropComparison();
    expect(desk.screen().comparison).toBeNull();
  });

  it('one that cannot be read is named, and so is the same one twice', async () => {
    const desk = await Desk.of(good);
    const nothing = join(root, 'nothing');
    mkdirSync(nothing);
    expect((await troubleFrom(asTrouble(() => desk.desk.compare(nothing)))).happened).toContain(nothing);
    expect((await troubleFrom(asTrouble(() => desk.desk.compare(good)))).happened).toMatch(/open already/);
  });
});
