/** Units, PINs, materials and seals: what is on the table, with its numbers to be written down. */
import { BOX, cell, exact, heading, paragraph, table, type Block } from '../../print/document';
import { copiesInWords, sharesInWords } from '../instructions';
import type { Plan } from '../schema';
import { custodyFormInWords, custodyForms } from '../share-forms';

/** Rows for seals that nobody foresaw. */
const SPARE_SEALS = 12;

/** In which forms custodians hold shares. */
function heldOn(plan: Plan, form: string): string {
  const others = custodyForms(plan).filter((one) => one.form !== 'worksheet');
  if (others.length === 0) return ` on a ${form} each`;
  const named = others.map((one) => `share ${String(one.share)} as ${custodyFormInWords(one)}`);
  return `: ${named.join('; ')}; every other one on a ${form}`;
}

/** What is used. */
export function thingBlocks(plan: Plan): Block[] {
  const { masterKey } = plan;
  return [
    heading(2, 'Crypto units'),
    table(
      'Units of the plan; serial and identity are written down here',
      [
        ['Unit', 14],
        ['Name', 24],
        ['Token label', 18],
        ['Begins', 11],
        ['Serial', 15],
        ['Identity, first four words', 18],
      ],
      plan.units.map((one) => [cell(exact(one.id)), cell(one.name), cell(exact(one.label)), cell(one.begins), [], []]),
      { whole: true, rowHeads: true, rowHeight: 9 },
    ),
    ...(masterKey === undefined
      ? []
      : [
          paragraph(
            masterKey.scheme !== 'in-unit'
              ? `Master key ${masterKey.id}: ${sharesInWords(plan)}, held by ${masterKey.custodians}${heldOn(plan, masterKey.form)}.${copiesInWords(plan)}`
              : `Master key ${masterKey.id}: made inside unit ${masterKey.unit}, where it stays. There is no other copy, and nothing brings it back when the unit is lost.`,
          ),
        ]),
    heading(2, 'PINs'),
    table(
      'PINs, who makes and holds them, and where they are kept afterwards',
      [
        ['PIN', 14],
        ['For', 14],
        ['Units', 18],
        ['Made by', 14],
        ['Held by', 14],
        ['Parts', 6],
        ['Sealing', 20],
      ],
      plan.pins.map((pin) => [
        cell(exact(pin.id)),
        cell(pin.for),
        cell(pin.units.join(', ')),
        cell(pin.madeBy),
        cell(pin.heldBy),
        cell(String(pin.parts)),
        cell(pin.sealing.trim()),
      ]),
      { whole: true, rowHeads: true },
    ),
    heading(2, 'Materials'),
    table(
      'Materials; the numbers of their seals, coming in and going out',
      [
        ['In', 5],
        ['Material', 17],
        ['Kind', 10],
        ['Name', 22],
        ['Serial number', 16],
        ['Seal in', 11],
        ['Seal out', 11],
        ['Initials', 8],
      ],
      plan.materials.map((one) => [
        cell(BOX),
        cell(exact(one.id)),
        cell(one.kind),
        cell(one.name, ...custodyWords(one)),
        [],
        [],
        [],
        [],
      ]),
      { whole: true, rowHeight: 9 },
    ),
    heading(3, 'Seals that are put on and opened during the ceremony'),
    table(
      'Seals',
      [
        ['Time (UTC)', 13],
        ['Seal number', 22],
        ['On what', 29],
        ['On / opened', 12],
        ['By', 14],
        ['Witness', 10],
      ],
      Array.from({ length: SPARE_SEALS }, () => [[], [], [], cell(`${BOX} on`, `${BOX} opened`), [], []]),
      { whole: true, rowHeight: 8 },
    ),
  ];
}

/** Where a thing of the custody ledger comes from. */
function custodyWords({ ledger, at }: Plan['materials'][number]): string[] {
  if (ledger === undefined) return [];
  return [ledger === 'new' ? 'comes into custody' : `from custody, kept at: ${at ?? ''}`];
}
