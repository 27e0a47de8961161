import { describe, expect, it } from 'vitest';
import { brokenDuties, plainName, sameName, type DutyHolder } from '../../ceremony/plan/duties';
import type { Plan } from '../../ceremony/plan/schema';

const PLAN = {
  separationOfDuties: [{ apart: ['custodian', 'auditor'], why: 'Nobody watches their own hands.' }],
  signOff: {
    quorum: [
      { role: 'crypto-administrator', count: 2 },
      { role: 'witness', count: 1 },
    ],
    wording: 'Seen.',
  },
} as unknown as Plan;

const holder = (id: string, name: string, role: DutyHolder['roles'][number]): DutyHolder => ({
  id,
  name,
  roles: [role],
});

describe('names', () => {
  it('of one person in two writings are the same', () => {
    expect(sameName(' ＡDA  Müller ')).toBe(sameName('ada MÜLLER'));
    expect(plainName(' ADA  Muller ')).toBe('ada muller');
    // What a stock tool cannot fold stays as it is.
    expect(plainName('MÜLLER')).not.toBe(plainName('müller'));
  });
});

describe('duties', () => {
  it('that are kept apart are not held by one name, under two ids', () => {
    const people = [holder('a', 'Ada', 'custodian'), holder('b', 'ADA', 'auditor'), holder('c', 'Carl', 'auditor')];
    expect(brokenDuties(PLAN, people, sameName)).toEqual([
      { people: ['a', 'b'], held: ['custodian', 'auditor'], why: 'Nobody watches their own hands.' },
    ]);
  });

  it('of the final quorum are kept apart without being named', () => {
    const people = [holder('a', 'Ada', 'crypto-administrator'), holder('b', 'Ada', 'witness')];
    expect(brokenDuties(PLAN, people, plainName)).toHaveLength(1);
  });

  it('that are not kept apart, or are held by two names, are nobody’s fault', () => {
    expect(brokenDuties(PLAN, [holder('a', 'Ada', 'custodian'), holder('b', 'Ada', 'witness')], sameName)).toEqual([]);
    expect(brokenDuties(PLAN, [holder('a', 'Ada', 'custodian'), holder('b', 'Bela', 'auditor')], sameName)).toEqual([]);
  });
});
