/** The roster that plan and binding make, and what a roster must be. */
import type { SigningKey } from '../command/dsse';
import type { Binding } from '../plan/binding-schema';
import { brokenDuties, plainName } from '../plan/duties';
import type { Plan, RoleCount } from '../plan/schema';
import type { RosterEntry } from '../transcript/line';
import { holdersOfSharedKeys, holdersOfTwoRoles } from '../transcript/quorum';
import { isProperKey } from '../transcript/roster-key';

/** Everybody bound to a position, in the binding's order, with the position's role; null when the plan lacks a position. */
export function rosterFrom(plan: Plan, binding: Binding): RosterEntry[] | null {
  const roster: RosterEntry[] = [];
  for (const { id, name, position, key } of binding.people) {
    const role = plan.positions.find((one) => one.id === position)?.role;
    if (role === undefined) return null;
    roster.push({ id, name, roles: [role], key: { ...key } });
  }
  return roster;
}

/** Keys by participant id, as signatures are checked with them. */
export function keysOf(roster: readonly RosterEntry[]): ReadonlyMap<string, SigningKey> {
  return new Map(roster.map(({ id, key }) => [id, { algorithm: key.algorithm, spki: key.spki }]));
}

/** Who holds what the plan keeps apart, in words. */
// SECURITY(K-161): one person under two ids is no two people.
export function dutyFaults(plan: Plan, everybody: readonly RosterEntry[]): readonly string[] {
  return brokenDuties(plan, everybody, plainName).map(
    ({ people, held }) =>
      `${people.join(' and ')} have one name and hold ${held.join(' and ')}, which the plan keeps apart`,
  );
}

/** What is wrong with a roster, in words; empty when nothing is. */
export function rosterFaults(roster: readonly RosterEntry[], quorum: readonly RoleCount[]): readonly string[] {
  const ids = roster.map(({ id }) => id);
  return [
    ...ids.filter((id, place) => ids.indexOf(id) !== place).map((id) => `${id} stands on the roster twice`),
    ...holdersOfSharedKeys(roster).map((id) => `${id} has the same key as somebody else: one key is one person`),
    ...holdersOfTwoRoles(quorum, roster).map((id) => `${id} holds two roles that the quorum names`),
    ...roster
      .filter(({ key }) => !isProperKey(key))
      .map(({ id, key }) => `the key of ${id} is not a plain ${key.algorithm} key`),
  ];
}
