/** A key package that goes wrong in its middle: no root key outlives it, and no line says what was not observed. */
import { existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import { CeremonyStopped } from '../../ceremony/engine/ceremony';
import { readWrappingParameters, wrappingParametersFile } from '../../ceremony/keypackage/wrapping-parameters';
import { readPlan } from '../../ceremony/plan/read';
import { builtScripts } from '../../cli/node-children';
import { RehearsedPeople } from '../../cli/people-rehearsal';
import { startConnectedSide } from '../../cli/connected-service';
import { rehearsePlan } from '../../cli/rehearse-plan';
import { makeRoom, type Room } from '../../workstation/rehearsal/room';
import { ModuleDevices } from '../../hsm/devices';
import {
  CHECKOUT,
  childrenOf,
  FIRST_CEREMONY,
  keyrite,
  scratch,
  start,
  tool,
  transcript,
  type TranscriptLine,
} from './program';

let place = scratch();
const bundlePath = (): string => join(place.folder, 'bundle');
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  place.leave();
  place = scratch();
});

const inPackage = (): TranscriptLine[] => transcript(bundlePath()).filter(({ step }) => step === 'package');
const ofMake = (): TranscriptLine[] => inPackage().filter(({ body }) => body['act'] === 'make');
const failures = (): TranscriptLine[] => inPackage().filter(({ type }) => type === 'step.failed');

async function expectConsistent(): Promise<void> {
  const verdict = await keyrite(['verify', bundlePath(), '--json']);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [], exceptions: 0 });
  expect(tool('sh', [join(bundlePath(), 'verify.sh')]).toString()).toMatch(/^verdict: consistent/m);
  expect(existsSync(join(bundlePath(), 'packages', 'payments-root.keypackage.json'))).toBe(true);
}

/** By the inventory, a later step of the plan, which lists keys left in a session too. */
function expectNoRootKeyLeft(): void {
  const inventories = transcript(bundlePath()).filter(({ body }) => body['fact'] === 'inventory');
  expect(inventories.length).toBeGreaterThan(0);
  for (const { body } of inventories) {
    const { objects } = body['value'] as { objects: { label: string }[] };
    expect(objects.length).toBeGreaterThan(0);
    expect(objects.filter(({ label }) => label === 'payments-root')).toEqual([]);
  }
}

interface Told {
  readonly room: Room;
  readonly people?: RehearsedPeople;
  readonly parameters?: string | null;
}

/** Rehearses in this process, whose devices, folder and clock can be made to fail. */
async function rehearse({ room, people = new RehearsedPeople(() => undefined), parameters = null }: Told) {
  const connected = await startConnectedSide(join(place.folder, 'not-installed'), room.connected);
  const planText = readFileSync(FIRST_CEREMONY, 'utf8');
  const plan = readPlan(planText);
  const scripts = builtScripts(join(CHECKOUT, 'build'));
  await rehearsePlan({
    room,
    planText,
    plan,
    bundle: bundlePath(),
    connected,
    parameters,
    before: null,
    people,
    scripts,
  });
}

const newRoom = (): Room => makeRoom(join(place.folder, 'room'), 'softhsm2', []);

describe('a root key is destroyed, and what is written is true, when', () => {
  it('the share process is killed while it wraps again', async () => {
    const running = start(['rehearse', '--out', bundlePath(), '--keep', join(place.folder, 'room')]);
    const isIntended = (): boolean =>
      existsSync(join(bundlePath(), 'transcript.jsonl')) && ofMake().some(({ type }) => type === 'step.intent');
    let victims: number[] = [];
    while (victims.length === 0 && running.child.exitCode === null) {
      await sleep(2);
      if (isIntended()) victims = childrenOf(bundlePath(), 'share-process.cjs');
    }
    for (const pid of victims) process.kill(pid, 'SIGKILL');
    const { code, stderr } = await running.ended;
    expect(victims).toHaveLength(1);
    expect(code, stderr).toBe(0);

    expect(ofMake().map(({ type }) => type)).toEqual([
      'step.intent',
      'step.failed',
      'step.reconciled',
      'step.intent',
      'step.outcome',
    ]);
    const [, failed, reconciled, , outcome] = ofMake();
    expect(failed?.body['error']).toMatchObject({ code: 'TRANSPORT_LOST' });
    const changed = String(failed?.body['changed']);
    expect(changed).toBe(
      'A root key had been made in unit unit-a. It was destroyed, and the unit was searched and no longer has it. ' +
        'What was wrapped of it, if anything, is not kept, and no package was written.',
    );
    expect(reconciled?.body).toMatchObject({ verdict: 'not-applied', observed: { rootKeysLeft: 0 } });
    // It was read again: the unit proved its identity for it.
    expect(reconciled?.body['observed']).toHaveProperty('challenge.signature');
    expect(outcome?.body['result']).toMatchObject({ destroyed: true });
    expect(stderr).toContain(changed);
    expect(stderr).toContain('read again, it was not done (no key payments-root is in the unit)');
    expectNoRootKeyLeft();
    await expectConsistent();
  });

  it('destroying it fails: the session that holds it is ended', async () => {
    const trouble = {
      code: 'KEY_STILL_THERE',
      message: 'still shows it',
      changed: 'The key is still in the token.',
      next: 'End the step',
      uncertain: true,
    };
    vi.spyOn(ModuleDevices.prototype, 'destroyRootKey')
      .mockRejectedValueOnce(new DeviceError(trouble))
      .mockRejectedValueOnce(new DeviceError(trouble));
    await rehearse({ room: newRoom() });
    expect(failures().map(({ body }) => body['changed'])).toEqual([
      'A root key had been made in unit unit-a. Destroying it failed (still shows it). It was a session object, and ended ' +
        'with the process that held its session. What was wrapped of it, if anything, is not kept, and no package was written.',
    ]);
    expect(ofMake()[2]?.body).toMatchObject({ verdict: 'not-applied', observed: { rootKeysLeft: 0 } });
    expectNoRootKeyLeft();
    await expectConsistent();
  });
});

describe('a root key that the unit says it destroyed and did not', () => {
  beforeEach(() => {
    const lost = { code: 'WRONG_ANSWER', message: 'no', changed: 'Nothing.', next: 'Stop', uncertain: false };
    vi.spyOn(ModuleDevices.prototype, 'wrapRootKey').mockRejectedValue(new DeviceError(lost));
    vi.spyOn(ModuleDevices.prototype, 'destroyRootKey').mockResolvedValue(undefined);
  });

  it('is found by looking, and ends with the process of its session', async () => {
    await expect(rehearse({ room: newRoom() })).rejects.toThrow(CeremonyStopped);
    const note = 'no key payments-root is in the unit; one that was left in a session ended with its process';
    expect(ofMake().at(-1)).toMatchObject({
      type: 'step.reconciled',
      body: { verdict: 'not-applied', observed: { rootKeysLeft: 0, note } },
    });
  });

  it('is found by looking, and nothing further is done where it outlives that', async () => {
    vi.spyOn(ModuleDevices.prototype, 'endPhase').mockResolvedValue(undefined);
    await expect(rehearse({ room: newRoom() })).rejects.toThrow(CeremonyStopped);
    expect(ofMake().at(-1)).toMatchObject({
      type: 'step.reconciled',
      body: { verdict: 'undetermined', observed: { rootKeysLeft: 1, note: 'a key payments-root is in the unit' } },
    });
  });
});

describe('wrapping parameters that expire', () => {
  const HOUR = 3_600_000;

  /** A parameters file that is good at the faked time, an hour ago, and has expired by now. */
  async function shortLived(): Promise<{ room: Room; file: string; renew: () => void }> {
    const room = newRoom();
    const now = Date.now();
    const connected = await startConnectedSide(join(place.folder, 'not-installed'), room.connected);
    mkdirSync(join(place.folder, 'given'));
    const file = join(place.folder, 'given', 'parameters.json');
    await connected.collect('ibm-key-protect', { do: 'create', name: 'payments-root' }, file);
    const collected = readWrappingParameters(readFileSync(file));
    const expiring = (at: number): void => {
      writeFileSync(file, wrappingParametersFile({ ...collected, expires: new Date(at).toISOString() }));
    };
    expiring(now - HOUR / 2);
    vi.useFakeTimers({ toFake: ['Date'], now: now - HOUR });
    return {
      room,
      file,
      renew: () => {
        expiring(Date.now() + HOUR);
      },
    };
  }

  it('while people read the fingerprint back: no key is made; with new ones the ceremony goes on', async () => {
    const { room, file, renew } = await shortLived();
    class Slow extends RehearsedPeople {
      override confirm(question: { readonly step: string; readonly by: readonly string[] }) {
        if (question.step === 'package') vi.useRealTimers();
        return Promise.resolve(question.by);
      }
    }
    const makes = vi.spyOn(ModuleDevices.prototype, 'makeRootKey');
    await expect(rehearse({ room, parameters: file, people: new Slow(() => undefined) })).rejects.toThrow(/expired/);
    expect(makes).not.toHaveBeenCalled();
    expect(failures().length).toBeGreaterThan(0);
    for (const { body } of failures()) {
      expect(body['error']).toMatchObject({ code: 'PARAMETERS_EXPIRED' });
      expect(body['changed']).toBe('No key was made and nothing was wrapped.');
    }
    expect(ofMake()).toEqual([]);

    const still = await keyrite(['resume', bundlePath()]);
    expect(still.code).toBe(1);
    expect(still.stderr).toContain('No key was made and nothing was wrapped.');
    renew();
    const resumed = await keyrite(['resume', bundlePath()]);
    expect(resumed.code, resumed.stderr).toBe(0);
    await expectConsistent();
  });

  it('after the key was made and wrapped: its package is written all the same', async () => {
    const { room, file } = await shortLived();
    // Something lies where the packages go: the medium refuses them.
    const inTheWay = join(bundlePath(), 'packages');
    class Careless extends RehearsedPeople {
      override confirm(question: { readonly step: string; readonly by: readonly string[] }) {
        if (question.step === 'package') writeFileSync(inTheWay, '');
        return Promise.resolve(question.by);
      }
    }
    const careless = new Careless(() => undefined);
    await expect(rehearse({ room, parameters: file, people: careless })).rejects.toThrow();
    expect(ofMake().map(({ type }) => type)).toEqual(['step.intent', 'step.outcome']);
    vi.useRealTimers();
    unlinkSync(inTheWay);

    const resumed = await keyrite(['resume', bundlePath()]);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(ofMake()).toHaveLength(2);
    await expectConsistent();
  });
});
