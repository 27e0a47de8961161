/** Approvals on the binding screen: files that were signed beforehand, who has approved and who is missing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { prepareRoom, withoutApproversKeys } from '../ceremony/prepared-room';
import { keyrite, scratch } from '../ceremony/program';
import { writeUnitPlan } from '../ceremony/small-plans';
import { ControlledApp, troubleFrom } from './controlled-app';

const place = scratch();
afterAll(place.leave);
const at = (...names: string[]): string => join(place.folder, ...names);

it('takes the files, says who is missing, and asks nobody to approve', { timeout: 180_000 }, async () => {
  const plan = writeUnitPlan(at('plan.yaml'));
  const { file, bound } = await prepareRoom(at('there'), plan, 'p256');
  const binding = withoutApproversKeys(bound, at('day.binding.yaml'));
  const [heidi, ivan] = await Promise.all(
    ['heidi', 'ivan'].map(async (id) => {
      const out = at(`${id}.dsse.json`);
      const made = await keyrite(['approve', plan, '--binding', binding, '--as', id, '--tokens', file, '-o', out]);
      expect(made.code, made.stderr).toBe(0);
      return out;
    }),
  );
  if (heidi === undefined || ivan === undefined) throw new Error('nobody approved');
  const app = new ControlledApp(at('app'));
  const { handlers } = app.controller;
  app.chosen.push(plan, binding);
  await handlers['plan.open-file']({});
  await handlers['plan.accept']({});
  await handlers['binding.open-file']({});
  const shown = () => {
    const { screen } = app.view();
    if (screen.kind !== 'binding' || screen.binding === null) throw new Error('nothing bound');
    return screen.binding;
  };
  const standings = () => shown().approvals.approvers.map(({ id, standing }) => `${id} ${standing}`);
  expect(standings()).toEqual(['heidi cannot-sign', 'ivan cannot-sign']);
  expect(shown().findings).toMatchObject([{ severity: 'error', rule: 'approvals-missing' }]);
  expect((await troubleFrom(handlers['ceremony.begin']({}))).happened).toMatch(/need 2 approvals/);
  app.chosen.push(heidi);
  expect(await handlers['binding.add-approval']({})).toBe(true);
  expect([standings(), shown().good]).toEqual([['heidi approved', 'ivan cannot-sign'], false]);
  writeFileSync(at('forged.dsse.json'), readFileSync(ivan, 'utf8').replace('"sig":"ME', '"sig":"MF'));
  app.chosen.push(at('forged.dsse.json'));
  expect((await troubleFrom(handlers['binding.add-approval']({}))).happened).toMatch(/signature of ivan does not hold/);
  expect(await handlers['binding.add-approval']({}), 'the dialog was cancelled').toBe(false);
  app.chosen.push(ivan);
  expect(await handlers['binding.add-approval']({})).toBe(true);
  expect([standings(), shown().findings, shown().good]).toEqual([['heidi approved', 'ivan approved'], [], true]);
  // Nobody is played, and nobody could sign: the first step comes all the same.
  await handlers['ceremony.begin']({});
  await app.untilTask('begin', 'preflight');
  expect(readFileSync(join(app.run.folder, 'approvals', 'ivan.dsse.json'))).toEqual(readFileSync(ivan));
  await app.controller.close();
});
