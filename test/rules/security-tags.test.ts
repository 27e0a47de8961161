/**
 * Each defence that docs/threat-model.md lists stands in the code where it says, and names tests that exist; each
 * `// SECURITY(K-nn)` in the code has a row.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from './lint-text';

const CODE = [
  'ceremony',
  'hsm',
  'workstation',
  'cli',
  'connected',
  'scripts',
  'ipc',
  'src-main',
  'src-renderer',
].filter((folder) => existsSync(join(ROOT, folder)));
const TAG = /\/\/ SECURITY\((K-\d{2,3})\): \S/g;

interface Row {
  readonly id: string;
  readonly cells: readonly string[];
  readonly code: readonly string[];
  readonly tests: readonly string[];
}

const named = (cell: string | undefined): string[] =>
  [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

const rows: Row[] = readFileSync(join(ROOT, 'docs/threat-model.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| K-'))
  .map((line) => {
    const [id = '', ...cells] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return { id, cells, code: named(cells[2]), tests: named(cells[3]) };
  });

const tags = new Map<string, Set<string>>();
const malformed: string[] = [];
for (const folder of CODE) {
  for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
    if (!/\.(?:tsx?|mjs)$/.test(name) || /(?:^|\/)(?:node_modules|build)\//.test(name)) continue;
    const file = `${folder}/${name}`;
    const text = readFileSync(join(ROOT, file), 'utf8');
    const found = [...text.matchAll(TAG)].map(([, id = '']) => id);
    if (found.length !== text.split('SECURITY').length - 1) malformed.push(file);
    for (const id of found) tags.set(id, (tags.get(id) ?? new Set()).add(file));
  }
}

describe('docs/threat-model.md and the code', () => {
  test('rows stand in the order of their numbers, each once, and each is filled', () => {
    expect(rows.length).toBeGreaterThan(30);
    const numbers = rows.map(({ id }) => Number(id.slice(2)));
    // A number is never used again, so there are gaps.
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    for (const { id, cells } of rows) {
      expect(cells, id).toHaveLength(4);
      for (const cell of cells) expect(cell, id).not.toBe('');
    }
  });

  test('every tag is well formed and has a row', () => {
    expect(malformed).toEqual([]);
    expect([...tags.keys()].filter((id) => !rows.some((row) => row.id === id))).toEqual([]);
  });

  test.each(rows.map(({ id, code }) => [id, code] as const))(
    '%s is tagged in just the files that it names',
    (id, code) => {
      expect(code.length).toBeGreaterThan(0);
      expect([...(tags.get(id) ?? [])].sort()).toEqual([...code].sort());
    },
  );

  test.each(rows.map(({ id, tests }) => [id, tests] as const))('%s names tests that exist', (_id, tests) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const file of tests) {
      expect(file).toMatch(/^test\/.+\.test\.ts$/);
      expect(existsSync(join(ROOT, file)), file).toBe(true);
      expect(readFileSync(join(ROOT, file), 'utf8'), file).toMatch(/^\s*(?:it|test|describe)(?:\.each)?\(/m);
    }
  });
});
