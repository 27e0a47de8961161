/** What signed commands do to the state of a unit, by the rules alone: whoever signs whatever in whatever order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyCommand, CommandRefused, imprintState, nextCommand } from '../../ceremony/command/apply';
import type { SigningKey } from '../../ceremony/command/dsse';
import type { CommandPayload, UnitState } from '../../ceremony/command/unit-state';
import { signed, signer, type Signer } from './people';

const CEREMONY = { mode: 'rehearsal', id: 'rules-1' } as const;
const PEOPLE = ['anna', 'bert', 'cora', 'dirk', 'emma'].map(signer);
const CUSTODIANS: ReadonlyMap<string, SigningKey> = new Map([['emma', PEOPLE[4]!.key]]);
const PATTERN = 'ab'.repeat(32);

const entry = ({ id, key }: Signer) => ({ id, ...key });

/** The state after a command that these people sign. */
function after(state: UnitState, payload: CommandPayload, signers: readonly Signer[]): UnitState {
  return applyCommand(state, signed(nextCommand(state, CEREMONY, payload), ...signers), CUSTODIANS);
}

/** A unit in operation with the first so many people as administrators. */
function operational(count: number, signatureThreshold: number, revocationThreshold: number): UnitState {
  const people = PEOPLE.slice(0, count);
  let state = imprintState('1'.repeat(64), '0001');
  for (const one of people) state = after(state, { command: 'administrator.add', administrator: entry(one) }, [one]);
  const { administrators } = state;
  return after(state, { command: 'thresholds.set', signatureThreshold, revocationThreshold, administrators }, people);
}

const [anna, bert, cora, dirk, emma] = PEOPLE as [Signer, Signer, Signer, Signer, Signer];
const remove = (one: Signer): CommandPayload => ({ command: 'administrator.remove', administrator: entry(one) });
const load: CommandPayload = {
  command: 'master-key.load',
  set: 'cd'.repeat(16),
  index: 1,
  of: 1,
  commitment: '2'.repeat(64),
};
const clear: CommandPayload = { command: 'master-key.clear', pattern: PATTERN };

describe('administrators', () => {
  it('are removed by the revocation threshold, and count for nothing afterwards', () => {
    const three = operational(3, 2, 2);
    expect(() => after(three, remove(cora), [anna])).toThrow('the revocation threshold: 2 valid signatures needed, 1');
    const two = after(three, remove(cora), [anna, bert]);
    expect(two.administrators.map(({ id }) => id)).toEqual(['anna', 'bert']);
    const loaded = after(two, load, [emma]);
    expect(() => after(loaded, { command: 'master-key.commit', pattern: PATTERN }, [anna, cora])).toThrow(
      'the signature threshold: 2 valid signatures needed, 1 given',
    );
  });

  it('may give themselves up, and one signature given twice is one', () => {
    expect(after(operational(3, 1, 1), remove(cora), [cora]).administrators).toHaveLength(2);
    expect(() => after(operational(3, 2, 2), remove(cora), [anna, anna])).toThrow('1 given');
  });

  it('are never fewer than a threshold asks', () => {
    expect(() => after(operational(2, 2, 1), remove(bert), [anna, bert])).toThrow(
      '1 administrators would be left for a threshold of 2',
    );
    expect(() => after(operational(2, 1, 2), remove(bert), [anna, bert])).toThrow('would be left');
    expect(() => after(operational(1, 1, 1), remove(anna), [anna])).toThrow('0 administrators would be left');
  });

  it('are those whom the command names, with that very key', () => {
    const state = operational(3, 2, 1);
    const other: CommandPayload = { command: 'administrator.remove', administrator: { id: 'cora', ...dirk.key } };
    expect(() => after(state, other, [anna])).toThrow('cora with this key is no administrator');
    expect(() => after(state, remove(dirk), [anna])).toThrow('dirk with this key is no administrator');
  });

  it('are not removed in imprint mode', () => {
    const state = after(
      imprintState('1'.repeat(64), '0001'),
      { command: 'administrator.add', administrator: entry(anna) },
      [anna],
    );
    expect(() => after(state, remove(anna), [anna])).toThrow('imprint mode');
  });

  it('change thresholds by the old quorum and by the new one', () => {
    const state = operational(4, 3, 2);
    const set = (signatureThreshold: number): CommandPayload => ({
      command: 'thresholds.set',
      signatureThreshold,
      revocationThreshold: 2,
      administrators: state.administrators,
    });
    expect(() => after(state, set(2), [anna, bert])).toThrow('3 valid signatures needed, 2 given');
    expect(after(state, set(2), [anna, bert, cora]).signatureThreshold).toBe(2);
    expect(() => after(state, set(4), [anna, bert, cora])).toThrow('4 valid signatures needed, 3 given');
    expect(after(state, set(4), [anna, bert, cora, dirk]).signatureThreshold).toBe(4);
  });
});

describe('zeroising', () => {
  it('takes the signature threshold, and ends all commands', () => {
    const state = after(operational(3, 2, 2), load, [emma]);
    expect(() => after(state, { command: 'unit.zeroise' }, [anna])).toThrow('2 valid signatures needed, 1 given');
    const gone = after(state, { command: 'unit.zeroise' }, [anna, cora]);
    expect(gone).toMatchObject({
      mode: 'zeroised',
      administrators: [],
      signatureThreshold: 0,
      revocationThreshold: 0,
      registers: { new: 'empty', current: 'empty' },
    });
    const later: readonly CommandPayload[] = [
      { command: 'administrator.add', administrator: entry(dirk) },
      { command: 'thresholds.set', signatureThreshold: 1, revocationThreshold: 1, administrators: [] },
      load,
      { command: 'unit.zeroise' },
    ];
    for (const payload of later) {
      expect(() => after(gone, payload, PEOPLE)).toThrow('the unit was zeroised');
    }
  });

  it('is refused in imprint mode, where nobody commands the unit yet', () => {
    expect(() => after(imprintState('1'.repeat(64), '0001'), { command: 'unit.zeroise' }, [])).toThrow('imprint mode');
  });
});

describe('the new register', () => {
  it('is cleared by one until the commit, and by the threshold after it', () => {
    const loaded = after(operational(2, 2, 2), load, [emma]);
    expect(after(loaded, clear, [anna])).toMatchObject({
      loading: null,
      registers: { new: 'empty', current: 'empty' },
    });
    expect(() => after(loaded, clear, [emma])).toThrow('an administrator: 1 valid signatures needed, 0 given');
    const committed = after(loaded, { command: 'master-key.commit', pattern: PATTERN }, [anna, bert]);
    expect(() => after(committed, clear, [anna])).toThrow(
      'the signature threshold: 2 valid signatures needed, 1 given',
    );
    expect(after(committed, clear, [anna, bert]).registers.new).toBe('empty');
  });

  it('is cleared of shares that were loaded so far, and of nothing else', () => {
    const state = operational(1, 1, 1);
    const begun = after(state, { ...load, of: 3 }, [emma]);
    expect(() => after(begun, clear, [anna])).toThrow('the pattern of no key');
    expect(after(begun, { command: 'master-key.clear', pattern: null }, [anna]).loading).toBeNull();
    expect(() => after(state, clear, [anna])).toThrow('the new register is empty');
    expect(() => after(after(state, load, [emma]), { command: 'master-key.clear', pattern: null }, [anna])).toThrow(
      'names no pattern',
    );
  });

  it('leaves the current one as it is', () => {
    let state = after(operational(1, 1, 1), load, [emma]);
    state = after(state, { command: 'master-key.commit', pattern: PATTERN }, [anna]);
    state = after(state, { command: 'master-key.activate', pattern: PATTERN }, [anna]);
    state = after(after(state, load, [emma]), clear, [anna]);
    expect(state.registers).toEqual({ new: 'empty', current: 'valid' });
  });
});

describe('any commands in any order', () => {
  const someone = fc.integer({ min: 0, max: PEOPLE.length - 1 });
  const threshold = fc.integer({ min: 1, max: 5 });
  const attempt = fc.record({
    what: fc.constantFrom('add', 'remove', 'thresholds', 'load', 'commit', 'activate', 'clear'),
    whom: someone,
    thresholds: fc.tuple(threshold, threshold),
    signers: fc.uniqueArray(someone, { maxLength: 5 }),
  });

  it('leave a unit that somebody can command, and never let fewer act than they must be', () => {
    fc.assert(
      fc.property(fc.array(attempt, { minLength: 10, maxLength: 40 }), (attempts) => {
        let state = imprintState('1'.repeat(64), '0001');
        for (const { what, whom, thresholds, signers } of attempts) {
          const people = signers.map((place) => PEOPLE[place]!);
          const payload = payloadOf(what, state, PEOPLE[whom]!, thresholds);
          let next: UnitState;
          try {
            next = after(state, payload, people);
          } catch (error) {
            expect(error).toBeInstanceOf(CommandRefused);
            continue;
          }
          const ids = new Set(state.administrators.map(({ id }) => id));
          const votes = people.filter(({ id }) => ids.has(id)).length;
          expect(votes).toBeGreaterThanOrEqual(votesNeeded(what, state, next));
          if (next.mode === 'operational') {
            const highest = Math.max(next.signatureThreshold, next.revocationThreshold);
            expect(next.administrators.length).toBeGreaterThanOrEqual(highest);
            expect(Math.min(next.signatureThreshold, next.revocationThreshold)).toBeGreaterThanOrEqual(1);
          }
          expect(next.counter).toBe(state.counter + 1);
          // The same once more is another command's place.
          expect(() =>
            applyCommand(next, signed(nextCommand(state, CEREMONY, payload), ...people), CUSTODIANS),
          ).toThrow(CommandRefused);
          state = next;
        }
      }),
      { numRuns: process.env['KEYRITE_DEEP'] === '1' ? 400 : 40 },
    );
  });
});

function payloadOf(
  what: string,
  state: UnitState,
  whom: Signer,
  [signatureThreshold, revocationThreshold]: readonly [number, number],
): CommandPayload {
  const { administrators } = state;
  switch (what) {
    case 'add':
      return { command: 'administrator.add', administrator: entry(whom) };
    case 'remove':
      return remove(whom);
    case 'thresholds':
      return { command: 'thresholds.set', signatureThreshold, revocationThreshold, administrators };
    case 'load':
      return load;
    case 'commit':
      return { command: 'master-key.commit', pattern: PATTERN };
    case 'activate':
      return { command: 'master-key.activate', pattern: PATTERN };
    default:
      return { command: 'master-key.clear', pattern: state.registers.new === 'empty' ? null : PATTERN };
  }
}

/** The table of DESIGN.md section 6. */
function votesNeeded(what: string, before: UnitState, after: UnitState): number {
  switch (what) {
    case 'add':
      return before.mode === 'operational' ? before.signatureThreshold : 0;
    case 'remove':
      return before.revocationThreshold;
    case 'thresholds':
      return Math.max(before.signatureThreshold, after.signatureThreshold);
    case 'commit':
      return before.signatureThreshold;
    case 'activate':
      return 1;
    case 'clear':
      return before.registers.new === 'full-committed' ? before.signatureThreshold : 1;
    default:
      return 0;
  }
}
