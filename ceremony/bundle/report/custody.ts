/** What was under seal: every object of the custody ledger, what was done with it and by whom, and where it is now. */
import { entered, entryFault, ledgerFrom, whereabouts, type CustodyEntry, type Ledger } from '../../custody/ledger';
import { cell, exact, heading, list, paragraph, table, type Block, type Cell } from '../../print/document';
import { custodyIn, type CustodyValue } from '../../transcript/custody-fact';
import type { Line } from '../../transcript/line';
import { instantCell } from './exact-cells';
import { namesOf, type Recorded } from './recorded';

interface Told {
  readonly line: Line;
  readonly value: CustodyValue;
}

/** The objects that this ceremony took from the ledger or added to it; nothing for a plan without any. */
export function custodySection(recorded: Recorded): Block[] {
  const { plan, binding } = recorded;
  const materials = (plan?.materials ?? []).filter(({ ledger }) => ledger !== undefined);
  if (materials.length === 0 && binding?.custody === undefined) return [];
  const begins = ledgerFrom(binding?.custody);
  const told = entriesIn(recorded);
  const ends = endOf(recorded, begins, told);
  const others = [...ends.values()].filter(({ object }) => !materials.some(({ id }) => id === object));
  return [
    heading(2, 'Custody'),
    paragraph(
      binding?.custody === undefined
        ? 'The custody ledger begins with this ceremony. Two people sign each entry: one who keeps the object, and a witness or auditor.'
        : `The custody ledger goes on from the ceremony ${binding.custody.from.ceremony}. Two people sign each entry: one who keeps the object, and a witness or auditor.`,
    ),
    table(
      'What was done with each object, in order, and where it is at the end',
      [
        ['Object', 22],
        ['Line', 8],
        ['When', 20],
        ['What, and the number of the seal', 30],
        ['Signed by', 20],
      ],
      materials.flatMap(({ id, name, kind }) => {
        const object = cell(name, exact(id), kind);
        const acts = told.filter(({ value }) => value.object === id);
        return [
          [object, cell(''), cell('at the beginning'), cell(whereabouts(begins.get(id))), cell('')],
          ...acts.map((one) => entryRow(recorded, object, one)),
          [object, cell(''), cell('at the end'), cell(whereabouts(ends.get(id))), cell('')],
        ];
      }),
      { rowHeads: true, none: 'The plan asks for nothing from the ledger.' },
    ),
    ...(others.length === 0
      ? []
      : [
          heading(3, 'In the ledger, and not asked for by this plan'),
          list(others.map((one) => `${one.object} (${one.kind}): ${whereabouts(one)}`)),
        ]),
  ];
}

function entryRow(recorded: Recorded, object: Cell, { line, value }: Told): Cell[] {
  return [object, cell(String(line.seq)), instantCell(line.at), cell(inWords(value)), cell(namesOf(recorded, line.by))];
}

function inWords({ act, seal, place }: CustodyValue): string {
  switch (act) {
    case 'in':
      return `came into custody under seal ${seal ?? ''}, kept at: ${place ?? ''}`;
    case 'closed':
      return `put under seal ${seal ?? ''}, kept at: ${place ?? ''}`;
    case 'opened':
      return `opened; found under seal ${seal ?? ''}`;
    case 'destroyed':
      return seal === null ? 'destroyed; it was open' : `destroyed; found under seal ${seal}`;
  }
}

function entriesIn({ lines }: Recorded): readonly Told[] {
  return lines.flatMap((line) => {
    const value = custodyIn(line);
    return value === null || value === 'malformed' ? [] : [{ line, value }];
  });
}

/** As the verifier takes entries in: one that the ledger cannot have leaves it as it is. */
function endOf({ plan }: Recorded, begins: Ledger, told: readonly Told[]): Ledger {
  return told.reduce((ledger, { value: { object, act, seal, place } }) => {
    const kind = plan?.materials.find(({ id }) => id === object)?.kind ?? 'other';
    const entry: CustodyEntry = { object, kind, act, seal, place };
    return entryFault(ledger, entry)?.what === 'order' ? ledger : entered(ledger, entry);
  }, begins);
}
