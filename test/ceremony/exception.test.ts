/** People who disagree: what they refuse is recorded, and going on without it takes two signatures. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CeremonyStopped } from '../../ceremony/engine/ceremony';
import type { Decision, People } from '../../ceremony/engine/ports';
import { readPlan } from '../../ceremony/plan/read';
import { builtScripts } from '../../cli/node-children';
import { RehearsedPeople } from '../../cli/people-rehearsal';
import { startConnectedSide } from '../../cli/connected-service';
import { rehearsePlan } from '../../cli/rehearse-plan';
import { makeRoom } from '../../workstation/rehearsal/room';
import { CHECKOUT, FIRST_CEREMONY, keyrite, scratch, tool, transcript } from './program';

const place = scratch();
afterAll(place.leave);

/** Confirms everything but one step's statement, and decides as told. */
class Dissenters extends RehearsedPeople implements People {
  readonly offered: (readonly Decision[])[] = [];
  private readonly step: string;
  private readonly decision: Decision;

  constructor(step: string, decision: Decision) {
    super(() => undefined);
    this.step = step;
    this.decision = decision;
  }

  override confirm(question: { readonly step: string; readonly by: readonly string[] }): Promise<readonly string[]> {
    return Promise.resolve(question.step === this.step ? question.by.slice(1) : question.by);
  }

  override decide(question: { readonly options: readonly Decision[] }): Promise<Decision> {
    this.offered.push(question.options);
    return Promise.resolve(this.decision);
  }
}

async function rehearse(name: string, people: People): Promise<string> {
  const room = makeRoom(join(place.folder, `${name}-room`), 'softhsm2', []);
  // No service: the stand-in's throw-away key will do here.
  const connected = await startConnectedSide(join(place.folder, 'not-installed'), room.connected);
  const planText = readFileSync(FIRST_CEREMONY, 'utf8');
  const bundle = join(place.folder, name);
  await rehearsePlan({
    room,
    planText,
    plan: readPlan(planText),
    bundle,
    connected,
    parameters: null,
    before: null,
    people,
    scripts: builtScripts(join(CHECKOUT, 'build')),
  });
  return bundle;
}

describe('a participant who does not confirm', () => {
  it('a statement can be left out under an exception that an operator and a witness sign', async () => {
    const people = new Dissenters('sign-off', 'exception');
    const bundle = await rehearse('waived', people);
    expect(people.offered).toEqual([['again', 'exception', 'stop']]);
    const lines = transcript(bundle).filter(({ step }) => step === 'sign-off');
    expect(lines.map(({ type }) => type)).toEqual(['step.started', 'step.failed', 'exception.recorded']);
    expect(lines[1]?.body['error']).toMatchObject({ code: 'NOT_CONFIRMED' });
    expect(lines[2]).toMatchObject({ by: ['alice', 'frank'], body: { kind: 'step-skipped' } });
    const verdict = await keyrite(['verify', bundle, '--json']);
    expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [], exceptions: 1 });
    expect(tool('sh', [join(bundle, 'verify.sh')]).toString()).toMatch(/^exceptions: 1$/m);
  });

  it('initialising is never waived: nothing is touched, and the ceremony stops', async () => {
    const people = new Dissenters('initialise', 'stop');
    await expect(rehearse('stopped', people)).rejects.toThrow(CeremonyStopped);
    expect(people.offered).toEqual([['again', 'stop']]);
    const bundle = join(place.folder, 'stopped');
    expect(transcript(bundle).some(({ type }) => type === 'step.intent')).toBe(false);
    const last = transcript(bundle).at(-1);
    expect(last).toMatchObject({ type: 'fact.recorded', step: 'initialise', by: ['alice', 'bob'] });
    expect(last?.body).toMatchObject({ fact: 'decision', value: { step: 'initialise', option: 'stop' } });
    const verdict = await keyrite(['verify', bundle, '--json']);
    expect(verdict.code).toBe(1);
    expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'incomplete' });
    const resumed = await keyrite(['resume', bundle]);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(JSON.parse((await keyrite(['verify', bundle, '--json'])).stdout)).toMatchObject({ verdict: 'consistent' });
  });
});
