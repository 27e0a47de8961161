/** A capability report as people read it: what this token does, and what follows for a ceremony. */
import type { CapabilityReport } from '../command/capability-report';
import { KEEPING_ROWS } from './keeping-rows';
import { MECHANISM_ROWS } from './mechanism-rows';
import { Answers } from './answers';

/**
 * Who sees to it. `hsm`: the token, by itself. `keyrite`: Keyrite only, so that whoever has the user PIN can do otherwise
 * without it. `refused`: nobody can; a step that needs it is refused on this token. `unused`: no step of this version
 * needs it.
 */
export type SeenToBy = 'hsm' | 'keyrite' | 'refused' | 'unused';

/** One line of the table. */
export interface CapabilityRow {
  readonly group: 'mechanisms' | 'keeping';
  readonly feature: string;
  /** What this token does. */
  readonly does: string;
  readonly by: SeenToBy;
  /** What Keyrite does about it. */
  readonly keyrite: string;
}

/** What a row says of one token. */
export type Judgement = Pick<CapabilityRow, 'does' | 'by' | 'keyrite'>;

/** A row of the table before a token was asked. */
export interface RowRule {
  readonly feature: string;
  readonly judge: (answers: Answers) => Judgement;
}

/** {@link SeenToBy} in words. */
export const SEEN_TO: Readonly<Record<CapabilityRow['group'], Readonly<Record<SeenToBy, string>>>> = {
  mechanisms: {
    hsm: 'in the HSM',
    keyrite: 'by Keyrite only',
    refused: 'refused',
    unused: 'not used',
  },
  keeping: {
    hsm: 'hardware-enforced',
    keyrite: 'enforced by Keyrite only',
    refused: 'refused',
    unused: 'not used',
  },
};

/** The whole table, always with the same rows in the same order. */
export function capabilityRows(report: CapabilityReport): CapabilityRow[] {
  const answers = new Answers(report);
  const rows = (group: CapabilityRow['group'], rules: readonly RowRule[]): CapabilityRow[] =>
    rules.map(({ feature, judge }) => ({ group, feature, ...judge(answers) }));
  return [...rows('mechanisms', MECHANISM_ROWS), ...rows('keeping', KEEPING_ROWS)];
}
