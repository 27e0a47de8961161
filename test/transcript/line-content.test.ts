/** Values of facts and what acts say of themselves: what the engine writes fits, and nothing else passes. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FACT_VALUES } from '../../ceremony/transcript/fact-schemas';
import { contentFault } from '../../ceremony/transcript/line-content';
import type { Line } from '../../ceremony/transcript/line';
import { readTranscript } from '../../ceremony/transcript/read';

const ROOT = join(import.meta.dirname, '../..');
const RELEASED = join(ROOT, 'test/fixtures/bundles/0.1.0/bundle/transcript.jsonl');
const { lines, findings } = readTranscript(readFileSync(RELEASED));
const engine = join(ROOT, 'ceremony/engine');

it('every line of a released bundle fits', () => {
  expect(findings).toEqual([]);
  expect(lines.length).toBeGreaterThan(100);
});

it('every fact that the engine writes has a schema, and each schema a writer', () => {
  const names = readFileSync(join(ROOT, 'ceremony/transcript/fact-names.ts'), 'utf8');
  const raised = readFileSync(join(ROOT, 'ceremony/transcript/raised-exception.ts'), 'utf8');
  const constants = new Map(
    [...`${names}${raised}`.matchAll(/export const ([A-Z_]+) = '([a-z.-]+)'/g)].map(([, name, value]) => [name, value]),
  );
  const written = new Set<string>();
  for (const name of readdirSync(engine, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const text = readFileSync(join(engine, name), 'utf8');
    const found = text.matchAll(/(?:recordFact\(\s*[^,()]+,\s*|body: \{ fact: )(?:'([a-z.-]+)'|([A-Z_]+))/g);
    for (const [, literal, constant] of found) written.add(literal ?? constants.get(constant) ?? `${constant ?? ''}?`);
  }
  expect([...written].sort()).toEqual(Object.keys(FACT_VALUES).sort());
});

describe('contentFault', () => {
  const first = (type: Line['type'], has: (line: Line) => boolean = () => true): Line => {
    const found = lines.find(({ line }) => line.type === type && has(line))?.line;
    if (found === undefined) throw new Error(`there is no ${type}`);
    return found;
  };
  const changed = (line: Line, member: string, value: object): Line =>
    ({ ...line, body: { ...line.body, [member]: value } }) as unknown as Line;

  it('names the fact that there is none of', () => {
    const line = { ...first('fact.recorded'), body: { fact: 'weather', value: {} } } as unknown as Line;
    expect(contentFault(line)).toBe('fact: there is none called weather');
    const inherited = { ...line, body: { fact: 'constructor', value: {} } } as unknown as Line;
    expect(contentFault(inherited)).toBe('fact: there is none called constructor');
  });

  it('names the member of a fact that is wrong, and takes further ones', () => {
    const line = first('fact.recorded', ({ body }) => 'fact' in body && body.fact === 'register');
    const value = 'value' in line.body ? (line.body.value as object) : {};
    expect(contentFault(line)).toBeNull();
    expect(contentFault(changed(line, 'value', { ...value, later: [1] }))).toBeNull();
    expect(contentFault(changed(line, 'value', { ...value, unit: 'Unit A' }))).toMatch(/^value of register: unit: /);
    expect(contentFault(changed(line, 'value', { ...value, register: 'old' }))).toMatch(
      /^value of register: register: /,
    );
  });

  it.each([
    ['step.intent', 'parameters', { commitment: 'ab' }],
    ['step.intent', 'expected', { initialised: 'yes' }],
    ['step.outcome', 'result', { state: {} }],
    ['step.outcome', 'result', { registers: { new: { status: 'full' } } }],
  ] as const)('%s: %s of known members only with their values', (type, member, wrong) => {
    const line = first(type);
    expect(contentFault(line)).toBeNull();
    expect(contentFault(changed(line, member, wrong))).toMatch(new RegExp(`^${member}: `));
  });
});
