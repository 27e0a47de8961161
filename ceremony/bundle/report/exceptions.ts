/** Exceptions in their full words, and everything else that did not go straight. */
import * as v from 'valibot';
import { cell, exact, facts, heading, paragraph, strong, table, type Block, type Cell } from '../../print/document';
import { DECISION } from '../../transcript/fact-names';
import type { Line } from '../../transcript/line';
import { hexCell } from './exact-cells';
import { linesOf, nameOf, namesOf, type Recorded } from './recorded';
import { exceptionOf } from './step-story';

/** Most exceptions that stand here in full words; of the others, line and kind. */
const MOST_IN_FULL = 100;

/** What people decided to go on without, and who signed for it. */
export function exceptionsSection(recorded: Recorded): Block[] {
  const all = linesOf(recorded, 'exception.recorded');
  const rest = all.slice(MOST_IN_FULL);
  return [
    heading(2, 'Exceptions'),
    ...(all.length === 0
      ? [paragraph('None.')]
      : [
          paragraph(
            'An exception names one step, and is signed by a crypto administrator and by a witness or auditor. Mode, roster, plan hash, command signatures, counters, module hash, differences of units and the final quorum are never waived.',
          ),
        ]),
    ...all.slice(0, MOST_IN_FULL).flatMap((line, place) => {
      const said = exceptionOf(line);
      return [
        heading(3, `Exception ${String(place + 1)} of ${String(all.length)}: ${line.body.kind}`),
        facts(`Exception ${String(place + 1)}`, [
          ['Step', cell(exact(line.step ?? ''), `line ${String(line.seq)}, ${line.at}`)],
          ['What was expected', cell(said?.expected ?? 'cannot be read')],
          ['What happened', cell(said?.happened ?? 'cannot be read')],
          ['What was decided', cell(said?.decided ?? 'cannot be read')],
          [
            'Signed by',
            cell(
              namesOf(
                recorded,
                line.body.record.signatures.map(({ keyid }) => keyid),
              ),
            ),
          ],
        ]),
      ];
    }),
    ...(rest.length === 0
      ? []
      : [
          table(
            'Further exceptions, in full words in the transcript',
            [
              ['Line', 15],
              ['Step', 35],
              ['Kind', 50],
            ],
            rest.map((line) => [cell(String(line.seq)), cell(exact(line.step ?? '')), cell(line.body.kind)]),
          ),
        ]),
  ];
}

/** Failures, readings after them, interruptions, sessions. */
export function troublesSection(recorded: Recorded): Block[] {
  return [
    heading(2, 'Failures, readings after them, interruptions'),
    table(
      'Everything that did not go straight, in order',
      [
        ['Line', 8],
        ['Step', 17],
        ['What happened', 40],
        ['What was and was not changed', 35],
      ],
      recorded.lines.flatMap((line) => troubleOf(recorded, line)),
    ),
  ];
}

function troubleOf(recorded: Recorded, line: Line): Cell[][] {
  const told = (what: Cell, changed: Cell): Cell[][] => [
    [cell(String(line.seq)), cell(exact(line.step ?? '')), what, changed],
  ];
  switch (line.type) {
    case 'step.failed': {
      const { error, changed, next } = line.body;
      return told(cell(strong(error.code), error.message), cell(changed, `Next: ${next}`));
    }
    case 'fact.recorded': {
      const decided = line.body.fact === DECISION ? v.safeParse(Decided, line.body.value) : null;
      if (decided?.success !== true) return [];
      const who = line.by.length === 0 ? 'Nobody had proved presence yet' : namesOf(recorded, line.by);
      return told(cell(strong(`Decided: ${decided.output.option}`), decided.output.happened), cell(who));
    }
    case 'step.reconciled':
      return told(cell(exact(line.body.act), 'The device was looked at again.'), cell(VERDICTS[line.body.verdict]));
    case 'ceremony.resumed': {
      const { reason, note, torn, session } = line.body;
      const number = session === undefined ? '' : `, session ${String(session.number)}`;
      const cut =
        torn === null
          ? []
          : [
              `A last line that was not written to its end was cut off: ${String(torn.bytes)} bytes, SHA-256 ${torn.sha256}`,
            ];
      const binding = session === undefined ? [] : [...cell('Its binding'), ...hexCell(session.binding.sha256)];
      return told([...cell(`Resumed after a ${reason}${number}`, ...cut), ...binding], cell(note));
    }
    case 'ceremony.paused': {
      const { reason, seals } = line.body;
      return told(cell('Paused', reason), cell(...seals.map(({ material, number }) => `${material}: seal ${number}`)));
    }
    case 'participant.left':
    case 'participant.replaced':
      return told(cell(`${nameOf(recorded, line.body.participant)} left`), cell(line.body.reason));
    default:
      return [];
  }
}

const Decided = v.object({ option: v.picklist(['again', 'stop']), happened: v.string() });

const VERDICTS = {
  applied: 'It had been carried out.',
  'not-applied': 'It had not been carried out.',
  undetermined: 'It cannot be told whether it was carried out.',
} as const;
