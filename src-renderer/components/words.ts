/** Words and forms that several screens use for the same thing. */
import type { Role } from '../../ceremony/plan/schema';

const ROLE_WORDS: Readonly<Record<Role, string>> = {
  'crypto-administrator': 'Crypto administrator',
  'security-officer': 'Security officer',
  custodian: 'Custodian',
  witness: 'Witness',
  auditor: 'Auditor',
  approver: 'Approver',
};

/** A role, such as `Crypto administrator`. */
export const roleWord = (role: Role): string => ROLE_WORDS[role];

/** A count with its noun, such as `1 error` or `3 errors`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${String(count)} ${count === 1 ? one : many}`;

/** A time as `2026-11-23 10:15:00 UTC`; with `part` the date or the time alone. */
export function utc(instant: string, part: 'both' | 'time' = 'both'): string {
  const [date = '', time = ''] = instant.split('T');
  const clock = time.slice(0, 8);
  return part === 'time' ? clock : `${date} ${clock} UTC`;
}
