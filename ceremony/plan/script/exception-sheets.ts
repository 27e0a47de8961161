/** Blank exception sheets, a page each. */
import { BOX, cell, heading, paragraph, table, type Block } from '../../print/document';
import { EXCEPTION_KINDS } from '../../transcript/exception-kinds';
import type { Plan } from '../schema';

/** How many are printed. */
export const EXCEPTION_SHEETS = 5;

/** The sheets. */
export function exceptionSheets(plan: Plan): Block[] {
  return Array.from({ length: EXCEPTION_SHEETS }, (_, place) => sheet(plan, place + 1)).flat();
}

function sheet(plan: Plan, number: number): Block[] {
  return [
    { kind: 'page-break' },
    heading(2, `Exception sheet ${String(number)} of ${String(EXCEPTION_SHEETS)}`),
    paragraph(
      `${plan.title}. An exception names one step and is signed by a crypto administrator and by a witness or auditor, here and in Keyrite.`,
    ),
    paragraph(
      'Never waived: mode, roster, plan hash, command signatures, counters, module hash, unit differences, the final quorum.',
    ),
    {
      kind: 'blanks',
      fields: [
        { label: 'Step', width: 40 },
        { label: 'Time (UTC)', width: 25 },
        { label: 'Line in the transcript', width: 22 },
      ],
    },
    paragraph(`Kind:  ${EXCEPTION_KINDS.map((kind) => `${BOX}\u00a0${kind}`).join('    ')}`),
    form('What it is about', ['What was expected', 'What happened', 'What was decided'], 42),
    form(
      'Signatures',
      ['Crypto administrator: name, signature, time', 'Witness or auditor: name, signature, time'],
      18,
    ),
  ];
}

function form(caption: string, names: readonly string[], rowHeight: number): Block {
  return table(
    caption,
    [
      ['About', 24],
      ['To be filled in', 76],
    ],
    names.map((name) => [cell(name), []]),
    { whole: true, rowHeads: true, rowHeight },
  );
}
