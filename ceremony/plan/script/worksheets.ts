/**
 * Blank worksheets, a page each: what custodians copy their shares onto by hand. Printed beforehand, with the script, they
 * never saw a share; the rows are those of the secret window.
 */
import { cell, exact, heading, notice, paragraph, table, type Block } from '../../print/document';
import { sharedKeyOf } from '../master-key-scheme';
import type { Plan } from '../schema';
import { custodyForms, handsOut } from '../share-forms';

/** What a worksheet is for. */
interface Wanted {
  readonly set: string;
  readonly scheme: 'components' | 'threshold';
  /** Length of the master key in bytes. */
  readonly bytes: number;
  /** `share 2 of 3`, or whose share it becomes. */
  readonly share: string;
  readonly position: string;
}

/** A worksheet for each share and copy that is written by hand in the plan. */
export function worksheets(plan: Plan): Block[] {
  return [...handedOut(plan), ...passedOn(plan)].flatMap(sheet);
}

function handedOut(plan: Plan): Wanted[] {
  const shared = sharedKeyOf(plan);
  if (shared === null || !plan.steps.some(handsOut)) return [];
  const { id: set, scheme, bytes, shares, custodians } = shared;
  const byHand = custodyForms(plan).filter(({ form }) => form === 'worksheet');
  const nameOf = (index: number): string => `share ${String(index)} of ${String(shares)}`;
  return [
    ...byHand.map(({ share }) => ({ set, scheme, bytes, share: nameOf(share), position: custodians })),
    ...shared.copiesOf.flatMap(({ position, of }) =>
      of.map((index) => ({ set, scheme, bytes, share: `copy of ${nameOf(index)}`, position })),
    ),
  ];
}

/** Which share a successor gets, and how long its key is, only the binding says: the sheet has room for the longest. */
function passedOn(plan: Plan): Wanted[] {
  return plan.steps.flatMap((step) => {
    const kept = step.action === 'shares.transfer' ? plan.keptShares?.find(({ id }) => id === step.set) : undefined;
    if (kept === undefined || step.action !== 'shares.transfer') return [];
    const count = plan.positions.find(({ id }) => id === step.to)?.count ?? 0;
    const share = `share ____ of ${String(kept.shares)}`;
    return Array.from({ length: count }, () => ({
      set: kept.id,
      scheme: kept.scheme,
      bytes: 32,
      share,
      position: step.to,
    }));
  });
}

function sheet({ set, scheme, bytes, share, position }: Wanted): Block[] {
  return [
    { kind: 'page-break' },
    heading(2, `Worksheet: ${share}, ${set}`),
    notice(
      'For one person alone',
      `Only a custodian of ${position} sees this sheet once it is filled in. Nobody photographs or copies it.`,
    ),
    {
      kind: 'blanks',
      fields: [
        { label: 'Custodian', width: 60 },
        { label: 'Set, as the window shows it', width: 40 },
        { label: 'Date', width: 28 },
      ],
    },
    scheme === 'components' ? digitRows(bytes) : wordRows(bytes),
    paragraph(
      `${scheme === 'components' ? 'A zero is never the letter O, a one never I or L. ' : ''}Type the share back from this sheet, not from memory. Then the sheet goes into its envelope, is sealed, and the number of the seal is written down. A sheet that is spoilt is destroyed in front of the witness.`,
    ),
  ];
}

/** Bytes in a row of a component. */
const ROW_BYTES = 4;

function digitRows(bytes: number): Block {
  return table(
    'Rows of the component: eight digits, and two that check them',
    [
      ['Row', 12],
      ['Four digits', 33],
      ['Four digits', 33],
      ['Check', 22],
    ],
    Array.from({ length: bytes / ROW_BYTES }, (_, row) => [cell(exact(String(row + 1))), [], [], []]),
    { whole: true, rowHeads: true, rowHeight: 13 },
  );
}

/** Words in a row of a threshold share. */
const WORDS_IN_ROW = 3;

function wordRows(bytes: number): Block {
  const count = wordsOf(bytes);
  return table(
    'Words of the share, in their order',
    [
      ['From', 10],
      ['Word', 30],
      ['Word', 30],
      ['Word', 30],
    ],
    Array.from({ length: Math.ceil(count / WORDS_IN_ROW) }, (_, row) => [
      cell(exact(String(row * WORDS_IN_ROW + 1))),
      [],
      [],
      [],
    ]),
    { whole: true, rowHeads: true, rowHeight: 11 },
  );
}

/** Words of a SLIP-39 share: ten bits each, the value padded to whole words, and seven for the rest. */
function wordsOf(bytes: number): number {
  return Math.ceil((bytes * 8) / 10) + 7;
}
