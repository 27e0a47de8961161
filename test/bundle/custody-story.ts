/** A ceremony's custody ledger for tests: what a plan and a binding say of it, and the entries that it then has. */
import type { CustodyAct, MaterialKind } from '../../ceremony/custody/ledger';

/** An entry as two people sign it. */
export interface Entry {
  readonly object: string;
  readonly kind: MaterialKind;
  readonly act: CustodyAct;
  readonly seal: string | null;
  readonly place: string | null;
}

const BY = 'by: [custodians, administrators, witnesses, auditors]';

/** Entries of each step, in order. */
export const ENTRIES: Readonly<Record<string, readonly Entry[]>> = {
  'taken-in': [
    { object: 'card-1', kind: 'card', act: 'in', seal: 'A-1', place: 'Safe 1 — 例' },
    { object: 'envelope-1', kind: 'form', act: 'in', seal: 'A-2', place: 'Safe 1 — 例' },
  ],
  'bag-opened': [{ object: 'bag', kind: 'other', act: 'opened', seal: 'Z-9', place: null }],
  'card-opened': [{ object: 'card-1', kind: 'card', act: 'opened', seal: 'A-1', place: null }],
  'card-closed': [{ object: 'card-1', kind: 'card', act: 'closed', seal: 'A-3', place: 'Safe 2' }],
  destroyed: [
    { object: 'bag', kind: 'other', act: 'destroyed', seal: null, place: null },
    { object: 'envelope-1', kind: 'form', act: 'destroyed', seal: 'A-2', place: null },
  ],
};

/** The plan with objects of the ledger: two that are new, one that is kept. */
export function custodyPlan(text: string): string {
  const step = (id: string, rest: string): string =>
    `  - { id: ${id}, title: Custody, action: custody, ${BY}, ${rest} }\n`;
  return text
    .replace(/^materials: \[(.*)\]$/m, (_, others: string) => {
      const objects = [
        '{ id: card-1, kind: card, name: Card 1, ledger: new }',
        '{ id: envelope-1, kind: form, name: Envelope 1, ledger: new }',
        '{ id: bag, kind: other, name: The old bag, ledger: kept, at: Safe 1 }',
      ];
      return `materials: [${[...objects, ...(others === '' ? [] : [others])].join(', ')}]`;
    })
    .replace(
      '  - { id: halfway,',
      `${step('taken-in', 'act: in, objects: [card-1, envelope-1], place: "Safe 1 — 例"')}  - { id: halfway,`,
    )
    .replace(
      '  - { id: sign-off,',
      step('bag-opened', 'act: opened, objects: [bag]') +
        step('card-opened', 'act: opened, objects: [card-1]') +
        step('card-closed', 'act: closed, objects: [card-1], place: Safe 2') +
        step('destroyed', 'act: destroyed, objects: [bag, envelope-1]') +
        '  - { id: sign-off,',
    );
}

/** The ledger of an earlier ceremony, at the end of a binding's text. */
export const LEDGER_BEFORE = `custody:
  from: { ceremony: last-year, root: "${'7'.repeat(64)}" }
  objects:
    - { object: bag, kind: other, state: sealed, seal: Z-9, place: Safe 1 }
    - { object: old-card, kind: card, state: destroyed, seal: null, place: null }
    - { object: other-card, kind: card, state: sealed, seal: Z-10, place: Elsewhere }
`;
