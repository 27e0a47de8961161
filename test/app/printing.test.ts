/** Printing without a window: what print systems say is read with care, and a real CUPS takes what is handed over. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import * as v from 'valibot';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { hexGroups } from '../../ceremony/words';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { MAIN_WINDOW } from '../../ipc/contract';
import { RequestFailed, type Trouble } from '../../ipc/define';
import { MAX_PRINTERS, PrintersView } from '../../ipc/print-view';
import { AuditDesk } from '../../src-main/app/audit-desk';
import { complaintIn, jobIn, printersIn, usualIn } from '../../src-main/printing/cups-answers';
import { cupsPrinting, type CupsOptions, type PrintJob, type Printing } from '../../src-main/printing/cups-printing';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { infoOf, textOf } from '../report/poppler';
import { bundleIn } from './audit-bundles';
import { PrintServer, QUEUES } from './print-server';

const { signal } = new AbortController();
const PDF = Buffer.from('%PDF-1.7\nnot much of one\n%%EOF\n');
const job = (printer: string, more: Partial<PrintJob> = {}): PrintJob => ({
  printer,
  paper: 'A4',
  title: 'a-report.pdf',
  pdf: PDF,
  ...more,
});

let root: string;
let server: PrintServer;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'keyrite-printing-'));
  server = await PrintServer.open();
  server.serve(root);
}, 60_000);
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** Printing as the app does it, by somebody with a home. */
function printingFrom(home: string, options: CupsOptions = {}): Printing {
  vi.stubEnv('HOME', home);
  return cupsPrinting(options);
}

/** Makes a job, and gives its number: CUPS counts them all, whatever became of them. */
async function nextJob(printing: Printing): Promise<number> {
  return (await printing.print(job(QUEUES.usual), signal)).job;
}

async function troubleOf(asked: Promise<unknown>): Promise<Trouble> {
  try {
    await asked;
  } catch (error) {
    if (error instanceof RequestFailed) return error.trouble;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('what CUPS’s programs say', () => {
  it('printers are names, one a line; whatever is none is left out', () => {
    expect(printersIn('office\nBüro_2.OG\nlab@host\n\n')).toEqual(['office', 'Büro_2.OG', 'lab@host']);
    const bad = ['-o', '--', '-', 'two words', 'a/b', 'a#b', "a'b", 'a"b', 'a?b', 'a\\b', 'x'.repeat(128)];
    expect(printersIn([...bad, 'a\u202eb', 'a\u200bb', 'a\u00a0b', 'a\ufffdb', 'a\tb', 'a\r'].join('\n'))).toEqual([]);
    expect(printersIn('same\nsame\n')).toEqual(['same']);
    const many = Array.from({ length: 5_000 }, (_, place) => `p${String(place)}`).join('\n');
    expect(printersIn(many)).toHaveLength(MAX_PRINTERS);
  });

  it('the usual printer counts if it is listed', () => {
    expect(usualIn('system default destination: office\n', ['lab', 'office'])).toBe('office');
    expect(usualIn('system default destination: office/draft\n', ['office'])).toBeNull();
    expect(usualIn('no system default destination\n', ['office'])).toBeNull();
    expect(usualIn('system default destination: -o\n', ['office'])).toBeNull();
  });

  it('a job counts if it is one of the printer that was asked', () => {
    expect(jobIn('request id is office-12 (0 file(s))\n', 'office')).toEqual({ printer: 'office', job: 12 });
    expect(jobIn('request id is room-2-7 (1 file(s))', 'room-2')).toEqual({ printer: 'room-2', job: 7 });
    for (const said of ['', 'request id is lab-12 (0 file(s))', 'request id is office-0 (0 file(s))', 'office-12'])
      expect(jobIn(said, 'office'), said).toBeNull();
    expect(jobIn('request id is office-9999999999 (0 file(s))', 'office')).toBeNull();
  });

  it('complaints are one line that can be read', () => {
    expect(complaintIn('lp: Error - The printer or class does not exist.\n')).toBe(
      'The printer or class does not exist.',
    );
    expect(complaintIn('\u202e\n')).toBe('it does not say why');
    expect(complaintIn('x'.repeat(10_000))).toHaveLength(300);
  });

  it('whatever they say, what is made of it is valid for a window', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (one, other) => {
        const printers = printersIn(`${one}\n${other}`);
        for (const name of printers) expect(name).toMatch(/^[^-\s][^\s]*$/u);
        if (printers.length === 0) return;
        const usual = usualIn(`system default destination: ${one}`, printers);
        expect(v.is(PrintersView, { found: 'printers', printers, usual })).toBe(true);
        expect(jobIn(one, other)).toBeNull();
        expect(complaintIn(one).length).toBeLessThanOrEqual(300);
      }),
    );
  });
});

describe('what a window may ask', () => {
  it('a printer that a program could take for something else does not pass the contract', () => {
    const { args } = MAIN_WINDOW['audit.print-report'];
    expect(v.is(args, { printer: 'office', paper: 'Letter' })).toBe(true);
    for (const printer of ['', '-', '-o', '--', '-h/tmp/socket', 'a b', 'a\nb', 'a\0b', 'office/x', 'x'.repeat(200), 7])
      expect(v.is(args, { printer, paper: 'A4' }), JSON.stringify(printer)).toBe(false);
    for (const paper of ['A3', 'a4', 'A4 -o raw', '', null])
      expect(v.is(args, { printer: 'office', paper }), String(paper)).toBe(false);
    expect(v.is(args, { printer: 'office', paper: 'A4', options: '-o raw' })).toBe(false);
  });
});

describe('a real CUPS', () => {
  it('lists its printers and names the usual one, whatever the environment says', async () => {
    for (const [name, value] of Object.entries({
      CUPS_SERVER: '/nowhere',
      LPDEST: QUEUES.other,
      PRINTER: QUEUES.other,
      LANG: 'de_DE.UTF-8',
      LC_ALL: 'de_DE.UTF-8',
    }))
      vi.stubEnv(name, value);
    expect(await printingFrom(root).printers(signal)).toEqual({
      found: 'printers',
      printers: [QUEUES.usual, QUEUES.closed, QUEUES.other].sort(),
      usual: QUEUES.usual,
    });
  });

  it('takes a document over: the same bytes arrive, under its title, for its paper, at the printer that was chosen', async () => {
    const printing = printingFrom(root);
    for (const [printer, paper] of [
      [QUEUES.usual, 'A4'],
      [QUEUES.other, 'Letter'],
    ] as const) {
      const printed = await printing.print(job(printer, { paper }), signal);
      expect(printed.printer).toBe(printer);
      const arrived = await server.arrived(printer, printed.job);
      expect(arrived.bytes.equals(PDF)).toBe(true);
      expect(arrived.title).toBe('a-report.pdf');
      expect(arrived.options).toContain(`media=${paper}`);
    }
  });

  it('a name that it did not list is refused, and no job is made', async () => {
    const printing = printingFrom(root);
    const before = await nextJob(printing);
    for (const printer of ['nobody', '-o', '--', '-h', `${QUEUES.usual} -o raw`, `${QUEUES.usual}/x`, '']) {
      expect(await troubleOf(printing.print(job(printer), signal))).toEqual({
        happened: `The print system knows of no printer “${printer}”.`,
        changed: 'Nothing was changed.',
        next: 'Look for printers again, and choose one.',
      });
    }
    expect(await nextJob(printing)).toBe(before + 1);
  });

  it('a queue that takes no jobs says so in words', async () => {
    const trouble = await troubleOf(printingFrom(root).print(job(QUEUES.closed), signal));
    expect(trouble.happened).toMatch(/^The print system did not take the report for “closed”: .*not accepting jobs/);
    expect(trouble.changed).toMatch(/^Nothing was printed/);
    expect(trouble.next).toMatch(/print again, or choose another printer/);
  });
});

describe('without a print system', () => {
  it('no programs of CUPS: said, with what to do', async () => {
    const missing = join(root, 'no-such-program');
    const printing = printingFrom(root, { lpstat: missing, lp: missing });
    const view = await printing.printers(signal);
    expect(view).toMatchObject({ found: 'none', why: expect.stringMatching(/^This workstation has no print system/) });
    expect(view).toMatchObject({ next: expect.stringMatching(/^Save the report as PDF .*cups-client/) });
    const half = printingFrom(root, { lp: missing });
    expect((await troubleOf(half.print(job(QUEUES.usual), signal))).happened).toMatch(/^The program lp,/);
  });

  it('no cupsd, so no printer: said, with what to do', async () => {
    const home = join(root, 'nothing-runs');
    mkdirSync(join(home, '.cups'), { recursive: true });
    writeFileSync(join(home, '.cups/client.conf'), `ServerName ${join(home, 'no-socket')}\n`);
    const view = await printingFrom(home).printers(signal);
    expect(v.parse(PrintersView, view)).toMatchObject({
      found: 'none',
      why: 'The print system knows of no printer, or does not run.',
    });
  });
});

describe('programs that do not behave', () => {
  /** A program in the place of one of CUPS's. */
  const script = (name: string, text: string): string => {
    const path = join(root, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  it('one that hangs is ended; whether the job is printed is not claimed', async () => {
    const printing = printingFrom(root, { lp: script('hangs', 'exec sleep 60'), printLimit: 300 });
    const trouble = await troubleOf(printing.print(job(QUEUES.usual), signal));
    expect(trouble.happened).toMatch(/did not end within 0\.3 seconds\.$/);
    expect(trouble.changed).toMatch(/^Whether it is printed is not known\./);
    expect(trouble.next).toMatch(/before you print again/);
  });

  it('one that takes the document and says nothing of a job, too', async () => {
    const printing = printingFrom(root, { lp: script('silent', 'exec cat >/dev/null') });
    expect((await troubleOf(printing.print(job(QUEUES.usual), signal))).happened).toMatch(/as which job\.$/);
  });

  it('one that talks without end, or fails, is no printer', async () => {
    const why = async (text: string): Promise<string> => {
      const view = await printingFrom(root, { lpstat: script('lpstat', text) }).printers(signal);
      return v.parse(PrintersView, view).found === 'none' && 'why' in view ? view.why : 'printers';
    };
    expect(await why('yes printer')).toMatch(/never stopped talking/);
    expect(await why('echo "lpstat: no luck" >&2; exit 1')).toBe(
      'The print system does not tell its printers: no luck.',
    );
  });

  it('what they get is a few variables, the document on standard input, and arguments that are no options', async () => {
    vi.stubEnv('CUPS_SERVER', '/nowhere');
    vi.stubEnv('KEYRITE_SECRET', 'no');
    const told = join(root, 'told');
    const lp = script(
      'lp',
      `env > ${told}; printf '%s\\n' "$@" >> ${told}; cat >> ${told}; echo "request id is $2-1 (0 file(s))"`,
    );
    await printingFrom(root, { lp }).print(job(QUEUES.usual), signal);
    const text = readFileSync(told, 'utf8');
    const names = [...text.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(names.filter((name) => !['PWD', 'OLDPWD', '_', 'SHLVL'].includes(name ?? '')).sort()).toEqual([
      'HOME',
      'LC_ALL',
      'PATH',
    ]);
    expect(text).toContain(`-d\n${QUEUES.usual}\n-t\na-report.pdf\n-o\nmedia=A4\n-\n%PDF-1.7`);
  });
});

describe('a report of a bundle', () => {
  it('is what arrives, made anew on the paper that was chosen; not once the transcript is another', async () => {
    const { folder } = await bundleIn(root, 'printed');
    const quiet = (): void => undefined;
    const printing = printingFrom(root);
    const desk = new AuditDesk({ signal, onChange: quiet, onProgress: quiet, copyText: quiet, printing });
    await desk.verify(folder, null);
    expect(await desk.printers()).toMatchObject({ usual: QUEUES.usual });
    const { job: number } = await desk.printReport(QUEUES.other, 'Letter');
    const { bytes, title, options } = await server.arrived(QUEUES.other, number);
    expect(bytes.subarray(0, 5).toString()).toBe('%PDF-');
    expect(title).toBe('software-1-report.pdf');
    expect(options).toContain('media=Letter');
    const { summary } = await verifyBundle(new FileBundleFolder(folder));
    expect(await textOf(bytes)).toContain(`Root ${hexGroups(summary?.root ?? 'no root')}`);
    expect(await infoOf(bytes)).toMatchObject({ 'Page size': '612 x 792 pts (letter)' });

    const before = await nextJob(printing);
    appendFileSync(join(folder, 'transcript.jsonl'), '{}\n');
    const trouble = await troubleOf(desk.printReport(QUEUES.other, 'A4'));
    expect(trouble.happened).toBe('The transcript is not the one that was verified.');
    expect(await nextJob(printing)).toBe(before + 1);
    // And the folder is as it was, for all that a report writes into it.
    expect(execFileSync('find', [folder, '-newer', join(folder, 'transcript.jsonl')], { encoding: 'utf8' })).toBe('');
  });
});
