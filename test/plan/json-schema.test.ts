import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { schemaFiles } from '../../ceremony/plan/json-schema';

const FOLDER = join(import.meta.dirname, '../../docs/schemas');

test.each(Object.entries(schemaFiles()))('docs/schemas/%s is what the code says', (name, text) => {
  // `UPDATE_SCHEMAS=1 npx vitest run test/plan/json-schema.test.ts` writes them anew.
  if (process.env['UPDATE_SCHEMAS'] === '1') writeFileSync(join(FOLDER, name), text);
  expect(readFileSync(join(FOLDER, name), 'utf8')).toBe(text);
});

test('unknown keys are refused by the schema, and defaults need not be written', () => {
  const plan = JSON.parse(schemaFiles()['plan.schema.json']) as { additionalProperties: boolean; required: string[]; properties: object };
  expect(plan.additionalProperties).toBe(false);
  expect(plan.required).not.toContain('regime');
  expect(plan.required).toContain('endState');
});
