/** Every key: its check value and the method behind it, and whether, where and why it ever existed outside a token. */
import { spkiSha256 } from '../../command/dsse';
import { cell, exact, heading, paragraph, table, type Block, type Cell } from '../../print/document';
import { hexCell } from './exact-cells';
import { keptCheckValues, keptKeyRows, rotationBlocks } from './kept-keys';
import {
  identityKeysOf,
  importKeysOf,
  insideKeysOf,
  rootKeysOf,
  shareHandlingsOf,
  shareSetsOf,
  type IdentityKeyStory,
  type ShareSetStory,
} from './keys-made';
import { nameOf, type Recorded } from './recorded';
import { adoptedKeyRows } from './taken-over';
import { readingsOf } from './unit-readings';

/** What each check value is made with. A value without its method says nothing. */
const METHODS: Readonly<Record<string, string>> = {
  'aes-cmac': 'AES-CMAC of a zero block, first 5 bytes',
  'hmac-sha256': 'HMAC-SHA-256 of sixteen zero bytes, first 5 bytes',
  'spki-sha256': 'SHA-256 of the public key (SPKI)',
  'aes-ecb': 'AES-ECB of a zero block, as found in a record of others',
};
const PATTERN = 'verification pattern: AES-CMAC of sixteen 01 bytes, then AES-CMAC of sixteen 02 bytes';

/** Check values and patterns, by key. */
export function checkValuesSection(recorded: Recorded): Block[] {
  const rows = [
    ...shareSetsOf(recorded).map((set) => [
      cell(`Master key, set of shares ${set.set}${set.voided ? ', void' : ''}`),
      cell(PATTERN),
      hexCell(set.pattern),
      cell(`line ${String(set.line)}`),
    ]),
    ...insideKeysOf(recorded).map(({ unit, pattern, line }) => [
      cell(`Master key made inside ${unit}`),
      cell(PATTERN, 'as the unit gave it when it made the key'),
      hexCell(pattern),
      cell(`line ${String(line)}`),
    ]),
    ...(recorded.plan?.units ?? []).flatMap(({ id, name }) => patternRows(recorded, id, name)),
    ...rootKeysOf(recorded).map(({ name, checkValue, line }) => [
      cell(`Root key ${name}`),
      cell(methodOf(checkValue.algorithm)),
      hexCell(checkValue.value),
      cell(`line ${String(line)}`),
    ]),
    ...keptCheckValues(recorded, methodOf),
    ...identityKeysOf(recorded).map(({ unit, id, line }) => [
      cell(`Identity key of ${unit}`),
      cell(methodOf('spki-sha256')),
      hexCell(id),
      cell(`line ${String(line)}`),
    ]),
  ];
  return [
    heading(2, 'Check values and verification patterns'),
    paragraph(
      'A check value identifies a key and proves nothing about it. Values of different methods or lengths are never compared, and one of zeros equals nothing.',
    ),
    table(
      'Check values, each with its method',
      [
        ['Key', 24],
        ['Method', 25],
        ['Value', 41],
        ['Where', 10],
      ],
      rows,
      { rowHeads: true, none: 'No key was made.' },
    ),
  ];
}

/** Whether each key ever existed outside a token. */
export function keysSection(recorded: Recorded): Block[] {
  const rows = [
    ...shareSetsOf(recorded).map((set) => masterKeyRow(recorded, set)),
    ...insideKeysOf(recorded).map(({ unit, line }) => [
      cell(`Master key made inside ${unit}`),
      cell(`${unit}, line ${String(line)}`),
      cell(
        'NO, as far as the token tells: it was made there, and is nowhere else. It cannot be backed up: when the unit is lost, so is everything under it.',
      ),
    ]),
    ...rootKeysOf(recorded).map((key) => [
      cell(`Root key ${key.name}`),
      cell(`${key.unit}, line ${String(key.line)}`, key.destroyed ? 'destroyed there after wrapping' : 'kept there'),
      key.wrappedIn === 'token'
        ? cell('NO, but wrapped: the unit wrapped it to the service’s key.')
        : cell(
            'YES, for a moment, in the clear, in a share process of the workstation: the token lacks the mechanism that the service asks for, so the unit wrapped the key to a one-time key, the share process opened that and wrapped it again, and ended.',
          ),
    ]),
    ...keptKeyRows(recorded),
    ...identityKeysOf(recorded).map((key) => [
      cell(`Identity key of ${key.unit}`),
      cell(`${key.unit}, line ${String(key.line)}`),
      cell('NO, as far as the token tells.', attributesInWords(key)),
    ]),
    ...importKeysOf(recorded).map(({ unit, kind, how, line }) => [
      cell(`Import key of ${unit}, ${kind}`),
      cell(`${unit}, line ${String(line)}`, 'for one import'),
      cell(`NO. The master key came in ${how}.`),
    ]),
    ...adoptedKeyRows(recorded),
    ...recorded.people.map(({ name, key }) => [
      cell(`Signing key of ${name}`),
      cell(key.holder === 'token' ? 'a token of that person' : 'a file'),
      cell(
        key.holder === 'token'
          ? 'NO, as the binding says; the token is not asked.'
          : 'YES: it is in a file, which can be copied without anybody seeing it.',
      ),
    ]),
  ];
  return [
    heading(2, 'Keys, and whether they ever existed outside a token'),
    table(
      'Every key, where it was made, and whether, where and why it existed outside a token',
      [
        ['Key', 26],
        ['Made in', 24],
        ['Outside a token', 50],
      ],
      rows,
      { rowHeads: true, none: 'No key was made.' },
    ),
    ...rotationBlocks(recorded),
    ...sharesBlocks(recorded),
  ];
}

function masterKeyRow(recorded: Recorded, story: ShareSetStory): Cell[] {
  const { set, shares, scheme, line, voided, bytes, randomness } = story;
  const others = shareHandlingsOf(recorded).filter((one) => one.set === set && one.form !== null);
  const held = others.length === 0 ? 'on worksheets' : 'in the forms told of below';
  const back =
    others.length === 0 ? 'shown to its custodian and typed back' : 'handed to its custodian and brought back';
  const left = others.length === 0 ? 'those worksheets' : 'what the custodians hold';
  return [
    cell(`Master key, set of shares ${set}${voided ? ', void' : ''}`),
    cell(`a share process of the workstation, line ${String(line)}`),
    cell(
      `YES: made as ${String(shares.length)} ${scheme}, because custodians hold it ${held}. It was in the clear in the share process until it was loaded, and each share was ${back}. Afterwards it exists outside tokens as ${left} alone.`,
      `${String(bytes * 8)} bits. ${randomnessInWords(randomness)}`,
      ...(voided
        ? ['This set is void: its process ended before every share was handed out. It is loaded nowhere.']
        : []),
    ),
  ];
}

/** What the key was made from, as far as the record tells. */
function randomnessInWords(randomness: ShareSetStory['randomness']): string {
  if (randomness === null) return 'The record does not tell which random generators it was made from.';
  const { mixed, without } = randomness;
  const tokens = mixed.filter(({ source }) => source.startsWith('token:')).map(({ source }) => source.slice(6));
  const from =
    tokens.length === 0
      ? 'Made from the workstation’s random generator alone.'
      : `Made from the workstation’s random generator mixed with those of ${tokens.join(', ')}.`;
  if (without.length === 0) return from;
  return `${from} Nothing came from ${without.map(({ unit, why }) => `${unit} (${why})`).join(', ')}.`;
}

function patternRows(recorded: Recorded, unit: string, name: string): Cell[][] {
  const seen = new Set<string>();
  return readingsOf(recorded, unit)
    .toReversed()
    .flatMap(({ registers, line }) =>
      (['current', 'new'] as const).flatMap((which) => {
        const pattern = registers?.[which].pattern ?? null;
        if (pattern === null || seen.has(which + pattern)) return [];
        seen.add(which + pattern);
        return [
          [
            cell(`Master key in the ${which} register of ${name}`),
            cell(PATTERN, 'computed from the key object'),
            hexCell(pattern),
            cell(`line ${String(line)}`),
          ],
        ];
      }),
    );
}

function sharesBlocks(recorded: Recorded): Block[] {
  const handled = shareHandlingsOf(recorded);
  const rows = shareSetsOf(recorded).flatMap(({ set, shares, voided }) =>
    shares.map(({ index, commitment }) => {
      const own = handled.filter((one) => one.set === set && one.index === index);
      return [
        cell(`${String(index)} of ${String(shares.length)}`, exact(set.slice(0, 8)), ...(voided ? ['void'] : [])),
        cell(
          own.length === 0
            ? 'nothing is on record'
            : [...new Set(own.map(({ custodian }) => nameOf(recorded, custodian)))].join(', '),
        ),
        cell(...own.map(({ what, line, form }) => `${what}, line ${String(line)}${form === null ? '' : `: ${form}`}`)),
        commitment === null ? [] : hexCell(commitment),
      ];
    }),
  );
  if (rows.length === 0) return [];
  return [
    heading(3, 'Shares'),
    table(
      'Shares, who has them, and the public commitment to each, which tells nothing of it',
      [
        ['Share', 14],
        ['Custodian', 22],
        ['Handled', 22],
        ['Commitment', 42],
      ],
      rows,
      { rowHeads: true },
    ),
  ];
}

/** What was read back of an identity key that matters here. */
function attributesInWords({ attributes }: IdentityKeyStory): string {
  const names = ['CKA_SENSITIVE', 'CKA_EXTRACTABLE', 'CKA_ALWAYS_SENSITIVE', 'CKA_NEVER_EXTRACTABLE', 'CKA_LOCAL'];
  const told = names.flatMap((name) => {
    const value = attributes[name];
    return value === undefined || value === null ? [] : [`${name} ${String(value)}`];
  });
  return told.length === 0 ? 'No attribute was read back.' : `Read back: ${told.join(', ')}.`;
}

function methodOf(algorithm: string): string {
  return METHODS[algorithm] ?? algorithm;
}

/** Fingerprints of the keys that are in files, for the list of weak points. */
export function copyableKeysOf({
  people,
}: Recorded): readonly { readonly name: string; readonly fingerprint: string }[] {
  return people
    .filter(({ key }) => key.holder === 'file')
    .map(({ name, key }) => ({ name, fingerprint: spkiSha256(key.spki) }));
}
