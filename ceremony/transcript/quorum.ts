/** Quorum rules, counted by person and role (DESIGN.md section 8). */
import type { RoleCount } from '../plan/schema';
import type { RosterEntry } from './line';

/** A rule of a quorum that is not met: how many of the role signed. */
export interface QuorumShortfall {
  readonly role: RoleCount['role'];
  readonly needed: number;
  readonly signed: number;
}

/** The rules of `quorum` that `signers` (participant ids; each counts once) do not meet; empty when all are met. */
export function quorumShortfalls(
  quorum: readonly RoleCount[],
  signers: readonly string[],
  roster: readonly RosterEntry[],
): readonly QuorumShortfall[] {
  const distinct = new Set(signers);
  return quorum
    .map(({ role, count }) => ({
      role,
      needed: count,
      signed: roster.filter((person) => distinct.has(person.id) && person.roles.includes(role)).length,
    }))
    .filter(({ needed, signed }) => signed < needed);
}

/** Ids of people who hold two roles that `quorum` names: nobody may, or one signature would count twice. */
export function holdersOfTwoRoles(quorum: readonly RoleCount[], roster: readonly RosterEntry[]): readonly string[] {
  const named = new Set(quorum.map((rule) => rule.role));
  return roster
    .filter((person) => new Set(person.roles.filter((role) => named.has(role))).size > 1)
    .map(({ id }) => id);
}

/** Ids of people who share one public key with somebody before them on the roster: one key is one person. */
export function holdersOfSharedKeys(roster: readonly RosterEntry[]): readonly string[] {
  return roster
    .filter((person, place) => roster.findIndex((other) => other.key.spki === person.key.spki) !== place)
    .map(({ id }) => id);
}
