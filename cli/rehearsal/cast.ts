/** Who plays in a rehearsal: made-up people for every position of a plan, the same again in a plan that continues it. */
import type { Position } from '../../ceremony/plan/schema';

/** A made-up person. */
export interface Player {
  readonly id: string;
  readonly name: string;
  readonly position: string;
}

const NAMES = [
  'Alice Adler',
  'Bob Brandt',
  'Carol Castro',
  'Dave Dumont',
  'Erin Evans',
  'Frank Fischer',
  'Grace Garcia',
  'Heidi Huang',
  'Ivan Ito',
  'Judy Jansen',
  'Karl Kovacs',
  'Lena Laurent',
  'Mallory Meyer',
  'Niaj Novak',
  'Olivia Okafor',
  'Peggy Petrov',
];

/** People for positions, in the plan's order. Positions filled before keep their people. */
export function castFor(positions: readonly Position[], before: readonly Player[]): Player[] {
  const cast: Player[] = [];
  const taken = new Set(before.map((one) => one.id));
  for (const { id, count } of positions) {
    const known = before.filter((one) => one.position === id).slice(0, count);
    cast.push(...known);
    for (let missing = count - known.length; missing > 0; missing -= 1)
      cast.push({ ...freshName(taken), position: id });
  }
  return cast;
}

function freshName(taken: Set<string>): { readonly id: string; readonly name: string } {
  const name = NAMES.find((one) => !taken.has(idOf(one))) ?? `Person ${String(taken.size + 1)}`;
  taken.add(idOf(name));
  return { id: idOf(name), name };
}

function idOf(name: string): string {
  const [first = '', second = ''] = name.toLowerCase().split(' ');
  return first === 'person' ? `person-${second}` : first;
}
