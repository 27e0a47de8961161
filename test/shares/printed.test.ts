/** Printed sheets of shares: rendered, and their QR codes read by a decoder that is not ours; and printers that are none. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Dialogue } from '../../hsm/contract';
import { shareHandlers } from '../../hsm/shares/handlers';
import { writePage } from '../../hsm/shares/forms/page-writer';
import { whyNoPrinter } from '../../hsm/shares/forms/printer-device';
import { layOutSheet, qrText } from '../../hsm/shares/forms/share-sheet';
import { shareFileName } from '../../hsm/shares/forms/share-medium';
import { schemeOf } from '../../hsm/shares/set-scheme';
import { Custodians } from './custodians';

const folder = mkdtempSync(join(tmpdir(), 'keyrite-printed-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What zbarimg reads in a picture: the text of every code there is. */
function decoded(png: string): string {
  const options = ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable'];
  // It complains of a bus that is not there.
  return execFileSync('zbarimg', [...options, png], { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
}

function rendered(page: Buffer, language: 'pdf' | 'postscript'): string {
  const file = join(folder, randomBytes(8).toString('hex'));
  writeFileSync(file, page);
  if (language === 'pdf') execFileSync('pdftoppm', ['-r', '150', '-png', '-singlefile', file, file]);
  else {
    const options = ['-q', '-dSAFER', '-dBATCH', '-dNOPAUSE', '-sDEVICE=pnggray', '-r150'];
    execFileSync('gs', [...options, `-sOutputFile=${file}.png`, file]);
  }
  return `${file}.png`;
}

const SETS = [
  { scheme: 'components', threshold: 3, count: 3 },
  { scheme: 'threshold', threshold: 2, count: 3 },
] as const;

describe.each(SETS)('a sheet of $scheme', ({ scheme, threshold, count }) => {
  const rules = schemeOf(scheme);
  const name = { set: randomBytes(16).toString('hex'), scheme, threshold, count, index: 2 };
  const share =
    rules.split(randomBytes(32), threshold, count, (_, length) => randomBytes(length))[1] ?? Buffer.alloc(0);
  const sheet = rules.write(name, 'carol', share);

  it.each(['pdf', 'postscript'] as const)('as %s holds a code that is the share', (language) => {
    const text = decoded(rendered(writePage(layOutSheet(sheet), language), language));
    expect(text.trimEnd()).toBe(qrText(sheet).toString().trimEnd());
    // What a hand scanner would type at the keyboard is the share, and nothing else has to be typed.
    expect(rules.read(Buffer.from(text), name, 'carol', 32).equals(share)).toBe(true);
    expect(text.trimEnd()).not.toContain('\n\n');
    const other = { ...name, index: 1 };
    expect(() => rules.read(Buffer.from(text), other, 'carol', 32)).toThrow('by its heading this is share 2');
    expect(() => rules.read(Buffer.from(text), { ...name, set: '00'.repeat(16) }, 'carol', 32)).toThrow('another set');
  });

  it('shows every line of the worksheet, as it is typed back', () => {
    const file = join(folder, `${scheme}.pdf`);
    writeFileSync(file, writePage(layOutSheet(sheet), 'pdf'));
    const text = execFileSync('pdftotext', ['-layout', file, '-']).toString();
    const lines = text.split('\n').filter((line) => /^\s*(?:KEYRITE|Set|Share|Scheme|Custodian|\d)/.test(line));
    expect(rules.read(Buffer.from(lines.join('\n')), name, 'carol', 32).equals(share)).toBe(true);
    expect(execFileSync('pdfinfo', [file]).toString()).toMatch(/Pages: +1\n/);
  });
});

it('is the same bytes for the same share, and takes what means something in either language as it stands', () => {
  const sheet = Buffer.from('KEYRITE SHARE\nCustodian  (a\\b)\n\n1   0001\n');
  expect(writePage(layOutSheet(sheet), 'pdf').equals(writePage(layOutSheet(sheet), 'pdf'))).toBe(true);
  for (const language of ['pdf', 'postscript'] as const) {
    expect(writePage(layOutSheet(sheet), language).toString('latin1')).toContain('(Custodian  \\(a\\\\b\\))');
    expect(decoded(rendered(writePage(layOutSheet(sheet), language), language))).toContain('(a\\b)');
  }
});

type Enter = Extract<Dialogue, { kind: 'share-enter' }>;

describe('a share process that prints', () => {
  it('writes the sheet to a medium, is told what is on it, and tells main nothing of it', async () => {
    const shares = shareHandlers({ transport: false });
    const people = new Custodians();
    const known = await shares['set.generate'](SETS[1], people);
    const medium = { path: join(folder, 'medium'), removable: false };
    mkdirSync(medium.path);
    const told = await shares['share.print']({ index: 1, custodian: 'carol', to: { kind: 'medium', medium } }, people);
    const name = shareFileName({ set: known.set, index: 1 }, 'pdf');
    expect(told).toEqual({ file: name });
    const file = join(medium.path, name);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    execFileSync('pdftoppm', ['-r', '150', '-png', '-singlefile', file, file]);
    const text = decoded(`${file}.png`);
    const lines = text.split('\n');
    const misspelt = lines.map((line) => line.replace(/^7 [a-z]+/, '7 zzzz')).join('\n');
    const swapped = lines.map((line) => line.replace(/^7 ([a-z]+) ([a-z]+)/, '7 $2 $1')).join('\n');
    const typed = [misspelt, swapped, text.replace(/^Share .*$/m, 'Share 2 of 3'), text];
    people.types = (_: Enter) => typed.shift() ?? null;
    await shares['share.enter']({ index: 1, custodian: 'carol' }, people);
    expect(people.refusals).toEqual([
      expect.stringMatching(/^word 7 is (?:wrong|not on the list)/) as string,
      expect.any(String) as string,
      expect.stringContaining('by its heading this is share 2') as string,
    ]);
    await expect(
      Promise.resolve().then(() =>
        shares['share.print']({ index: 1, custodian: 'carol', to: { kind: 'medium', medium } }, people),
      ),
    ).rejects.toMatchObject({ code: 'SHARE_NOT_HERE' });
  });

  it('prints on no queue, file, pipe or terminal, and says why', async () => {
    const shares = shareHandlers({ transport: false });
    await shares['set.generate'](SETS[0], new Custodians());
    const file = join(folder, 'a file');
    const pipe = join(folder, 'a pipe');
    writeFileSync(file, 'kept');
    execFileSync('mkfifo', [pipe]);
    const print = async (path: string): Promise<string> => {
      const to = { kind: 'printer', path, language: 'pdf' } as const;
      try {
        await shares['share.print']({ index: 1, custodian: 'carol', to }, new Custodians());
        return 'printed';
      } catch (error) {
        expect(error).toMatchObject({ code: 'PRINTER_REFUSED', uncertain: false });
        return (error as Error).message;
      }
    };
    expect(await print('laser-2nd-floor')).toContain('a print queue keeps what it is given in its spool');
    expect(await print('/dev/usb/lp15')).toContain('there is no such device');
    expect(await print(file)).toContain('it is a file: what is printed to it stays on its disk');
    expect(readFileSync(file, 'utf8')).toBe('kept');
    expect(await print(pipe)).toContain('it is a pipe or a socket');
    expect(await print(folder)).toContain('it is a folder');
    expect(await print('/dev/null')).toContain('it is a device of another kind (1:3)');
    expect(await print('/dev/ptmx')).toContain('it is a device of another kind (5:2)');
    const stdout = await print('/dev/stdout');
    expect(stdout).toMatch(/PRINTER|not printed/);
    expect(stdout).not.toBe('printed');
  });

  it('knows the device of a USB printer by its numbers', () => {
    const no = () => false;
    const device = (rdev: number) => ({
      rdev,
      isFile: no,
      isDirectory: no,
      isFIFO: no,
      isSocket: no,
      isBlockDevice: no,
      isCharacterDevice: () => true,
    });
    expect(whyNoPrinter('/dev/usb/lp0', device(180 * 256))).toBeNull();
    expect(whyNoPrinter('/dev/usb/lp15', device(180 * 256 + 15))).toBeNull();
    // The same kernel number has other USB devices, and parallel ports another one.
    expect(whyNoPrinter('/dev/usb/hiddev0', device(180 * 256 + 96))).toContain('180:96');
    expect(whyNoPrinter('/dev/lp0', device(6 * 256))).toContain('6:0');
  });
});
