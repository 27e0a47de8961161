/**
 * A login held for a phase, on a real token: the people who hold the PIN are asked once for all its steps, and in each step
 * of a phase that holds none. Counted by the player, who counts down how often it is to wait before it answers.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { afterAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { PlayerFault, PlayerMemory } from '../../workstation/rehearsal/player-file';
import { keyrite, scratch, start, transcript } from './program';
import { writeUnitPlan } from './small-plans';

const place = scratch();
afterAll(place.leave);
const [OUT, ROOM] = [join(place.folder, 'bundle'), join(place.folder, 'room')];

/** Most times that the player is asked in this test. */
const MANY = 1000;

interface Plan {
  phases: { id: string; title: string; holdLogin: boolean }[];
  steps: { id: string; phase?: string; title?: string; action?: string; units?: string[] }[];
}

/** After the unit is made: three steps in a phase that holds the login, two in one that does not. */
function writePlan(): string {
  const file = writeUnitPlan(join(place.folder, 'held.ceremony.yaml'));
  const plan = parse(readFileSync(file, 'utf8')) as Plan;
  plan.phases = [
    { id: 'making', title: 'Making', holdLogin: false },
    { id: 'held', title: 'Held', holdLogin: true },
    { id: 'each', title: 'Each', holdLogin: false },
  ];
  const thresholds = (id: string, phase: string) => ({
    id,
    phase,
    title: id,
    action: 'unit.thresholds',
    units: ['unit-a'],
    signatureThreshold: 2,
    revocationThreshold: 2,
  });
  plan.steps = plan.steps.flatMap((step) => {
    if (step.id === 'imprint')
      return [
        { ...step, phase: 'held' },
        thresholds('first', 'held'),
        thresholds('second', 'held'),
        thresholds('third', 'each'),
        thresholds('fourth', 'each'),
      ];
    return [{ ...step, phase: ['checkpoint', 'export'].includes(step.id) ? 'each' : 'making' }];
  });
  writeFileSync(file, stringify(plan));
  return file;
}

it('is asked for once where the phase holds it, and in each step where it does not', async () => {
  const running = start(['rehearse', writePlan(), '--out', OUT, '--keep', ROOM]);
  const isMade = (): boolean => {
    try {
      return transcript(OUT).some(({ type, step }) => type === 'step.started' && step === 'imprint');
    } catch {
      return false;
    }
  };
  while (running.child.exitCode === null && !isMade()) await sleep(1);
  running.child.kill('SIGKILL');
  await running.ended;

  const file = join(ROOM, 'player.json');
  const memory = v.parse(PlayerMemory, JSON.parse(readFileSync(file, 'utf8')));
  const match = { kind: 'pin', of: 'unit-a', role: 'user', part: 1 };
  const counting = v.parse(PlayerFault, { match, do: 'delay', times: MANY, milliseconds: 0 });
  writeFileSync(file, JSON.stringify({ ...memory, faults: [counting] }));

  const resumed = await keyrite(['resume', OUT]);
  expect(resumed.code, resumed.stderr).toBe(0);
  const [left] = v.parse(PlayerMemory, JSON.parse(readFileSync(file, 'utf8'))).faults;
  const set = transcript(OUT).filter(
    ({ type, body }) => type === 'step.outcome' && body['act'] === 'unit-a/thresholds',
  );
  expect(set).toHaveLength(5);
  // Once for imprint, first and second together; once each for third and fourth.
  expect(MANY - (left?.times ?? 0)).toBe(3);
});
