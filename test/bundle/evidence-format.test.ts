import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { folderAt, removeDirectory, temporaryDirectory } from './temp-folder';
import { workedExample } from './worked-example';

const PAGE = join(import.meta.dirname, '../../docs/evidence-format.md');
const SECTION = /<!-- example -->\n(.*)<!-- \/example -->/su;

it('the worked example of docs/evidence-format.md is what the code makes', { timeout: 30_000 }, async () => {
  const [small, whole] = [await temporaryDirectory(), await temporaryDirectory()];
  try {
    const example = `\n${await workedExample(folderAt(small), folderAt(whole))}\n\n`;
    expect((await verifyBundle(folderAt(whole))).verdict).toBe('consistent');
    const page = readFileSync(PAGE, 'utf8');
    // `UPDATE_DOCS=1 npx vitest run test/bundle/evidence-format.test.ts` writes it anew.
    if (process.env['UPDATE_DOCS'] === '1') {
      writeFileSync(
        PAGE,
        page.replace(SECTION, () => `<!-- example -->\n${example}<!-- /example -->`),
      );
    }
    expect(SECTION.exec(readFileSync(PAGE, 'utf8'))?.[1]).toBe(example);
  } finally {
    await removeDirectory(small);
    await removeDirectory(whole);
  }
});
