/** Who plays in a rehearsal: names that the caller gives become ids that plans, bindings and token labels can hold. */
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { Position } from '../../ceremony/plan/schema';
import { Id } from '../../ceremony/text-forms';
import { castFor } from '../../workstation/rehearsal/cast';

const positions = (count: number): Position[] => [{ id: 'custodian', role: 'custodian', count } as Position];

describe('the cast', () => {
  it('is the same made-up people each time, each with an id of their own, also when there are more than names', () => {
    const cast = castFor(positions(20), []);
    expect(cast.slice(0, 2).map(({ id, name }) => [id, name])).toEqual([
      ['alice', 'Alice Adler'],
      ['bob', 'Bob Brandt'],
    ]);
    expect(cast.slice(16).map(({ id, name }) => [id, name])).toEqual([
      ['person-17', 'Person 17'],
      ['person-18', 'Person 18'],
      ['person-19', 'Person 19'],
      ['person-20', 'Person 20'],
    ]);
    expect(new Set(cast.map(({ id }) => id)).size).toBe(20);
  });

  it('takes given names first, and fills up with made-up people', () => {
    const cast = castFor(positions(4), [], ['Zoë Ångström', 'Alice Quinn']);
    expect(cast.map(({ id }) => id)).toEqual(['zoe', 'alice', 'bob', 'carol']);
  });

  it('makes distinct ids that fit into the label of a card, whatever the names', () => {
    const names = [
      '李雷',
      '李雷',
      'Ann Lee',
      'Ann Lee',
      'Ann Lee',
      `${'x'.repeat(150)} y`,
      `${'x'.repeat(150)} z`,
      '-- a',
    ];
    const ids = castFor(positions(names.length), [], names).map(({ id }) => id);
    expect(new Set(ids).size).toBe(names.length);
    for (const id of ids) {
      expect(v.is(Id, id), id).toBe(true);
      expect(`card-${id}`.length).toBeLessThanOrEqual(32);
    }
  });

  it('keeps the people of the ceremony before in their positions', () => {
    const before = castFor(positions(2), []);
    expect(castFor(positions(3), before, ['Quentin Ruiz'])).toEqual([
      ...before,
      { id: 'quentin', name: 'Quentin Ruiz', position: 'custodian' },
    ]);
  });
});
