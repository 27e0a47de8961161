/** What people say at the main window on its way to the record: what cannot stand there, and who could sign it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { RequestFailed } from '../../ipc/define';
import type { Playing } from '../../ipc/view';
import { readPlayerFile, writePlayerFile } from '../../workstation/rehearsal/player-file';
import { scratch } from '../ceremony/program';
import { writeUnitPlan } from '../ceremony/small-plans';
import { ControlledApp, countEmptiedSeats, removeRooms } from './controlled-app';
import { writeSmallPlan } from './small-plan';

const ADMINISTRATORS = { role: 'crypto-administrator', count: 2 } as const;
const place = scratch();
const plan = join(place.folder, 'small.ceremony.yaml');
beforeAll(() => {
  writeSmallPlan(plan);
});
afterAll(() => {
  removeRooms();
  place.leave();
});

/** An app whose rehearsal of a plan has begun. */
async function begun(name: string, file: string, me: readonly string[]): Promise<ControlledApp> {
  const app = new ControlledApp(join(place.folder, name));
  const { handlers } = app.controller;
  app.chosen.push(file);
  await handlers['plan.open-file']({});
  await handlers['plan.accept']({});
  const playing: Playing = me.length === 0 ? { who: 'all' } : { who: 'others', me: [...me] };
  await handlers['binding.make-rehearsal']({ playing, names: {} });
  await handlers['ceremony.begin']({});
  return app;
}

const ended = (app: ControlledApp) =>
  app.until(({ screen }) => screen.kind === 'run' && screen.run.task.kind === 'ended');

async function refusal(request: () => unknown): Promise<string> {
  const thrown = await Promise.resolve()
    .then(request)
    .then(
      () => null,
      (error: unknown) => error,
    );
  expect(thrown).toBeInstanceOf(RequestFailed);
  return thrown instanceof RequestFailed ? thrown.trouble.happened : '';
}

it('a character that cannot stand in the record is named and not taken; the run and the question stay', async () => {
  const app = await begun('characters', plan, ['frank']);
  const { handlers } = app.controller;
  await handlers['run.begin-step']({ question: (await app.untilTask('begin', 'preflight')).question });
  await app.readClocks(1);
  const { question } = await app.untilTask('confirm');
  const before = countEmptiedSeats();
  await handlers['run.confirm']({ question, by: ['frank'] });
  expect(countEmptiedSeats(), 'whoever comes to a secret window now is called to it').toBeGreaterThan(before);
  for (const step of ['roll-call', 'initialise', 'imprint', 'seals'] as const) {
    await handlers['run.begin-step']({ question: (await app.untilTask('begin', step)).question });
  }
  const asked = await app.untilTask('ask');
  for (const [text, named] of [
    ['Seal 1234\u007f', 'U+007F'],
    ['Seal \ud800', 'U+D800'],
    ['Seal \u0000', 'U+0000'],
  ] as const) {
    expect(await refusal(() => handlers['run.answer']({ question: asked.question, text }))).toBe(
      `The answer holds ${named}, a character that cannot be put on record.`,
    );
    const said = { step: 'seals', kind: 'other', expected: 'x', happened: text, decided: 'y' } as const;
    expect(await refusal(() => handlers['run.raise-exception'](said))).toContain(`What happened holds ${named}`);
  }
  expect(app.task).toMatchObject({ kind: 'ask', question: asked.question });
  await handlers['run.answer']({ question: asked.question, text: 'Seals 4711 and 4712\n\tboth whole — 封' });
  await app.untilTask('begin', 'checkpoint');
  await app.controller.close();
});

it('an exception that nobody could ever sign is not taken', async () => {
  const file = join(place.folder, 'unwitnessed.ceremony.yaml');
  writeUnitPlan(file);
  const text = stringify(parse(readFileSync(file, 'utf8')));
  const unwitnessed = parse(text.replace(/role: (?:witness|auditor)/g, 'role: security-officer')) as {
    separationOfDuties: unknown[];
    signOff: { quorum: unknown };
    steps: { signers?: unknown }[];
  };
  unwitnessed.separationOfDuties = [];
  unwitnessed.signOff.quorum = [{ ...ADMINISTRATORS }];
  for (const step of unwitnessed.steps) if (step.signers !== undefined) step.signers = [{ ...ADMINISTRATORS }];
  writeFileSync(file, stringify(unwitnessed));
  const app = await begun('unwitnessed', file, []);
  const { handlers } = app.controller;
  for (const step of ['preflight', 'roll-call'] as const) {
    await handlers['run.begin-step']({ question: (await app.untilTask('begin', step)).question });
  }
  await app.untilTask('begin', 'initialise');
  const said = { step: 'imprint', kind: 'other', expected: 'a', happened: 'b', decided: 'c' } as const;
  expect(await refusal(() => handlers['run.raise-exception'](said))).toMatch(/^Nobody in this ceremony can sign/);
  expect(app.run.exceptions.waiting).toEqual([]);
  await app.controller.close();
});

it('taken up between the closing line and the seal, a ceremony is closing, and nothing more is raised', async () => {
  const app = await begun('closing', plan, []);
  const { handlers } = app.controller;
  for (const step of ['preflight', 'roll-call', 'initialise', 'imprint', 'seals', 'checkpoint'] as const) {
    await handlers['run.begin-step']({ question: (await app.untilTask('begin', step)).question });
  }
  await app.untilTask('begin', 'export');
  await handlers['run.stop']({});
  await ended(app);
  const { ceremony } = app.run;
  const file = app.started.at(-1)?.playerFile ?? '';
  const refuses = { match: { role: 'card', of: 'frank' }, do: 'refuse', times: 2, milliseconds: 0 } as const;
  writePlayerFile(file, { ...readPlayerFile(file), faults: [refuses] });
  await handlers['home.show']({});
  await handlers['ceremony.resume']({ ceremony, playing: { who: 'all' } });
  await handlers['run.begin-step']({ question: (await app.untilTask('begin', 'export')).question });
  // The closing line stands; Frank’s signature under it does not.
  await handlers['run.decide']({ question: (await app.untilTask('decide')).question, decision: 'stop' });
  await ended(app);
  await handlers['home.show']({});
  await handlers['ceremony.resume']({ ceremony, playing: { who: 'all' } });
  const again = await app.untilTask('decide');
  expect(app.run.stage).toBe('Closing');
  const said = { step: 'export', kind: 'other', expected: 'a', happened: 'b', decided: 'c' } as const;
  expect(await refusal(() => handlers['run.raise-exception'](said))).toMatch(/^The record is being closed/);
  expect(app.run.exceptions.waiting).toEqual([]);
  await handlers['run.decide']({ question: again.question, decision: 'again' });
  const { task } = await app.carryOn();
  expect(task).toMatchObject({ kind: 'ended', outcome: 'closed', verdict: 'verified' });
  await app.controller.close();
});
