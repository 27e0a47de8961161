/**
 * One master key in three units on three modules, SoftHSM2, NSS and opencryptoki, worked on at the same time. The module of
 * one hangs in the middle: the others are done and on record. The whole run is killed then; resumed, it loads only that one again.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Binding } from '../../ceremony/plan/binding-schema';
import { fileSha256 } from '../../workstation/rehearsal/module-file';
import { makeNssStore } from '../../workstation/rehearsal/nss-store';
import { makeOpencryptokiStore } from '../../workstation/rehearsal/opencryptoki-store';
import { makeSoftHsmStore } from '../../workstation/rehearsal/softhsm-store';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles } from '../bundle/mutation/bundle-files';
import { judgeByPython } from '../bundle/mutation/third-verifier';
import { keyrite, scratch, start, transcript, type Ended } from './program';
import { writeManyUnitsPlan, writeUnitPlan } from './small-plans';

const place = scratch();
afterAll(place.leave);
const at = (name: string): string => join(place.folder, name);
const bundle = at('bundle');
const UNITS = ['unit-1', 'unit-2', 'unit-3'];
let ended: Ended;
let killedAt: number;

beforeAll(async () => {
  execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', at('shim.so'), resolve('test/fault-shim.c'), '-ldl']);
  // A small rehearsal makes the people and their tokens.
  const people = ['rehearse', writeUnitPlan(at('people.ceremony.yaml')), '--module', 'softhsm2'];
  const prepared = await keyrite([...people, '--out', at('people'), '--keep', at('room')]);
  expect(prepared.code, prepared.stderr).toBe(0);
  const plan = writeManyUnitsPlan(at('mixed.ceremony.yaml'), 3);
  const hash = await keyrite(['check', plan, '--json']);
  const soft = makeSoftHsmStore(at('room'), 'mixed-softhsm2');
  const environment = [
    ...soft.environment,
    { name: 'KEYRITE_FAULT_MODULE', value: soft.path },
    { name: 'KEYRITE_FAULT', value: 'C_UnwrapKey[keyrite:mk:uncommitted]:hang' },
    { name: 'KEYRITE_FAULT_ONCE', value: at('happened') },
  ];
  const modules = [
    { ...soft, path: at('shim.so'), sha256: fileSha256(at('shim.so')), environment },
    makeNssStore(at('room'), 'mixed-nss', ['payments-unit-2']),
    makeOpencryptokiStore(at('room'), 'mixed-opencryptoki'),
  ];
  const binding = parse(readFileSync(join(at('people'), 'binding.yaml'), 'utf8')) as Binding;
  const [unit] = binding.units;
  if (unit === undefined) throw new Error('the rehearsal bound no unit');
  const mixed: Binding = {
    ...binding,
    ceremony: 'mixed-modules',
    plan: (JSON.parse(hash.stdout) as { planSha256: string }).planSha256,
    modules: [...modules, ...binding.modules.filter(({ id }) => id === 'cards')],
    units: UNITS.map((id, index) => ({ ...unit, id, module: modules[index]?.id ?? '' })),
  };
  writeFileSync(at('mixed.binding.yaml'), stringify(mixed, { aliasDuplicateObjects: false }));
  const running = start(['run', plan, '--binding', at('mixed.binding.yaml'), '--out', bundle]);
  expect(await running.says('Loading: 2 of 3 units done; at work: unit-1 (module mixed-softhsm2)')).toBe(true);
  running.child.kill('SIGKILL');
  await running.ended;
  killedAt = transcript(bundle).length;
  ended = await keyrite(['resume', bundle]);
});

/** Places of lines of a type about an act of each unit, in the order of the record. */
function placesOf(type: string, act: string): { unit: string; seq: number }[] {
  return transcript(bundle).flatMap((line) => {
    const [unit = '', name] = String(line.body['act']).split('/');
    return line.type === type && name === act ? [{ unit, seq: line.seq }] : [];
  });
}

it('ends in a bundle that all three verifiers accept', async () => {
  expect(ended.code, ended.stderr).toBe(0);
  const files = await readFiles(bundle);
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  expect(await judgeByPython(files)).toBe('consistent');
});

it('all units show one pattern', () => {
  const shown = transcript(bundle).flatMap(({ step, body }) => {
    if (step !== 'verify-current' || body['fact'] !== 'register') return [];
    const { unit, registers } = body['value'] as { unit: string; registers: { current: { pattern: string } } };
    return [{ unit, pattern: registers.current.pattern }];
  });
  expect(shown.map(({ unit }) => unit).toSorted()).toEqual(UNITS);
  expect(new Set(shown.map(({ pattern }) => pattern)).size).toBe(1);
});

it('the loads are under way together, and only the one that hung is carried out again', () => {
  const intents = placesOf('step.intent', 'load-3');
  const outcomes = placesOf('step.outcome', 'load-3');
  const begun = intents.slice(0, 3);
  expect(begun.map(({ unit }) => unit).toSorted()).toEqual(UNITS);
  // Nobody is done before everybody has begun, and one never was before the run was killed.
  expect(Math.max(...begun.map(({ seq }) => seq))).toBeLessThan(Math.min(...outcomes.map(({ seq }) => seq)));
  expect(
    outcomes
      .filter(({ seq }) => seq < killedAt)
      .map(({ unit }) => unit)
      .toSorted(),
  ).toEqual(['unit-2', 'unit-3']);
  // Where the machine is slow, the hang may have been noticed before the run was killed.
  const only = (places: readonly { readonly unit: string }[]): string[] => [...new Set(places.map(({ unit }) => unit))];
  expect(only(placesOf('step.reconciled', 'load-3'))).toEqual(['unit-1']);
  expect(only(intents.slice(3))).toEqual(['unit-1']);
  expect(outcomes.map(({ unit }) => unit).toSorted()).toEqual(UNITS);
});
