/** What the home screen tells of the example plans is what they say. `UPDATE_DOCS=1` writes the index anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXAMPLES_INDEX, examplesIndex, listExamples } from '../../src-main/app/ceremonies';
import { ROOT } from '../rules/lint-text';

const FOLDER = join(ROOT, 'examples');
const FILE = join(FOLDER, EXAMPLES_INDEX);

test('the index is that of the plans beside it', () => {
  const text = `${JSON.stringify(examplesIndex(FOLDER), null, 2)}\n`;
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, text);
  expect(readFileSync(FILE, 'utf8')).toBe(text);
  expect(listExamples(FOLDER).length).toBeGreaterThan(1);
});
