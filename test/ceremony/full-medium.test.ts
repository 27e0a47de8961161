/** The medium of the bundle fails between an act and its outcome: what was done is never written down as not done. */
import { expect, it } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import { act, type Act } from '../../ceremony/engine/act';
import { Ceremony } from '../../ceremony/engine/ceremony';
import type { BundleFolder, EnginePorts } from '../../ceremony/engine/ports';
import { CeremonyRecord } from '../../ceremony/engine/record';
import type { Binding } from '../../ceremony/plan/binding-schema';
import type { Plan } from '../../ceremony/plan/schema';
import { TranscriptWriter } from '../../ceremony/transcript/writer';

/** A medium with room for some lines and not for others: a long one may not fit where a short one still does. */
class Medium implements Pick<BundleFolder, 'exists' | 'append' | 'freeBytes'> {
  readonly lines: { type: string; body: Record<string, unknown> }[] = [];
  free = 1024 ** 3;
  full = (type: string): boolean => type === '';

  exists(): Promise<boolean> {
    return Promise.resolve(false);
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(this.free);
  }

  append(name: string, content: Uint8Array): Promise<void> {
    const line = JSON.parse(Buffer.from(content).toString()) as (typeof this.lines)[number];
    if (this.full(line.type)) {
      const message = `the medium is full: ${name} could not be written`;
      const said = { code: 'DISK_FULL', message, changed: 'Nothing', next: 'Free some space', uncertain: false };
      return Promise.reject(new DeviceError(said));
    }
    this.lines.push(line);
    return Promise.resolve();
  }
}

async function ceremonyOn(medium: Medium): Promise<Ceremony> {
  const clock = { now: () => '2026-11-23T12:00:00.000Z' };
  const folder = medium as unknown as BundleFolder;
  const writer = await TranscriptWriter.create(folder, clock, (length) => new Uint8Array(length));
  const people = { tell: () => undefined, decide: () => Promise.resolve('again') };
  const ports = { folder, clock, people } as unknown as EnginePorts;
  return new Ceremony({ plan: {} as Plan, binding: {} as Binding, ports, record: new CeremonyRecord(), writer });
}

it('an act whose outcome found no room is read again, found applied, and not done twice', async () => {
  const medium = new Medium();
  const ceremony = await ceremonyOn(medium);
  const begun = { attempt: 1, action: 'unit.initialise' } as const;
  await ceremony.append({ type: 'step.started', step: 'initialise', by: [], body: begun });
  let done = 0;
  const spec: Act = {
    step: 'initialise',
    key: 'unit-a/token',
    operation: 'C_InitToken',
    unit: 'unit-a',
    parameters: {},
    expected: {},
    perform: () => {
      done += 1;
      return Promise.resolve({ result: { done } });
    },
    observe: () => Promise.resolve({ verdict: done > 0 ? 'applied' : 'not-applied', observed: { done } }),
  };
  medium.full = (type) => type === 'step.outcome';
  await expect(act(ceremony, spec)).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(medium.lines.map(({ type }) => type)).toEqual(['step.started', 'step.intent']);
  medium.full = () => false;
  await expect(act(ceremony, spec)).resolves.toEqual({ done: 1 });
  expect(done).toBe(1);
  expect(medium.lines.map(({ type, body }) => [type, body['verdict']])).toEqual([
    ['step.started', undefined],
    ['step.intent', undefined],
    ['step.reconciled', 'applied'],
  ]);
});

it('an act for whose record there may be no room is not begun', async () => {
  const medium = new Medium();
  const ceremony = await ceremonyOn(medium);
  await ceremony.append({ type: 'step.started', step: 's', by: [], body: { attempt: 1, action: 'unit.initialise' } });
  medium.free = 6 * 1024 * 1024 - 1;
  let done = 0;
  const spec: Act = {
    step: 's',
    key: 'unit-a/token',
    operation: 'C_InitToken',
    unit: 'unit-a',
    parameters: {},
    expected: {},
    perform: () => {
      done += 1;
      return Promise.resolve({ result: {} });
    },
    observe: () => Promise.resolve({ verdict: 'not-applied', observed: {} }),
  };
  const refusal = { code: 'DISK_FULL', changed: 'No device was touched.', uncertain: false };
  await expect(act(ceremony, spec)).rejects.toMatchObject(refusal);
  expect([done, medium.lines.map(({ type }) => type)]).toEqual([0, ['step.started']]);
  medium.free = 6 * 1024 * 1024;
  await act(ceremony, spec);
  expect(done).toBe(1);
});
