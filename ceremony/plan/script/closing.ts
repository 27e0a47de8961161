/** The end of a script: what must be so, and who signs that it is. */
import { BOX, cell, heading, paragraph, prose, table, type Block } from '../../print/document';
import { quorum } from '../instructions';
import type { Plan } from '../schema';
import { seatsOf } from './people';

/** End state, storage, sign-off. */
export function closingBlocks(plan: Plan): Block[] {
  return [
    heading(2, 'End state'),
    table(
      'What each unit must be at the end',
      [
        ['Unit', 34],
        ['Mode', 24],
        ['Master key', 24],
        ['Seen', 18],
      ],
      plan.endState.map(({ unit, mode, masterKey }) => [
        cell(plan.units.find(({ id }) => id === unit)?.name ?? unit),
        cell(mode),
        cell(masterKey),
        cell(BOX),
      ]),
      { whole: true, rowHeads: true },
    ),
    heading(2, 'Storage afterwards'),
    ...prose(plan.storage),
    ...(plan.retention === undefined
      ? []
      : [heading(3, 'How long the record is kept, and by whom'), ...prose(plan.retention)]),
    heading(2, 'Sign-off'),
    ...prose(plan.signOff.wording),
    paragraph(
      `${BOX} Carried out according to this script    ${BOX} Carried out with the exceptions on the sheets below`,
    ),
    paragraph(`The last checkpoint is signed by ${quorum(plan.signOff.quorum)}.`),
    {
      kind: 'blanks',
      fields: [
        { label: 'Exception sheets used', width: 15 },
        { label: 'Lines', width: 20 },
        { label: 'Last root, first four words', width: 100 },
        { label: 'Last root, last four words', width: 100 },
      ],
    },
    table(
      'Signatures',
      [
        ['Position', 24],
        ['Printed name', 26],
        ['Signature', 30],
        ['Date and time (UTC)', 20],
      ],
      plan.positions
        .filter(({ attends }) => attends)
        .flatMap((position) => seatsOf({ ...position, alternates: 0 }))
        .map(({ seat }) => [cell(seat), [], [], []]),
      { whole: true, rowHeads: true, rowHeight: 11 },
    ),
  ];
}
