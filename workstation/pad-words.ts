/** Who must act at a token's own pad, in words for everybody in the room. Nothing of it is secret. */
import type { PadEntry } from '../hsm/dialogue';

/** What names stand for the ids in an entry. */
export interface PadNames {
  readonly person: (id: string) => string;
  readonly unit: (id: string) => string;
}

/** Such as `Alice and Bob enter the user PIN of Unit A on the device’s own pad`. */
export function padWords(entry: PadEntry, names: PadNames): string {
  return `${listed(entry.holders.map(names.person))} ${verb(entry)} ${padPin(entry, names)} on the device’s own pad`;
}

/** Such as `the user PIN of Unit A`. */
export function padPin({ of, role, make, change }: PadEntry, names: PadNames): string {
  const which = { user: 'user PIN', 'security-officer': 'security officer PIN', card: 'PIN' }[role];
  const whose = role === 'card' ? `the token of ${names.person(of)}` : names.unit(of);
  const the = change === undefined ? 'the' : `the ${change.pin}`;
  return `${make ? 'a new' : the} ${which} of ${whose}`;
}

/** What to know before it is typed; null where there is nothing. */
export function padWarning({ warning }: Pick<PadEntry, 'warning'>): string | null {
  if (warning === null) return null;
  return warning === 'final-try'
    ? 'This is the final try: if the PIN is wrong, the token locks it'
    : 'A wrong PIN was given before: the token allows few more';
}

function verb({ holders, make }: PadEntry): string {
  const one = holders.length === 1;
  if (make) return one ? 'makes' : 'make';
  return one ? 'enters' : 'enter';
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}
