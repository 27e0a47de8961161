/** Who was there, and who approved beforehand: by proofs of presence, enrolments and approvals that hold, never by the roster. */
import type { Line, RosterEntry } from '../../transcript/line';
import type { Recorded } from './recorded';

/** A line by which somebody came to be in the room. */
export interface Arrival {
  readonly how: 'proved presence' | 'enrolled';
  readonly line: number;
  /** RFC 3339 UTC. */
  readonly at: string;
}

/** Arrivals by participant, in the order of the lines. */
export function arrivalsIn(lines: readonly Line[]): ReadonlyMap<string, readonly Arrival[]> {
  const arrivals = new Map<string, Arrival[]>();
  for (const { type, body, seq, at } of lines) {
    if (type !== 'participant.present' && type !== 'participant.enrolled') continue;
    // Whoever is enrolled signs, over the head at that moment, in front of two vouchers: they are there.
    const [id, how] =
      type === 'participant.enrolled'
        ? [body.participant.id, 'enrolled' as const]
        : [body.participant, 'proved presence' as const];
    const known = arrivals.get(id);
    if (known === undefined) arrivals.set(id, [{ how, line: seq, at }]);
    else known.push({ how, line: seq, at });
  }
  return arrivals;
}

/** How somebody came into the room, each time; none for somebody who never did. */
export function arrivalsOf({ arrivals }: Recorded, id: string): readonly Arrival[] {
  return arrivals.get(id) ?? [];
}

/** Who was in the room when a line was written: they had proved presence or were enrolled, and had not left. */
export function presentAt(lines: readonly Line[], seq: number): ReadonlySet<string> {
  const present = new Set<string>();
  for (const { type, body, seq: at } of lines) {
    if (at > seq) break;
    if (type === 'participant.present') present.add(body.participant);
    if (type === 'participant.enrolled') present.add(body.participant.id);
    if (type === 'participant.left' || type === 'participant.replaced') present.delete(body.participant);
    // After a pause everybody proves presence anew.
    if (type === 'ceremony.paused') present.clear();
  }
  return present;
}

/** Numbers of the sessions whose binding somebody approved; empty where no approval of theirs holds. */
export function approvedBy({ summary }: Recorded, id: string): readonly number[] {
  return summary.approvals.filter(({ approvers }) => approvers.includes(id)).map(({ session }) => session);
}

/** What somebody approved, in words; null where no approval of theirs holds. */
export function approvalInWords(recorded: Recorded, id: string): string | null {
  const sessions = approvedBy(recorded, id);
  if (sessions.length === 0) return null;
  const several = recorded.summary.approvals.length > 1;
  return `approved plan and binding beforehand${several ? `, of session ${sessions.join(', ')}` : ''}`;
}

/** Whether somebody was there, and to the end, in words. */
export function attendanceInWords(recorded: Recorded, { id, roles }: RosterEntry): string {
  const arrivals = arrivalsOf(recorded, id);
  const approval = approvalInWords(recorded, id);
  const isThere = recorded.presentAtEnd.has(id);
  const said = [
    ...(arrivals.length === 0 ? [] : [`present${isThere ? ' to the end' : ', not to the end'}`]),
    ...(approval === null ? [] : [approval]),
  ];
  if (said.length > 0) return said.join('; ');
  return roles.includes('approver') ? NO_APPROVAL : 'not present';
}

/** Of an approver by the roster whose approval is not there or does not hold. */
export const NO_APPROVAL = 'no approval of theirs is on record';
