/**
 * PINs are changed and set anew in real rehearsals, also where the module dies in the midst of it: people decide to try the
 * new PIN, and what it shows is on record. Both verifiers accept the bundles, and none that tells of a PIN nobody proved.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { itWhere } from '../run-where';
import type { JsonObject } from '../../ceremony/canonical-json';
import { isForScript } from '../bundle/for-script';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles, type Files } from '../bundle/mutation/bundle-files';
import type { Forgery, LooseLine } from '../bundle/mutation/forgery';
import { signedAgain } from '../bundle/mutation/insider';
import { judgeByPython } from '../bundle/mutation/third-verifier';
import { keyrite, scratch, transcript, type Ended } from './program';
import { writePinPlan } from './small-plans';
import { sampled } from '../sampled';

const it = sampled(2);

const place = scratch();
afterAll(place.leave);
const at = (name: string): string => join(place.folder, name);
const PLAN = at('pins.ceremony.yaml');

beforeAll(() => {
  writePinPlan(PLAN, true);
  execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', at('shim.so'), resolve('test/fault-shim.c'), '-ldl']);
});

/** Rehearses on the fault-injecting module over SoftHSM2. */
async function rehearse(name: string, fault: string): Promise<Ended> {
  mkdirSync(at(`${name}-tokens`));
  const tokens = `directories.tokendir = ${at(`${name}-tokens`)}\nobjectstore.backend = file\nlog.level = ERROR\n`;
  writeFileSync(at(`${name}-conf`), tokens);
  return keyrite(['rehearse', PLAN, '--module', at('shim.so'), '--out', at(name), '--keep', at(`${name}-room`)], {
    SOFTHSM2_CONF: at(`${name}-conf`),
    KEYRITE_FAULT: fault,
    KEYRITE_FAULT_ONCE: at(`${name}-happened`),
  });
}

async function expectConsistent(bundle: string): Promise<Files> {
  const files = await readFiles(bundle);
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  expect(await judgeByPython(files)).toBe('consistent');
  return files;
}

/** Answers to acts that change PINs: step, and what came of it. */
function answers(bundle: string): string[] {
  return transcript(bundle).flatMap(({ type, step, body }) => {
    if (body['act'] !== 'unit-a/pin' || type === 'step.intent') return [];
    const told = (body['result'] ?? body['observed'] ?? {}) as { pin?: string; proven?: boolean; note?: string };
    const verdict = typeof body['verdict'] === 'string' ? ` ${body['verdict']}` : '';
    return [`${step ?? ''} ${type}${verdict} ${told.pin ?? ''}${told.proven === true ? ' proven' : ''}`.trimEnd()];
  });
}

function tried(bundle: string): string[] {
  return transcript(bundle).flatMap(({ type, body }) => {
    const [, which] = /Try the (old|new) PIN once/.exec(String(body['statement'])) ?? [];
    return type === 'step.confirmed' && which !== undefined ? [which] : [];
  });
}

const DONE = [
  'change-user step.outcome user proven',
  'change-officer step.outcome security-officer proven',
  'unlock step.outcome user proven',
];

const DEEP = process.env['KEYRITE_DEEP'] === '1';

it.each([['opencryptoki', true] as const, ...(DEEP ? [['nss', false] as const] : [])])(
  'ends well on %s',
  async (module, hasOfficer) => {
    const plan = writePinPlan(at(`${module}.ceremony.yaml`), hasOfficer);
    const ended = await keyrite(['rehearse', plan, '--module', module, '--out', at(module)]);
    expect(ended.code, ended.stderr).toBe(0);
    await expectConsistent(at(module));
    expect(answers(at(module))).toEqual(hasOfficer ? DONE : DONE.slice(0, 1));
    expect(tried(at(module))).toEqual([]);
  },
);

const [USER = '', OFFICER = '', UNLOCKED = ''] = DONE;
const NOT_APPLIED = ['change-user step.failed', 'change-user step.reconciled not-applied user'];

describe('the module dies', () => {
  it('before a PIN was changed, and after one was: people try the new one, then the old one, and it is told', async () => {
    const ended = await rehearse('died', 'C_SetPIN:segv,C_SetPIN:segv-after:2');
    expect(ended.code, ended.stderr).toBe(0);
    await expectConsistent(at('died'));
    const applied = ['change-officer step.failed', 'change-officer step.reconciled applied security-officer proven'];
    expect(answers(at('died'))).toEqual([...NOT_APPLIED, USER, ...applied, UNLOCKED]);
    expect(tried(at('died'))).toEqual(['new', 'old', 'new']);
  });

  itWhere(DEEP)('after the user PIN was changed', async () => {
    const ended = await rehearse('after', 'C_SetPIN:segv-after');
    expect(ended.code, ended.stderr).toBe(0);
    await expectConsistent(at('after'));
    const applied = ['change-user step.failed', 'change-user step.reconciled applied user proven'];
    expect(answers(at('after'))).toEqual([...applied, OFFICER, UNLOCKED]);
  });
});

itWhere(DEEP)('a token that says it changed a PIN and did not is found out', async () => {
  const ended = await rehearse('lied', 'C_SetPIN:0x0');
  expect(ended.code, ended.stderr).toBe(0);
  expect(answers(at('lied'))).toEqual([...NOT_APPLIED, ...DONE]);
});

it('the report says which PINs were changed, and how', () => {
  const report = readFileSync(join(at('died'), 'report.html'), 'utf8');
  expect(report).toMatch(/user PIN changed, line \d+/);
  expect(report).toMatch(/security-officer PIN changed, line \d+/);
  expect(report).toMatch(/user PIN set anew by the security officer, without the old one, line \d+/);
});

it('no PIN is in the record, neither an old one nor a new one', () => {
  const { pins } = JSON.parse(readFileSync(at('died-room/player.json'), 'utf8')) as {
    pins: { of: string; role: string; pin: string; before?: { pin: string } }[];
  };
  const all = pins.flatMap(({ pin, before }) => [pin, ...(before === undefined ? [] : [before.pin])]);
  expect(all.length).toBeGreaterThanOrEqual(6);
  const text = readFileSync(join(at('died'), 'transcript.jsonl'), 'utf8');
  for (const pin of all) expect(text).not.toContain(pin);
});

/** Changes what the outcome of a PIN change tells. */
function telling(step: string, change: (result: JsonObject) => JsonObject): Forgery {
  const changed = (line: LooseLine): LooseLine =>
    line.type === 'step.outcome' && line.step === step && line.body['act'] === 'unit-a/pin'
      ? { ...line, body: { ...line.body, result: change(line.body['result'] as JsonObject) } }
      : line;
  return { lines: (lines) => lines.map(changed) };
}

const LIES: readonly (readonly [string, () => Forgery])[] = [
  ['nobody proved the new PIN', () => telling('change-user', (result) => ({ ...result, proven: false }))],
  ['the PIN of another was changed', () => telling('change-user', (r) => ({ ...r, pin: 'security-officer' }))],
  ['nothing tells whose PIN was set anew', () => telling('unlock', ({ token }) => ({ token: token ?? null }))],
  [
    'nothing was done',
    () => ({
      lines: (lines) => lines.filter(({ step, body }) => step !== 'change-officer' || body['act'] !== 'unit-a/pin'),
    }),
  ],
];

it.each(LIES.map((lie, index) => [...lie, index] as const))(
  'no verifier believes that %s',
  async (_, forgery, index) => {
    const forged = signedAgain(await readFiles(at('died')), forgery());
    const ours = await judge(forged);
    expect(ours.said).toContain('unit-a/pin was not done');
    expect(ours.verdict).toBe('refused');
    expect(await judgeByPython(forged)).toBe('refused');
    if (isForScript(index)) expect((await judgeByScript(forged)).verdict).toBe('refused');
  },
);
