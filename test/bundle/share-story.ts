/** Shares that live on, for tests: what plan and binding say of them, and what is then told of each. */
import type { JsonObject } from '../../ceremony/canonical-json';
import type { ShareAct } from '../../ceremony/transcript/share-fact';

/** The set that the binding brings, and the one that has its place. */
export const OLD_SET = '0d'.repeat(16);
export const NEW_SET = 'ab'.repeat(16);
const PATTERN = 'c0'.repeat(32);

/** Commitment to a share of the old set. */
export function oldCommitment(index: number): string {
  return `${String(index)}e`.repeat(32);
}

/** What is told of a share, and who signs it. */
export interface ToldOfShare {
  readonly act: ShareAct;
  readonly index: number;
  readonly holder: string;
  readonly to: string | null;
  readonly why: string | null;
  readonly by: readonly string[];
}

const told = (
  act: ShareAct,
  index: number,
  holder: string,
  by: readonly string[],
  more: Partial<ToldOfShare> = {},
): ToldOfShare => ({ act, index, holder, to: null, why: null, by, ...more });

/** What is told in each step, in order. Fritz, who has share 3, never comes. */
export const TOLD: Readonly<Record<string, readonly ToldOfShare[]>> = {
  drill: [
    told('proven', 1, 'carl', ['carl', 'wanda']),
    told('wrong', 2, 'dora', ['ada', 'wanda'], { why: 'Entered five times — 例' }),
    told('missing', 3, 'fritz', ['ada', 'otto'], { why: 'not present' }),
  ],
  transfer: [
    told('transferred', 1, 'carl', ['carl', 'hans', 'wanda'], { to: 'hans' }),
    told('transferred', 2, 'dora', ['dora', 'ines', 'otto'], { to: 'ines' }),
  ],
  destroy: [
    told('destroyed', 1, 'carl', ['carl', 'wanda']),
    told('unreturned', 1, 'hans', ['bela', 'wanda'], { why: 'lost' }),
    told('destroyed', 2, 'dora', ['dora', 'otto']),
    told('destroyed', 2, 'ines', ['ines', 'otto']),
    told('unreturned', 3, 'fritz', ['ada', 'otto'], { why: 'not present' }),
  ],
};

/** Results of the steps. */
export const RESULTS: Readonly<Record<string, JsonObject>> = {
  drill: { set: OLD_SET, good: 1, shares: 3, threshold: 2 },
  transfer: { set: OLD_SET, shares: 2 },
  reshare: { set: NEW_SET, replaces: OLD_SET, shares: 2, readBack: 2 },
  destroy: { set: OLD_SET, shares: 3, unreturned: 2, threshold: 2, rotate: true },
};

/** Acts of the step that makes the new set, by name, with their results. */
export const RESHARE: readonly (readonly [string, JsonObject])[] = [
  ['entry-0/old-share-1', { set: OLD_SET, index: 1, custodian: 'carl', entered: true }],
  ['entry-1/old-share-2', { set: OLD_SET, index: 2, custodian: 'ines', entered: true }],
  [
    'set',
    {
      shareSet: {
        set: NEW_SET,
        scheme: 'components',
        threshold: 2,
        shares: [1, 2].map((index) => ({
          index,
          salt: 'cd'.repeat(16),
          commitment: `${String(index)}f`.repeat(32),
        })),
        pattern: PATTERN,
      },
      replaces: OLD_SET,
    },
  ],
  ['abababab/share-1', { set: NEW_SET, index: 1, custodian: 'carl', readBack: true }],
  ['abababab/share-2', { set: NEW_SET, index: 2, custodian: 'dora', readBack: true }],
];

/** The act after which share 2 of the new set is on Dora's own token. */
export const ON_OWN_TOKEN = { act: 'abababab/share-2', set: NEW_SET, index: 2, custodian: 'dora' } as const;

/** The fact that the old set is replaced. */
export const REPLACED = { set: OLD_SET, by: NEW_SET, pattern: PATTERN } as const;

/** The plan with an old set of shares, and without a master key that is loaded. */
export function sharePlan(text: string): string {
  const step = (id: string, rest: string): string => `  - { id: ${id}, title: Shares, ${rest} }\n`;
  const set = 'set: old-key';
  const by = 'by: [witnesses, auditors]';
  return text
    .replace(/^ {2}- \{ id: (?:generate|load|commit|activate),.*\n/gm, '')
    .replace(
      '  - { id: sign-off,',
      step('drill', `action: shares.drill, ${set}, ${by}`) +
        step('transfer', `action: shares.transfer, ${set}, from: custodians, to: heirs, ${by}`) +
        step('reshare', `action: shares.reshare, ${set}`) +
        step('destroy', `action: shares.destroy, ${set}, ${by}`) +
        '  - { id: sign-off,',
    )
    .replace('  - { id: witnesses,', '  - { id: heirs, role: custodian, count: 2 }\n  - { id: witnesses,')
    .replace('positions: [administrators, custodians,', 'positions: [administrators, custodians, heirs,')
    .replace('masterKey: current', 'masterKey: none')
    .replace('form: worksheet }', 'form: worksheet, forms: [{ share: 2, form: own-token }] }')
    .replace(
      /^pins: \[\]$/m,
      'keptShares: [{ id: old-key, scheme: threshold, shares: 3, threshold: 2, is: current, custodians: [custodians, heirs] }]\npins: []',
    );
}

/** The sets of an earlier ceremony, at the end of a binding's text. */
export const SETS_BEFORE = `shareSets:
  from: { ceremony: last-year, root: "${'7'.repeat(64)}" }
  sets:
    - id: old-key
      set: ${OLD_SET}
      scheme: threshold
      threshold: 2
      pattern: ${PATTERN}
      state: current
      shares:
${[
  ['carl', 1],
  ['dora', 2],
  ['fritz', 3],
]
  .map(
    ([id, index]) =>
      `        - { index: ${String(index)}, salt: ${'5a'.repeat(16)}, commitment: ${oldCommitment(Number(index))}, holders: [{ id: ${String(id)}, name: Somebody, returned: false }] }\n`,
  )
  .join('')}`;
