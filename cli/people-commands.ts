/**
 * What the operator can type at any question, beginning with a colon, to say who came, left or was replaced. It is taken
 * down at once and carried out where nothing is under way.
 */
import type { PeopleChange } from '../ceremony/engine/ports';

/** The commands in words, for the terminal and for `docs/run.md`. */
export const PEOPLE_COMMANDS: readonly (readonly [string, string])[] = [
  [':late ID', 'they came after the roll call, or are back, and prove presence'],
  [':left ID REASON', 'they leave, or did not come'],
  [':replaced ID BY REASON', 'BY, of the same position, takes the place of ID'],
  [':paper ROLE, NAME, FILE', 'somebody without a token signed paper; FILE is the scan'],
];

/** Reads a command; null for anything that is none. */
export function peopleCommand(line: string): PeopleChange | null {
  const [, word = '', rest = ''] = /^:([a-z]+)\s+(\S.*)$/s.exec(line.trim()) ?? [];
  const [first = '', second = '', ...more] = rest.split(/\s+/);
  const after = [second, ...more].join(' ');
  if (word === 'late' && after === '') return { kind: 'late', participant: first };
  if (word === 'left' && after !== '') return { kind: 'left', participant: first, reason: after };
  if (word === 'replaced' && more.length > 0) {
    return { kind: 'replaced', participant: first, by: second, reason: more.join(' ') };
  }
  if (word !== 'paper') return null;
  const [role = '', name = '', path = ''] = (/^([^,]*),([^,]*),(.*)$/s.exec(rest) ?? [])
    .slice(1)
    .map((part) => part.trim());
  return role === '' || name === '' || path === '' ? null : { kind: 'paper', name, role, path };
}
