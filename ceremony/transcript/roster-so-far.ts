/** The roster as it stands at a line: line 0 makes it, a later session or an enrolment adds to it; nobody on it changes. */
import type { SigningKey } from '../command/dsse';
import type { RosterEntry } from './line';

/** Most people on a roster, over all sessions. */
export const MOST_PEOPLE = 10_000;

/** See the head of this file. */
export class RosterSoFar {
  private readonly people: RosterEntry[];
  private readonly byId: Map<string, RosterEntry>;
  private readonly taken: Set<string>;
  private readonly byPerson: Map<string, SigningKey>;
  private readonly positions = new Map<string, string>();

  /** @param opening the roster of line 0 */
  constructor(opening: readonly RosterEntry[]) {
    this.people = [...opening];
    this.byId = new Map(opening.map((entry) => [entry.id, entry]));
    this.taken = new Set(opening.map(({ key }) => key.spki));
    this.byPerson = new Map(opening.map(({ id, key }) => [id, key]));
  }

  /** A participant's key; null when nobody of this id is on the roster. */
  keyOf(id: string): SigningKey | null {
    return this.byId.get(id)?.key ?? null;
  }

  /** A participant's roles; none when nobody of this id is on the roster. */
  rolesOf(id: string): RosterEntry['roles'] {
    return this.byId.get(id)?.roles ?? [];
  }

  /** A participant's position in the plan; null when nobody said it, or nobody of this id is on the roster. */
  positionOf(id: string): string | null {
    return this.positions.get(id) ?? null;
  }

  /** Everybody's key by their id, as signatures are checked with them; it grows with the roster. */
  keys(): ReadonlyMap<string, SigningKey> {
    return this.byPerson;
  }

  /** Everybody on the roster, in its order. */
  entries(): readonly RosterEntry[] {
    return this.people;
  }

  /** Says which position somebody takes. */
  seat(id: string, position: string): void {
    this.positions.set(id, position);
  }

  /**
   * Somebody joins. False, and nothing is changed, when their id is taken, somebody has their key, or the roster has as
   * many people as it can.
   */
  grow(entry: RosterEntry): boolean {
    if (this.byId.has(entry.id) || this.taken.has(entry.key.spki) || this.people.length >= MOST_PEOPLE) return false;
    this.people.push(entry);
    this.byId.set(entry.id, entry);
    this.taken.add(entry.key.spki);
    this.byPerson.set(entry.id, entry.key);
    return true;
  }
}
