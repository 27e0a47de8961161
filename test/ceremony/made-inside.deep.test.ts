/**
 * A unit makes its master key inside itself, in a real rehearsal that the module's death interrupts. Both verifiers accept
 * the bundle, and none that tells of another key or of one that no command asked for.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWhere } from '../run-where';
import type { JsonObject } from '../../ceremony/canonical-json';
import { readPlan } from '../../ceremony/plan/read';
import type { Line } from '../../ceremony/transcript/line';
import { stepResult } from '../../workstation/step-result';
import { isForScript } from '../bundle/for-script';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles, type Files } from '../bundle/mutation/bundle-files';
import type { Forgery, LooseLine, ToSign } from '../bundle/mutation/forgery';
import { signedAgain } from '../bundle/mutation/insider';
import { judgeByPython } from '../bundle/mutation/third-verifier';
import { keyrite, scratch, transcript } from './program';
import { writeInsidePlan } from './small-plans';

const place = scratch();
afterAll(place.leave);
const at = (name: string): string => join(place.folder, name);
const bundle = at('bundle');
let files: Files;
let told: string;

beforeAll(async () => {
  execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', at('shim.so'), resolve('test/fault-shim.c'), '-ldl']);
  mkdirSync(at('tokens'));
  writeFileSync(at('conf'), `directories.tokendir = ${at('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  const args = ['rehearse', writeInsidePlan(at('inside.ceremony.yaml')), '--module', at('shim.so'), '--out', bundle];
  const ended = await keyrite(args, {
    SOFTHSM2_CONF: at('conf'),
    KEYRITE_FAULT: 'C_GenerateKey[keyrite:mk:uncommitted]:segv-after',
    KEYRITE_FAULT_ONCE: at('happened'),
  });
  expect(ended.code, ended.stderr).toBe(0);
  files = await readFiles(bundle);
  told = ended.stderr;
});

const made = () => transcript(bundle).find(({ body }) => body['act'] === 'unit-a/generate' && 'verdict' in body);

it('is finished after the crash, and verified, committed and activated by the pattern that it gave', async () => {
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  expect(await judgeByPython(files)).toBe('consistent');
  expect(made()?.body).toMatchObject({ verdict: 'applied' });
  const { madeInside } = made()?.body['observed'] as { madeInside: { key: string; pattern: string } };
  const patterns = transcript(bundle)
    .filter(({ type, body }) => type === 'step.intent' && /\/(?:commit|activate)$/.test(String(body['act'])))
    .map(({ body }) => (body['parameters'] as { pattern: string }).pattern);
  expect(patterns).toEqual([madeInside.pattern, madeInside.pattern]);
  // What people are to write down is told to them, at the terminal and in the window.
  expect(told).toContain(`unit-a made its master key. Verification pattern: ${madeInside.pattern}`);
  const { plan } = readPlan(readFileSync(at('inside.ceremony.yaml'), 'utf8'));
  const step = plan.steps.find(({ action }) => action === 'master-key.generate');
  if (step === undefined) throw new Error('the plan makes no master key');
  expect(stepResult(plan, step, transcript(bundle) as unknown as Line[]).values).toEqual([
    expect.objectContaining({ name: 'Verification pattern', kind: 'spoken', value: madeInside.pattern }),
  ]);
});

it('the report says that it is nowhere else', () => {
  const report = readFileSync(join(bundle, 'report.html'), 'utf8');
  expect(report).toContain('Master key made inside unit-a');
  expect(report).toContain('It cannot be backed up');
  expect(report).not.toContain('Master key made on the workstation');
});

describeWhere(process.env['KEYRITE_DEEP'] === '1')('on other modules', () => {
  it.each(['nss', 'opencryptoki'])('ends as well on %s', async (module) => {
    const run = await keyrite(['rehearse', at('inside.ceremony.yaml'), '--module', module, '--out', at(module)]);
    expect(run.code, run.stderr).toBe(0);
    const found = await readFiles(at(module));
    expect(await judge(found)).toMatchObject({ verdict: 'consistent', said: '' });
    expect(await judgeByScript(found)).toMatchObject({ verdict: 'consistent' });
  });
});

/** Changes what the act that made the key tells. */
function telling(change: (observed: JsonObject) => JsonObject): Forgery {
  const changed = (line: LooseLine): LooseLine =>
    line.type === 'step.reconciled' && line.body['act'] === 'unit-a/generate'
      ? { ...line, body: { ...line.body, observed: change(line.body['observed'] as JsonObject) } }
      : line;
  return { lines: (lines) => lines.map(changed) };
}

const inside = (observed: JsonObject): JsonObject => observed['madeInside'] as JsonObject;

const signing = (change: (one: ToSign) => ToSign): Forgery => ({
  sign: (one) =>
    (one.payload['payload'] as JsonObject | undefined)?.['command'] === 'master-key.generate' ? change(one) : one,
});

const LIES: readonly (readonly [string, () => Forgery, RegExp])[] = [
  [
    'another key than the command names was made',
    () => telling((observed) => ({ ...observed, madeInside: { ...inside(observed), key: 'e'.repeat(32) } })),
    /its command made another or none/,
  ],
  [
    'the key that was made has another pattern than the one activated',
    () => telling((observed) => ({ ...observed, madeInside: { ...inside(observed), pattern: '1'.repeat(64) } })),
    /another verification pattern|do not show the same/,
  ],
  [
    'nothing tells which key was made',
    () => telling(({ madeInside: _, ...observed }) => observed),
    /unit-a\/generate was not done/,
  ],
  [
    'a custodian had it made',
    () => signing((one) => ({ ...one, signers: ['carol'] })),
    /an administrator: 1 valid signatures needed, 0 given|signature/,
  ],
];

it.each(LIES.map((lie, index) => [...lie, index] as const))(
  'no verifier believes that %s',
  async (_, forgery, reason, index) => {
    const forged = signedAgain(files, forgery());
    const ours = await judge(forged);
    expect(ours.said).toMatch(reason);
    expect(ours.verdict).toBe('refused');
    expect(await judgeByPython(forged)).toBe('refused');
    if (isForScript(index)) expect((await judgeByScript(forged)).verdict).toBe('refused');
  },
);
