/** Who sits where, and where they sign in. */
import { cell, heading, list, table, type Block } from '../../print/document';
import type { Plan } from '../schema';

/** The sign-in table, approvals, and duties kept apart. */
export function peopleBlocks(plan: Plan): Block[] {
  const there = plan.positions.filter(({ attends }) => attends);
  const beforehand = plan.positions.filter(({ attends }) => !attends);
  return [
    heading(2, 'Participants: sign-in'),
    table(
      'Everybody signs in here before the first step, or when they come',
      [
        ['Position', 18],
        ['Role', 19],
        ['Printed name', 18],
        ['Identification seen', 14],
        ['Signature', 16],
        ['Initials', 7],
        ['Time', 8],
      ],
      there.flatMap(seatsOf).map(({ seat, role }) => [cell(seat), cell(role), [], [], [], [], []]),
      { whole: true, rowHeads: true, rowHeight: 10 },
    ),
    heading(3, 'Approval'),
    table(
      `${String(plan.approval.count)} of ${plan.approval.position} sign plan and binding`,
      [
        ['Position', 25],
        ['Printed name', 27],
        ['Signature', 28],
        ['Date', 20],
      ],
      beforehand.flatMap(seatsOf).map(({ seat }) => [cell(seat), [], [], []]),
      { whole: true, rowHeads: true, rowHeight: 9, none: 'Those who approve are in the room, and sign in above.' },
    ),
    ...(plan.separationOfDuties.length === 0
      ? []
      : [
          heading(3, 'Duties that are kept apart'),
          list(plan.separationOfDuties.map(({ apart, why }) => `${apart.join(', ')}: ${why.replaceAll('\n', ' ')}`)),
        ]),
  ];
}

/** A place for each person of a position, alternates last. */
export function seatsOf({ id, role, count, alternates }: Plan['positions'][number]): readonly {
  readonly seat: string;
  readonly role: string;
}[] {
  return Array.from({ length: count + alternates }, (_, place) => ({
    seat: `${id} ${String(place + 1)}${place < count ? '' : ' (alternate)'}`,
    role,
  }));
}
