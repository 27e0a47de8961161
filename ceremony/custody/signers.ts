/** Who signs an entry in the custody ledger: somebody who keeps things, and somebody else who only watches. */
import type { Role } from '../plan/schema';

/** Roles of those who keep what is under seal. */
export const KEEPERS: readonly Role[] = ['crypto-administrator', 'security-officer', 'custodian'];
/** Roles of those who watch. */
export const OBSERVERS: readonly Role[] = ['witness', 'auditor'];

/** Whether two people are one of each side; `roles` are those of each. */
export function areBothSides(roles: readonly (readonly Role[])[]): boolean {
  const [one = [], other = []] = roles;
  const is = (some: readonly Role[], side: readonly Role[]): boolean => some.some((role) => side.includes(role));
  // SECURITY(K-150): who keeps an object never counts as the one who watches.
  return (
    roles.length === 2 && ((is(one, KEEPERS) && is(other, OBSERVERS)) || (is(one, OBSERVERS) && is(other, KEEPERS)))
  );
}
