/** After a PIN change whose answer is missing: what people decide to try, what the flags say, and what is put on record. */
import { describe, expect, it } from 'vitest';
import type { Ceremony } from '../../ceremony/engine/ceremony';
import { changePins, unlockPins } from '../../ceremony/engine/steps/pins';
import type { StepOf } from '../../ceremony/plan/schema';

interface Line {
  readonly type: string;
  readonly body: {
    readonly verdict?: string;
    readonly observed?: { readonly note?: string };
    readonly statement?: string;
  };
}

interface Told {
  /** Flags at each look at the token, the last one from then on. */
  readonly flags?: readonly (readonly string[])[];
  /** Which PIN opens the token. */
  readonly opens: 'old' | 'new' | 'neither';
  /** Which of the two the people let be tried. */
  readonly agreed: readonly ('old' | 'new')[];
  readonly wasLocked?: boolean;
}

const about = { id: 'change', title: 'change' };
const CHANGE: StepOf<'unit.pin.change'> = { ...about, action: 'unit.pin.change', units: ['unit-a'], for: 'user' };
const UNLOCK: StepOf<'unit.pin.unlock'> = { ...about, action: 'unit.pin.unlock', units: ['unit-a'] };

/** A ceremony in which the act was announced, and a crash came before its answer. */
async function settle(step: typeof CHANGE | typeof UNLOCK, told: Told) {
  const lines: Line[] = [];
  const tried: string[] = [];
  let looks = 0;
  const token = () => {
    const all = told.flags ?? [[]];
    const pinFlags = all[Math.min(looks, all.length - 1)] ?? [];
    looks += 1;
    return { label: 'KR-A', initialised: true, pinFlags };
  };
  const intent = { body: { parameters: { pin: 'user', locked: told.wasLocked ?? false } } };
  const ceremony = {
    plan: { units: [{ id: 'unit-a', name: 'Unit A' }], pins: [] },
    record: {
      act: () => ({ status: 'open', intent, result: {}, seq: 1 }),
      step: () => ({ attempts: 1 }),
      presentWith: () => [{ id: 'ada' }],
    },
    acting: () => ['ada'],
    peopleOf: () => [],
    append: (line: Line) => {
      lines.push(line);
      return Promise.resolve(line);
    },
    // Where it turns out not to be done, the act is tried again: that is not what is looked at here.
    stopIfAsked: () => {
      throw new Error('tried again');
    },
    ports: {
      devices: {
        glanceAtUnit: () => Promise.resolve({ token: token() }),
        tryPin: (_unit: string, _pin: string, change: { pin: 'old' | 'new' }) => {
          tried.push(change.pin);
          return Promise.resolve({ opens: told.opens === change.pin, token: token() });
        },
      },
      people: {
        tell: () => undefined,
        confirm: ({ statement, by }: { statement: string; by: readonly string[] }) => {
          const which = statement.includes('the new PIN') ? 'new' : 'old';
          return Promise.resolve(told.agreed.includes(which) ? by : []);
        },
      },
    },
  } as unknown as Ceremony;
  const run = step.action === 'unit.pin.change' ? changePins(ceremony, step) : unlockPins(ceremony, step);
  const ended = await run.then(
    () => 'done',
    (error: unknown) => (error instanceof Error ? error.message : 'another'),
  );
  const verdict = lines.find(({ type }) => type === 'step.reconciled')?.body;
  const said = lines.flatMap(({ body }) => body.statement ?? []);
  return { ended, tried, verdict: verdict?.verdict, note: verdict?.observed?.note ?? '', said };
}

describe('a PIN that may have been changed', () => {
  it('was changed where the new one opens the token; the old one is not tried', async () => {
    const { ended, tried, verdict, said } = await settle(CHANGE, { opens: 'new', agreed: ['new', 'old'] });
    expect({ ended, tried, verdict }).toEqual({ ended: 'done', tried: ['new'], verdict: 'applied' });
    expect(said).toEqual([expect.stringContaining('The token says: no try was wrong. Try the new PIN once, now.')]);
  });

  it('was not where the old one does, of which people decide separately, the flags before them', async () => {
    const flags = [[], [], ['user-count-low']];
    const { ended, tried, verdict, said } = await settle(CHANGE, { opens: 'old', agreed: ['new', 'old'], flags });
    expect({ ended, tried, verdict }).toEqual({ ended: 'tried again', tried: ['new', 'old'], verdict: 'not-applied' });
    expect(said[1]).toContain('The token says: user-count-low. Try the old PIN once, now.');
  });

  it.each([
    ['neither opens the token', { opens: 'neither', agreed: ['new', 'old'] }, ['new', 'old']],
    ['people try none', { opens: 'new', agreed: [] }, []],
    ['the PIN is locked', { opens: 'new', agreed: ['new', 'old'], flags: [['user-locked']] }, []],
    [
      'the try of the new one locked it',
      { opens: 'old', agreed: ['new', 'old'], flags: [[], ['user-locked']] },
      ['new'],
    ],
  ] as const)('is undetermined, and nothing further is done, where %s', async (_, told, which) => {
    const { ended, tried, verdict, note } = await settle(CHANGE, told);
    expect(tried).toEqual(which);
    expect(verdict).toBe('undetermined');
    expect(note).toContain('no reading tells which PIN a token has');
    expect(ended).toContain('does not show whether it was carried out');
  });
});

describe('a user PIN that may have been set anew', () => {
  it('was not where it was locked and is locked still: nobody is asked', async () => {
    const told = { opens: 'neither', agreed: ['new'], flags: [['user-locked']], wasLocked: true } as const;
    const { tried, verdict } = await settle(UNLOCK, told);
    expect({ tried, verdict }).toEqual({ tried: [], verdict: 'not-applied' });
  });

  it('was where the new one opens the token; it is set again where the token refuses it; else nobody can tell', async () => {
    const done = await settle(UNLOCK, { opens: 'new', agreed: ['new'], wasLocked: true });
    expect(done).toMatchObject({ ended: 'done', tried: ['new'], verdict: 'applied' });
    const refused = await settle(UNLOCK, { opens: 'neither', agreed: ['new'], wasLocked: true });
    expect(refused).toMatchObject({ ended: 'tried again', tried: ['new'], verdict: 'not-applied' });
    expect(refused.note).toContain('did not open the token; it is set again');
    const unclear = await settle(UNLOCK, { opens: 'new', agreed: [], wasLocked: true });
    expect(unclear).toMatchObject({ tried: [], verdict: 'undetermined' });
  });
});
