/** Shares that live on: who has which share of which set at the end, what was told of each here, and what old ones still give. */
import { demandsRotation, type KeptSet } from '../../custody/share-sets';
import { cell, exact, heading, paragraph, table, type Block, type Cell } from '../../print/document';
import { shareIn, type ShareValue } from '../../transcript/share-fact';
import { exposureOf } from '../succession';
import { nameOf, namesOf, type Recorded } from './recorded';

/** Sets of shares that this ceremony took over or was about; nothing for a plan that keeps none. */
export function keptSharesSection(recorded: Recorded): Block[] {
  const { plan, binding, summary } = recorded;
  if ((plan?.keptShares ?? []).length === 0) return [];
  const from = binding?.shareSets?.from;
  return [
    heading(2, 'Shares that live on'),
    paragraph(
      from === undefined
        ? 'The binding brings no sets of shares.'
        : `The commitments are those of the ceremony ${from.ceremony}, whose last checkpoint has the root ${from.root}. Nothing here is a share: what was entered was compared with its commitment.`,
    ),
    table(
      'What was told of each share, and who signed it',
      [
        ['Set and share', 22],
        ['Line', 8],
        ['Held by', 22],
        ['What', 26],
        ['Signed by', 22],
      ],
      told(recorded),
      { rowHeads: true, none: 'Nothing.' },
    ),
    table(
      'Who has which share at the end',
      [
        ['Set', 26],
        ['Needed', 16],
        ['Held by', 38],
        ['Given back', 20],
      ],
      summary.shareSets.map((set) => setRow(set)),
      { rowHeads: true, none: 'There is no set of shares.' },
    ),
  ];
}

/** Sets whose old shares still bring the master key back, as weak points. */
export function exposedSets({ summary }: Recorded): Cell[][] {
  return summary.shareSets
    .filter(demandsRotation)
    .map((set) => [cell('Old shares in use'), cell(`set ${set.set}`, set.id), cell(exposureOf(set))]);
}

function told(recorded: Recorded): Cell[][] {
  return recorded.lines.flatMap((line) => {
    const value = shareIn(line);
    if (value === null || value === 'malformed') return [];
    return [
      [
        cell(`share ${String(value.index)}`, exact(value.set.slice(0, 8))),
        cell(String(line.seq)),
        cell(nameOf(recorded, value.holder)),
        cell(...inWords(recorded, value)),
        cell(namesOf(recorded, line.by)),
      ],
    ];
  });
}

function inWords(recorded: Recorded, { act, to, why }: ShareValue): readonly string[] {
  const words = {
    proven: 'proven: the share is the one committed to',
    wrong: 'not proven: what was entered is not the share',
    missing: 'not proven: nobody showed the share',
    transferred: `passed on to ${to === null ? '' : nameOf(recorded, to)}: both have it`,
    destroyed: 'given back and destroyed before witnesses',
    unreturned: 'not given back: it counts as in use',
  } as const;
  return [words[act], ...(why === null ? [] : [why])];
}

function setRow(set: KeptSet): Cell[] {
  const people = (returned: boolean): string[] =>
    set.shares.flatMap(({ index, holders }) =>
      holders.filter((one) => one.returned === returned).map(({ name }) => `${String(index)}: ${name}`),
    );
  return [
    cell(set.id, exact(set.set), set.state),
    cell(`${String(set.threshold)} of ${String(set.shares.length)}`, set.scheme),
    cell(...people(false)),
    cell(...people(true)),
  ];
}
