import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LINE_TYPES } from '../../ceremony/transcript/line';
import { lineSchemaFiles } from './line-schema-files';

const FOLDER = join(import.meta.dirname, '../../docs/schemas');
const PAGE = join(import.meta.dirname, '../../docs/evidence-format.md');

it.each(Object.entries(lineSchemaFiles()))('docs/schemas/%s is what the code says', (name, text) => {
  // `UPDATE_SCHEMAS=1 npx vitest run test/transcript/json-schema.test.ts` writes them anew.
  if (process.env['UPDATE_SCHEMAS'] === '1') writeFileSync(join(FOLDER, name), text);
  expect(readFileSync(join(FOLDER, name), 'utf8')).toBe(text);
});

it('docs/evidence-format.md names every line type and every member of its body', () => {
  const page = readFileSync(PAGE, 'utf8');
  const missing = LINE_TYPES.flatMap((type) => {
    const schema = JSON.parse(lineSchemaFiles()[`line.${type}.schema.json`] ?? '{}') as {
      properties: object;
      additionalProperties: boolean;
    };
    expect(schema.additionalProperties).toBe(false);
    return [type, ...Object.keys(schema.properties)].filter((word) => !page.includes(`\`${word}\``));
  });
  expect(missing).toEqual([]);
});
