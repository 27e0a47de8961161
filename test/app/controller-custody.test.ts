/** What the app shows of things under seal: numbers are asked for, never shown beforehand, and compared. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { keyrite, scratch, tool, transcript } from '../ceremony/program';
import { ControlledApp, removeRooms } from './controlled-app';
import { writeSmallPlan } from './small-plan';

const place = scratch();
const plan = join(place.folder, 'custody.ceremony.yaml');
beforeAll(() => {
  writeSmallPlan(plan);
  const small = parse(readFileSync(plan, 'utf8')) as { materials: object[]; steps: { id: string; phase?: string }[] };
  const at = small.steps.findIndex(({ id }) => id === 'seals');
  const step = (id: string, rest: object): { id: string } => ({
    ...{
      id,
      title: `The envelope: ${id}`,
      action: 'custody',
      objects: ['pin-envelope'],
      by: ['administrators', 'witness'],
    },
    ...rest,
    ...(small.steps[at]?.phase === undefined ? {} : { phase: small.steps[at].phase }),
  });
  small.materials.push({ id: 'pin-envelope', kind: 'form', name: 'Envelope of the PIN', ledger: 'new' });
  small.steps.splice(
    at,
    0,
    step('envelope-sealed', { act: 'closed', place: 'Safe 1' }),
    step('envelope-opened', { act: 'opened' }),
    step('envelope-gone', { act: 'destroyed' }),
  );
  writeFileSync(plan, stringify(small));
});
afterAll(() => {
  removeRooms();
  place.leave();
});

it('asks both who sign for the number, and compares it with the one on record', { timeout: 240_000 }, async () => {
  const app = new ControlledApp(join(place.folder, 'watched'));
  const { handlers } = app.controller;
  app.chosen.push(plan);
  await handlers['plan.open-file']({});
  await app.begin({ who: 'others', me: ['alice', 'frank'] });
  const numbers = ['A-4711', 'A-4712', 'A-4711'];
  const asked: string[] = [];
  const run = await app.carryOn(async (task) => {
    if (task.kind === 'confirm') await handlers['run.confirm']({ question: task.question, by: task.by });
    else if (task.kind === 'decide') {
      asked.push(task.happened);
      expect(task.options).toEqual(['again', 'exception', 'stop']);
      await handlers['run.decide']({ question: task.question, decision: 'again' });
    } else if (task.kind === 'ask' && task.text.startsWith('The number of the seal')) {
      asked.push(task.text);
      expect([...task.by].sort()).toEqual(['alice', 'frank']);
      await handlers['run.answer']({ question: task.question, text: numbers.shift() ?? '' });
    } else if (task.kind === 'ask') await handlers['run.answer']({ question: task.question, text: 'none' });
    else if (task.kind === 'clock') {
      const reading = { source: 'wrist watch', at: new Date().toISOString() };
      await handlers['run.read-clock']({ question: task.question, reading });
    } else throw new Error(`unexpected ${task.kind}`);
  });
  expect(run.task).toMatchObject({ outcome: 'closed', verdict: 'verified' });
  expect(asked).toEqual([
    'The number of the seal that was put on: Envelope of the PIN (pin-envelope)',
    'The number of the seal that is on: Envelope of the PIN (pin-envelope)',
    'Envelope of the PIN (pin-envelope) should be under the seal A-4711, and A-4712 was found',
    'The number of the seal that is on: Envelope of the PIN (pin-envelope)',
  ]);
  const decisions = transcript(run.folder).filter(({ body }) => body['fact'] === 'decision');
  expect(decisions.map(({ body }) => body['value'])).toMatchObject([{ option: 'again', happened: asked[2] }]);
  const entries = transcript(run.folder).filter(({ body }) => body['fact'] === 'custody');
  expect(entries.map(({ by, body }) => [by, body['value']])).toMatchObject([
    [['alice', 'frank'], { act: 'closed', seal: 'A-4711', place: 'Safe 1' }],
    [['alice', 'frank'], { act: 'opened', seal: 'A-4711', place: null }],
    [['alice', 'frank'], { act: 'destroyed', seal: null, place: null }],
  ]);
  const verdict = await keyrite(['verify', run.folder, '--json']);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [] });
  expect(tool('sh', [join(run.folder, 'verify.sh')]).toString()).toMatch(/^verdict: consistent /m);
  await app.controller.close();
});
