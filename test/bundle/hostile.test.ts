/** Bundles made to hurt the reader: no verifier throws, hangs or follows a link out of the folder. */
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isBundleName, pemOf, spkiOf, type BundleReader } from '../../ceremony/bundle/layout';
import { reportDocument } from '../../ceremony/bundle/report/report-document';
import { formatSums, parseSums } from '../../ceremony/bundle/sums';
import { verifyBundle } from '../../ceremony/bundle/verify';
import type { Draft } from '../../ceremony/transcript/line';
import { renderHtml } from '../../ceremony/print/html';
import { readFiles, readerOf, withSums } from './mutation/bundle-files';
import { makeBundle } from './software-ceremony';
import { folderAt, removeDirectory, temporaryDirectory } from './temp-folder';

const SCRIPT = fileURLToPath(new URL('../../ceremony/bundle/verify.sh', import.meta.url));

let directory = '';
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  await removeDirectory(directory);
});

function runScript(folder: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile('sh', [SCRIPT, folder], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr });
    });
  });
}

describe('verifyBundle', () => {
  it('finds fault with a folder that cannot be listed, or read, or is empty', async () => {
    const broken: BundleReader = {
      list: () => Promise.reject(new Error('no such device')),
      read: () => Promise.reject(new Error('never asked')),
    };
    expect(await verifyBundle(broken)).toMatchObject({ verdict: 'refused', summary: null });
    const unreadable: BundleReader = {
      list: () => Promise.resolve(['plan.json']),
      read: () => Promise.reject(new Error('I/O error')),
    };
    expect((await verifyBundle(unreadable)).findings[0]).toEqual({
      where: 'plan.json',
      line: null,
      reason: 'cannot be read: I/O error',
    });
    expect((await verifyBundle(readerOf(new Map()))).verdict).toBe('refused');
  });

  it('bounds number, names and sizes of files, and reads nothing too large', async () => {
    const many: BundleReader = {
      list: () => Promise.resolve(Array.from({ length: 10_001 }, (_, place) => `attachments/${String(place)}`)),
      read: () => Promise.reject(new Error('must not be read')),
    };
    expect((await verifyBundle(many)).findings[0]?.reason).toBe('more than 10000 files');
    const large = (name: string): BundleReader => ({
      list: () => Promise.resolve([name]),
      size: () => Promise.resolve(2 ** 40),
      read: () => Promise.reject(new Error('must not be read')),
    });
    expect((await verifyBundle(large('plan.json'))).findings[0]?.reason).toBe('longer than 67108864 bytes');
    expect((await verifyBundle(large('attachments/film'))).findings[0]?.reason).toBe('longer than 68719476736 bytes');
    for (const name of [
      '../plan.json',
      '/etc/passwd',
      'a\nb',
      '.hidden',
      '-rf',
      'a//b',
      'a/b/c/d/e',
      'ü',
      'a'.repeat(256),
      'a b',
      '',
    ]) {
      expect(isBundleName(name), name).toBe(false);
      const findings = (await verifyBundle(readerOf(new Map([[name, new Uint8Array()]])))).findings;
      expect(findings[0]?.reason).toBe('no file of a bundle has such a name');
    }
  });

  it('never throws for any content of any file', { timeout: 240_000 }, async () => {
    await makeBundle(folderAt(directory));
    const original = await readFiles(directory);
    const names = [...original.keys()];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }),
          fc.json().map((json) => Buffer.from(`${json}\n`)),
          fc.json().map((json) => Buffer.from(json)),
        ),
        async (name, content) => {
          const files = withSums(new Map([...original, [name, content]]));
          const report = await verifyBundle(readerOf(files));
          expect(['refused', 'incomplete', 'consistent']).toContain(report.verdict);
          expect(renderHtml(await reportDocument(readerOf(files), report))).toContain('</html>');
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('verify.sh', () => {
  it.each([
    [
      'a link',
      (at: string) => {
        symlinkSync('/etc/hostname', join(at, 'attachments', 'link.txt'));
      },
    ],
    [
      'a link to a folder',
      (at: string) => {
        symlinkSync('/etc', join(at, 'attachments', 'etc'));
      },
    ],
    [
      'a line feed in a name',
      (at: string) => {
        writeFileSync(join(at, 'attachments', 'a\nb'), '');
      },
    ],
    [
      'a name that is an option',
      (at: string) => {
        writeFileSync(join(at, '-rf'), '');
      },
    ],
    [
      'a name with a space',
      (at: string) => {
        writeFileSync(join(at, 'a b'), '');
      },
    ],
    [
      'a name with an escape',
      (at: string) => {
        writeFileSync(join(at, '\u001b[2J'), '');
      },
    ],
    [
      'a folder with an odd name',
      (at: string) => {
        mkdirSync(join(at, '$(id)'));
      },
    ],
  ])('refuses %s', { timeout: 240_000 }, async (_, spoil) => {
    await makeBundle(folderAt(directory));
    spoil(directory);
    const { code, output } = await runScript(directory);
    expect(code).toBe(1);
    expect(output).toMatch(
      /(?:is not a plain file|no file of a bundle has such a name)\nexceptions: \d+\nwithheld: 0\nverdict: refused\n$/u,
    );
    expect(output).not.toContain('\u001b');
  });
});

describe('report', () => {
  it('shows hostile text as text, and has no script and nothing from elsewhere', async () => {
    const folder = folderAt(directory);
    const evil = '</td><script>alert(1)</script><img src=http://x onerror=1>"\'& \u202e';
    const spoil = (draft: Draft): Draft =>
      draft.type === 'step.failed' ? { ...draft, body: { ...draft.body, error: { code: 'X', message: evil } } } : draft;
    await makeBundle(folder, { draft: spoil });
    const html = renderHtml(await reportDocument(folder, await verifyBundle(folder)));
    expect(html).not.toMatch(/<(?:script|img|iframe|link|object)/iu);
    expect(html).not.toMatch(/<[^>]*\s(?:src|href|on[a-z]+)=/iu);
    expect(html).toContain('&#60;script&#62;alert(1)');
    expect(html).toContain('REHEARSAL');
    expect(html).toContain('Wanda Müller');
    for (const tag of ['table', 'section', 'td', 'tr', 'bdi', 'code']) {
      expect(html.split(`<${tag}`).length - html.split(`<${tag}-`).length, tag).toBe(
        html.split(`</${tag}>`).length - 1,
      );
    }
  });

  it('of production has no mark of a rehearsal; of what is not closed it says so', async () => {
    const folder = folderAt(directory);
    await makeBundle(folder, { mode: 'production', stopBefore: 'generate' });
    const report = await verifyBundle(folder);
    const html = renderHtml(await reportDocument(folder, report));
    expect(html).not.toContain('REHEARSAL');
    expect(html).toContain('Incomplete: the ceremony was not brought to its end.');
    const none = readerOf(new Map());
    expect(renderHtml(await reportDocument(none, await verifyBundle(none)))).toContain('Refused');
  });
});

describe('SHA256SUMS', () => {
  it('has one canonical form', () => {
    const files = new Map([
      ['b.txt', 'b'.repeat(64)],
      ['a/z.txt', '1'.repeat(64)],
      ['a.txt', '3'.repeat(64)],
      ['SHA256SUMS', '4'.repeat(64)],
    ]);
    const text = `${'3'.repeat(64)}  a.txt\n${'1'.repeat(64)}  a/z.txt\n${'b'.repeat(64)}  b.txt\n`;
    expect(formatSums(files)).toBe(text);
    expect([...(parseSums(text) ?? [])].map(([name]) => name)).toEqual(['a.txt', 'a/z.txt', 'b.txt']);
    const others = [
      text.slice(0, -1),
      text.replaceAll('b'.repeat(64), 'B'.repeat(64)),
      text.replaceAll('  ', ' *'),
      text.split('\n').reverse().join('\n'),
      `${text}\n`,
    ];
    for (const other of others) expect(parseSums(other)).toBeNull();
  });

  it('is never misread', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseSums(text);
        expect(parsed === null || formatSums(parsed) === text).toBe(true);
      }),
    );
  });
});

describe('keys', () => {
  it('are read from PEM and from base64, and from nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (der) => {
        const spki = Buffer.from(der).toString('base64');
        expect(spkiOf(pemOf(spki))).toBe(spki);
        expect(spkiOf(` ${spki}\n`)).toBe(spki);
      }),
    );
    for (const text of ['', 'AA', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'AAAA!'])
      expect(spkiOf(text)).toBeNull();
  });
});
