/** Several units worked on: what runs at once, what waits, and what becomes of the others when one fails. */
import { describe, expect, it } from 'vitest';
import { CeremonyStopped, type Ceremony } from '../../ceremony/engine/ceremony';
import { onEachUnit } from '../../ceremony/engine/units-at-work';
import { DeviceError } from '../../ceremony/command/device-error';
import { Turns } from '../../ceremony/engine/turns';

const MODULES: Readonly<Record<string, string>> = { a1: 'a', a2: 'a', b1: 'b', c1: 'c' };
const UNITS = Object.keys(MODULES);

const wrong = (unit: string): DeviceError =>
  new DeviceError({
    code: `WRONG_${unit}`,
    message: `${unit} is wrong.`,
    changed: 'Nothing.',
    next: 'Look.',
    uncertain: false,
  });

/** What `onEachUnit` needs of a ceremony, and what was done with it. */
function stage(opens: (unit: string) => void = () => undefined) {
  const done: string[] = [];
  const said: string[] = [];
  const ceremony = {
    binding: { units: Object.entries(MODULES).map(([id, module]) => ({ id, module })) },
    atWork: new Map(),
    ports: {
      devices: {
        openUnit: (unit: string) => {
          done.push(`open ${unit}`);
          opens(unit);
          return Promise.resolve();
        },
      },
      people: { tell: ({ text }: { text: string }) => said.push(text) },
    },
  } as unknown as Ceremony;
  return { ceremony, done, said };
}

/** A door that everybody has to be at before anybody goes on. */
function meeting(count: number): () => Promise<void> {
  let there = 0;
  let open: () => void = () => undefined;
  const all = new Promise<void>((resolve) => (open = resolve));
  return () => {
    there += 1;
    if (there === count) open();
    return all;
  };
}

describe('several units', () => {
  it('are opened one after the other; then modules work at once, and units of one module in order', async () => {
    const { ceremony, done, said } = stage();
    const together = meeting(3);
    const results = await onEachUnit(ceremony, UNITS, 'Reading', async (unit) => {
      done.push(`begin ${unit}`);
      // Would never end if the modules did not work at the same time.
      if (unit !== 'a2') await together();
      done.push(`end ${unit}`);
      return unit.toUpperCase();
    });
    expect(results).toEqual(['A1', 'A2', 'B1', 'C1']);
    expect(done.slice(0, 4)).toEqual(UNITS.map((unit) => `open ${unit}`));
    expect(done.indexOf('begin a2')).toBeGreaterThan(done.indexOf('end a1'));
    expect(said.at(-1)).toBe('Reading: 4 of 4 units done');
    expect(said.join('\n')).toContain('at work: ');
    expect(ceremony.atWork.size).toBe(0);
  });

  it('are all tried when one fails: the failure names those that are left and those that are done', async () => {
    const { ceremony, done } = stage();
    const failing = onEachUnit(ceremony, UNITS, 'Loading', (unit) => {
      done.push(unit);
      return unit === 'a1' || unit === 'c1' ? Promise.reject(wrong(unit)) : Promise.resolve();
    });
    await expect(failing).rejects.toMatchObject({
      code: 'WRONG_a1',
      message: 'a1 is wrong.\nc1 is wrong.',
      changed: 'Nothing. On a2, b1 it is done, and is on record.',
      next: 'Look. Another attempt goes on with a1, c1; what is done is not done again.',
    });
    expect(done.filter((unit) => !unit.startsWith('open')).toSorted()).toEqual(UNITS);
  });

  it('that cannot be opened keep no other from its work', async () => {
    const { ceremony, done } = stage((unit) => {
      if (unit === 'a1') throw wrong(unit);
    });
    const failing = onEachUnit(ceremony, UNITS, 'Reading', (unit) => {
      done.push(unit);
      return Promise.resolve();
    });
    await expect(failing).rejects.toMatchObject({ code: 'WRONG_a1' });
    expect(done.filter((unit) => !unit.startsWith('open'))).toEqual(['a2', 'b1', 'c1']);
  });

  it('are not begun once people stop, and what is under way ends first', async () => {
    const { ceremony, done } = stage();
    const together = meeting(3);
    const stopping = onEachUnit(ceremony, UNITS, 'Loading', async (unit) => {
      await together();
      if (unit === 'b1') throw new CeremonyStopped('people stopped');
      await new Promise((resolve) => setTimeout(resolve, 5));
      done.push(unit);
    });
    await expect(stopping).rejects.toThrow('people stopped');
    expect(done.filter((unit) => !unit.startsWith('open')).toSorted()).toEqual(['a1', 'c1']);
  });

  it('one alone is opened by its work, and its failure is told as it is', async () => {
    const { ceremony, done } = stage();
    const error = wrong('a1');
    await expect(onEachUnit(ceremony, ['a1'], 'Reading', () => Promise.reject(error))).rejects.toBe(error);
    expect(done).toEqual([]);
  });
});

it('questions come one after the other, whatever becomes of those before', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const ask = (name: string, fails: boolean) =>
    turns.run(async () => {
      order.push(`${name} asked`);
      await new Promise((resolve) => setTimeout(resolve, 2));
      order.push(`${name} answered`);
      if (fails) throw new Error(name);
    });
  const first = ask('first', true);
  const second = ask('second', false);
  await expect(first).rejects.toThrow('first');
  await second;
  expect(order).toEqual(['first asked', 'first answered', 'second asked', 'second answered']);
});
