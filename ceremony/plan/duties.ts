/** Duties that a plan keeps apart: nobody holds two of them, under whatever id. Roles of the final quorum are kept apart always. */
import type { Plan, Role } from './schema';

/** Somebody with duties, as binding or roster names them. */
export interface DutyHolder {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
}

/** People of one name, and what they hold of the roles that are kept apart. */
export interface BrokenDuties {
  /** The ids, in the order given. */
  readonly people: readonly string[];
  readonly held: readonly Role[];
  readonly why: string;
}

/** One person's name in two writings: compatible characters, upper and lower case, and white space do not differ. */
export function sameName(name: string): string {
  return name.normalize('NFKC').toLowerCase().replaceAll(/\s+/gu, ' ').trim();
}

/** As a stock tool can compare names: only `A` to `Z` and runs of spaces do not differ. Evidence is held to this one. */
export function plainName(name: string): string {
  const lower = name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return lower.replaceAll(/ +/g, ' ').replaceAll(/^ | $/g, '');
}

/** People of one name who hold duties that the plan keeps apart. */
export function brokenDuties(
  plan: Plan,
  people: readonly DutyHolder[],
  nameOf: (name: string) => string,
): readonly BrokenDuties[] {
  const groups: { readonly roles: readonly Role[]; readonly why: string }[] = [
    ...plan.separationOfDuties.map(({ apart, why }) => ({ roles: apart, why })),
    { roles: plan.signOff.quorum.map((one) => one.role), why: 'Nobody counts twice in the final quorum.' },
  ];
  const byName = new Map<string, DutyHolder[]>();
  for (const one of people) byName.set(nameOf(one.name), [...(byName.get(nameOf(one.name)) ?? []), one]);
  return [...byName.values()].flatMap((one) => {
    if (one.length < 2) return [];
    const roles = new Set(one.flatMap((holder) => holder.roles));
    const broken = groups
      .map(({ roles: apart, why }) => ({ held: [...new Set(apart)].filter((role) => roles.has(role)), why }))
      .find(({ held }) => held.length > 1);
    return broken === undefined ? [] : [{ people: one.map(({ id }) => id), ...broken }];
  });
}
