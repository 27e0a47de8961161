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

/** Longest id made from a name, in characters: with `card-` before it and a number behind, it is a token's label of 32. */
const ID_LENGTH = 20;

/**
 * People for positions, in the plan's order. Positions filled before keep their people; whoever has no seat there any more
 * takes one in a new position of the same role.
 *
 * @param names for the people who are new, in the same order; made-up people fill what is left
 */
export function castFor(
  positions: readonly Position[],
  before: readonly Player[],
  names: readonly string[] = [],
): Player[] {
  const cast: Player[] = [];
  const taken = new Set(before.map((one) => one.id));
  const given = [...names];
  const spare = positions.flatMap(({ id, role, count }) =>
    before
      .filter((one) => one.position === id)
      .slice(count)
      .map((person) => ({ person, role })),
  );
  for (const { id, role, count } of positions) {
    const seated = before.filter((one) => one.position === id).slice(0, count);
    const moved = spare.filter((one) => one.role === role).slice(0, count - seated.length);
    for (const one of moved) spare.splice(spare.indexOf(one), 1);
    const known = [...seated, ...moved.map(({ person }) => ({ ...person, position: id }))];
    cast.push(...known);
    for (let missing = count - known.length; missing > 0; missing -= 1) {
      const name = given.shift();
      cast.push({ ...(name === undefined ? madeUp(taken) : named(name, taken)), position: id });
    }
  }
  return cast;
}

type Named = Omit<Player, 'position'>;

function madeUp(taken: Set<string>): Named {
  const name = NAMES.find((one) => !taken.has(firstWord(one)));
  return named(name ?? `Person ${String(taken.size + 1)}`, taken);
}

/** The first name alone where nobody has it as an id, such as `alice`; else the whole name, else with a number. */
function named(name: string, taken: Set<string>): Named {
  const whole = asId(name);
  const numbered = Array.from({ length: taken.size + 1 }, (_, index) => `${whole}-${String(index + 2)}`);
  const isNumbered = /^person [0-9]+$/i.test(name);
  const candidates = [...(isNumbered ? [] : [firstWord(name)]), whole, ...numbered];
  const id = candidates.find((one) => !taken.has(one));
  if (id === undefined) throw new Error('cast: no id left');
  taken.add(id);
  return { id, name };
}

function firstWord(name: string): string {
  return asId(name.split(/\s+/)[0] ?? '');
}

/** Letters without their accents, and digits; `person` for a name in a script that has none of them. */
function asId(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const id = plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, ID_LENGTH)
    .replace(/^-+|-+$/g, '');
  return id === '' ? 'person' : id;
}
