import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RULES } from '../../ceremony/plan/finding';
import { schemaFiles } from '../../ceremony/plan/json-schema';
import { ROLES } from '../../ceremony/plan/schema';

const FOLDER = join(import.meta.dirname, '../../docs/schemas');

/** Actions that this version carries out. */
const ACTIONS = [
  ...['preflight', 'roll-call', 'enrol', 'pause', 'unit.initialise', 'unit.imprint', 'unit.inventory', 'unit.compare'],
  ...['master-key.generate', 'shares.distribute', 'master-key.load', 'master-key.verify', 'master-key.commit'],
  ...['master-key.activate', 'key.package', 'fact', 'custody', 'statement', 'checkpoint', 'export'],
  ...['shares.drill', 'shares.transfer', 'shares.reshare', 'shares.destroy'],
];

test.each(Object.entries(schemaFiles()))('docs/schemas/%s is what the code says', (name, text) => {
  // `UPDATE_SCHEMAS=1 npx vitest run test/plan/json-schema.test.ts` writes them anew.
  if (process.env['UPDATE_SCHEMAS'] === '1') writeFileSync(join(FOLDER, name), text);
  expect(readFileSync(join(FOLDER, name), 'utf8')).toBe(text);
});

test('unknown keys are refused by the schema, and defaults need not be written', () => {
  const plan = JSON.parse(schemaFiles()['plan.schema.json']) as {
    additionalProperties: boolean;
    required: string[];
    properties: object;
  };
  expect(plan.additionalProperties).toBe(false);
  expect(plan.required).not.toContain('regime');
  expect(plan.required).toContain('endState');
});

describe('docs/plan.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/plan.md'), 'utf8');

  test('names every rule with what it demands, and no other', () => {
    const table = /<!-- rules -->(.*)<!-- \/rules -->/s.exec(page)?.[1] ?? '';
    const rows = [...table.matchAll(/^\| `([a-z-]+)` +\| (.*?) +\|$/gm)].map((match) => [match[1], match[2]]);
    expect(rows).toEqual(Object.entries(RULES));
  });

  test('names every action, role and key of plan and binding', () => {
    const properties = (name: 'plan.schema.json' | 'binding.schema.json'): string[] =>
      Object.keys((JSON.parse(schemaFiles()[name]) as { properties: object }).properties);
    const words = [...ACTIONS, ...ROLES, ...properties('plan.schema.json'), ...properties('binding.schema.json')];
    expect(words.filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
  });
});
