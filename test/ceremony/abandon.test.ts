/** Ceremonies that will not be brought to their end: closed as abandoned, signed, sealed, and never taken for more. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Binding } from '../../ceremony/plan/binding-schema';
import { prepareRoom } from './prepared-room';
import { keyrite, scratch, start, transcript } from './program';
import { writeUnitPlan } from './small-plans';

const place = scratch();
afterAll(place.leave);
const at = (...names: string[]): string => join(place.folder, ...names);
const WHY = 'The lid of the HSM was found open.';

/** Runs a ceremony on real tokens until a step begins, and kills it there. */
async function killedIn(name: string, step: string): Promise<{ bundle: string; bound: Binding }> {
  const plan = writeUnitPlan(at(`${name}.yaml`));
  const { file, bound } = await prepareRoom(at(name), plan, 'p256');
  const bundle = at(`${name}-bundle`);
  const running = start(['run', plan, '--binding', file, '--out', bundle]);
  expect(await running.says(step), 'the step began').toBe(true);
  process.kill(-(running.child.pid ?? 0), 'SIGKILL');
  await running.ended;
  return { bundle, bound };
}

interface Report {
  readonly verdict: string;
  readonly findings: readonly unknown[];
  readonly missing: readonly { readonly reason: string }[];
  readonly summary: { readonly outcome: string; readonly signers: readonly string[] };
}

/** Both verifiers: nothing wrong, and not brought to its end. */
async function expectAbandoned(bundle: string, missing: readonly string[]): Promise<Report> {
  const ours = await keyrite(['verify', bundle, '--json']);
  expect(ours.code).toBe(1);
  const report = JSON.parse(ours.stdout) as Report;
  expect(report).toMatchObject({ verdict: 'incomplete', findings: [], summary: { outcome: 'abandoned' } });
  const reasons = report.missing.map(({ reason }) => reason);
  expect(reasons).toContain('the ceremony was abandoned');
  for (const step of missing) expect(reasons).toContain(`step ${step} has no outcome and no exception`);
  expect((await keyrite(['verify', bundle])).stdout).toContain('ABANDONED   the ceremony was closed before its end');
  let said = '';
  try {
    execFileSync('sh', [join(bundle, 'verify.sh')], { encoding: 'utf8' });
  } catch (error) {
    said = String((error as { stdout?: unknown }).stdout);
  }
  expect(said).toContain('the ceremony was abandoned');
  expect(said).toMatch(/^verdict: incomplete$/m);
  return report;
}

it('in the middle: why is signed, the steps left are named, and it is over', { timeout: 180_000 }, async () => {
  const { bundle, bound } = await killedIn('middle', '4/6');
  const lines = transcript(bundle).length;
  for (const [args, words] of [
    [['abandon', bundle], /--reason is missing/],
    [['abandon', bundle, '--reason', ' '], /--reason is empty/],
    [['abandon', at(), '--reason', WHY], /holds no ceremony/],
  ] as const) {
    const refused = await keyrite(args);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(words)]);
  }
  expect(transcript(bundle)).toHaveLength(lines);
  const ended = await keyrite(['abandon', bundle, '--reason', WHY]);
  expect([ended.code, ended.stdout], ended.stderr).toEqual([0, `${bundle}\n`]);
  const report = await expectAbandoned(bundle, ['imprint', 'checkpoint', 'export']);
  expect(report.summary.signers).toEqual(['alice', 'bob', 'frank']);
  const record = transcript(bundle);
  expect(record.at(-1)).toMatchObject({ type: 'ceremony.closed', body: { outcome: 'abandoned', exceptions: 1 } });
  const raised = record.find(({ body }) => body['fact'] === 'exception.raised');
  expect(raised?.body['value']).toMatchObject({ step: 'imprint', kind: 'step-deviated', happened: WHY });
  const signed = record.find(({ type }) => type === 'exception.recorded');
  expect(signed?.by).toEqual(['alice', 'frank']);
  // What was announced and not answered is said to be unknown.
  const open = new Set<unknown>();
  for (const { type, body } of record) {
    if (type === 'step.intent') open.add(body['act']);
    if (type === 'step.outcome' || type === 'step.reconciled') open.delete(body['act']);
  }
  expect([...open]).toEqual([]);
  expect(readFileSync(join(bundle, 'report.html'), 'utf8')).toContain('ABANDONED');
  const medium = bound.media[0]?.path ?? '';
  expect(existsSync(join(medium, bound.ceremony, 'SHA256SUMS'))).toBe(true);
  for (const again of [
    ['resume', bundle],
    ['abandon', bundle, '--reason', WHY],
  ]) {
    const refused = await keyrite(again);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/closed and sealed/)]);
  }
});

it('before the roll call: those who sign prove presence first', { timeout: 180_000 }, async () => {
  const { bundle } = await killedIn('early', '1/6');
  const ended = await keyrite(['abandon', bundle, '--reason', WHY]);
  expect(ended.code, ended.stderr).toBe(0);
  await expectAbandoned(bundle, ['preflight', 'roll-call', 'export']);
  const present = transcript(bundle).filter(({ type }) => type === 'participant.present');
  expect(present.map(({ by }) => by)).toEqual([['frank'], ['alice'], ['bob']]);
});
