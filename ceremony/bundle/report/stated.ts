/**
 * What the bindings state and no program can see: organisations, the image of the operating system, a device's FIPS mode. The
 * people who approved a binding approved it; it is never shown as something that was measured.
 */
import type { Binding } from '../../plan/binding-schema';
import type { Recorded } from './recorded';

/** What stands where nobody stated anything. */
export const NOT_STATED = 'not stated';

/** A statement, and the number of the session whose binding makes it. */
export interface Stated<T> {
  readonly value: T;
  readonly session: number;
}

/** The latest binding that states something; null where none does. */
export function stated<T>({ bindings }: Recorded, of: (binding: Binding) => T | undefined): Stated<T> | null {
  for (const [place, binding] of [...bindings.entries()].reverse()) {
    const value = of(binding);
    if (value !== undefined) return { value, session: place + 1 };
  }
  return null;
}

/** Whom somebody works for, by the binding. */
export function organisationOf(recorded: Recorded, id: string): string {
  const found = stated(recorded, ({ people }) => people.find((one) => one.id === id)?.organisation);
  return found?.value ?? NOT_STATED;
}

/** Where a statement was made, in words. */
export function statedWhere({ bindings }: Recorded, { session }: Stated<unknown>): string {
  return bindings.length > 1 ? `as the binding of session ${String(session)} states` : 'as the binding states';
}
