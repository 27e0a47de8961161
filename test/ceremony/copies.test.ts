/** Components with copies for named alternates: each read back, and one who holds a copy loads it where the custodian is away. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles } from '../bundle/mutation/bundle-files';
import { signedAgain } from '../bundle/mutation/insider';
import { judgeByPython } from '../bundle/mutation/third-verifier';
import { keyrite, scratch, transcript } from './program';
import { writeKeySizePlan } from './small-plans';

const place = scratch();
afterAll(place.leave);
const bundle = join(place.folder, 'bundle');
const room = join(place.folder, 'room');

interface Positions {
  positions: object[];
  masterKey: object;
  steps: { id: string; positions?: string[] }[];
}

beforeAll(async () => {
  const file = writeKeySizePlan(join(place.folder, 'copies.ceremony.yaml'), 128, null);
  const plan = parse(readFileSync(file, 'utf8')) as Positions;
  plan.positions.push({ id: 'reserve', role: 'custodian', count: 2 });
  Object.assign(plan.masterKey, { copies: [{ position: 'reserve', of: [1, 3] }] });
  plan.steps.find(({ id }) => id === 'roll-call')?.positions?.push('reserve');
  writeFileSync(file, stringify(plan, { aliasDuplicateObjects: false }));
  const ended = await keyrite(['rehearse', file, '--out', bundle, '--keep', room]);
  expect(ended.code, ended.stderr).toBe(0);
}, 120_000);

interface Handed {
  readonly index: number;
  readonly custodian: string;
  readonly copy?: string;
}

const handed = (): Handed[] =>
  transcript(bundle)
    .filter(({ type, body }) => type === 'step.outcome' && (body['result'] as { readBack?: unknown }).readBack === true)
    .map(({ body }) => body['result'] as Handed);

it('each component and each copy is read back, by five people', () => {
  const all = handed();
  expect(all.map(({ index, copy }) => [index, copy ?? null])).toEqual([
    [1, null],
    [1, 'reserve'],
    [2, null],
    [3, null],
    [3, 'reserve'],
  ]);
  expect(new Set(all.map(({ custodian }) => custodian)).size).toBe(5);
  const { worksheets } = JSON.parse(readFileSync(join(room, 'player.json'), 'utf8')) as {
    worksheets: { index: number; custodian: string; text: string }[];
  };
  const rowsOf = (index: number): string[] =>
    worksheets.filter((one) => one.index === index).map(({ text }) => text.split('\n\n')[1] ?? '');
  expect(rowsOf(1)[0]).toBe(rowsOf(1)[1]);
  expect(rowsOf(1)[0]).not.toBe(rowsOf(3)[0]);
});

it('all three verifiers call it consistent', async () => {
  const files = await readFiles(bundle);
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  expect(await judgeByPython(files)).toBe('consistent');
}, 120_000);

it('a copy that nobody read back, or that somebody with another component did, is refused by all three', async () => {
  const files = await readFiles(bundle);
  const [, , third] = handed().filter(({ copy }) => copy === undefined);
  const told = (line: string): boolean => line.includes('"copy":"reserve"') && line.includes('"readBack":true,"set"');
  const lies = [
    (line: string) => line.replace('"readBack":true,"set"', '"readBack":false,"set"'),
    (line: string) =>
      line.replace(
        /"copy":"reserve","custodian":"[a-z-]+"/u,
        `"copy":"reserve","custodian":"${third?.custodian ?? ''}"`,
      ),
  ];
  for (const [number, lie] of lies.entries()) {
    const lied = signedAgain(files, { text: (line) => (told(line) ? lie(line) : line) });
    expect(lied).not.toEqual(signedAgain(files));
    expect((await judge(lied)).said).toMatch(/the copy of share \d was not read back/u);
    if (number > 0) continue;
    expect((await judgeByScript(lied)).said).toContain('a copy of a share was not read back');
    expect(await judgeByPython(lied)).toBe('refused');
  }
  expect((await judge(signedAgain(files))).verdict).toBe('consistent');
}, 240_000);
