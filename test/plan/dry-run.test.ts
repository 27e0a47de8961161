import { describe, expect, test } from 'vitest';
import { dryRun } from '../../ceremony/plan/dry-run';
import { readPlan } from '../../ceremony/plan/read';
import { FIRST, ROTATE } from './examples';
import { stepOf } from './plan-cases';

const first = readPlan(FIRST).plan;
const rotate = readPlan(ROTATE).plan;

test.each([
  ['first-ceremony', first],
  ['root-key-rotate', rotate],
])('the calls of %s', async (name, plan) => {
  await expect(`${dryRun(plan).join('\n')}\n`).toMatchFileSnapshot(`golden/${name}.dry-run.txt`);
});

describe('what cannot be taken back is preceded by an intent', () => {
  test.each(['C_InitToken', 'C_InitPIN', 'C_UnwrapKey', 'C_SetAttributeValue', 'C_WrapKey'])('%s', (call) => {
    const lines = dryRun(first);
    const places = lines.flatMap((line, index) =>
      line.includes(`: ${call}`) || line.includes(`, ${call}`) ? [index] : [],
    );
    // Probes work on session objects of their own and leave nothing behind.
    const calls = places.filter((index) => !/INTENT|known answers/.test(lines[index] ?? ''));
    expect(calls).not.toEqual([]);
    for (const index of calls) {
      const step = lines.slice(0, index).findLastIndex((line) => /^\d+\. /.test(line));
      expect(
        lines.slice(step, index).some((line) => line.includes('INTENT')),
        lines[index],
      ).toBe(true);
    }
  });
});

test('a phase that holds the login types the PIN once for each unit, one that does not for each step', () => {
  const logins = (plan: typeof first): number =>
    dryRun(plan).filter((line) => line.includes('user PIN entered')).length;
  const without = structuredClone(first);
  for (const phase of without.phases) phase.holdLogin = false;
  expect(logins(first)).toBe(6);
  expect(logins(without)).toBe(19);
});

test('a threshold shows in how many tokens sign', () => {
  const plan = structuredClone(first);
  stepOf(plan, 'imprint', 'unit.imprint').signatureThreshold = 1;
  expect(dryRun(plan)).toContain(
    '   tokens of 1 × administrators: C_OpenSession, C_Login, C_SignInit, C_Sign, C_Logout | signed command master-key.commit for unit-a',
  );
});
