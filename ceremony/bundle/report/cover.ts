/** The first page: what ceremony this is, what came of it, and the two hashes by which it is known. */
import {
  cell,
  exact,
  facts,
  heading,
  list,
  notice,
  paragraph,
  prose,
  strong,
  table,
  type Block,
} from '../../print/document';
import { SUMS } from '../layout';
import type { Finding, VerifyReport } from '../verify';
import { attendanceInWords } from './attendance';
import { hashCell, hexCell } from './exact-cells';
import { namesOf, type Recorded } from './recorded';
import { organisationOf } from './stated';

/** What a rehearsal is marked with on every page. */
const REHEARSAL_BANNER = 'REHEARSAL: STANDS FOR NOTHING IN PRODUCTION';

/** Title, mode, outcome, hashes. */
export function cover(recorded: Recorded): Block[] {
  const { summary, opening, lines, plan, report } = recorded;
  const { app } = opening.body;
  const signed = summary.signers.length === 0 ? 'nobody' : namesOf(recorded, summary.signers);
  return [
    heading(1, summary.title),
    paragraph('Report of a key ceremony'),
    summary.mode === 'rehearsal'
      ? notice(
          'REHEARSAL',
          'Tokens and keys of this ceremony may be throw-away ones. Nothing in this report stands for anything in production, and no checkpoint of it can be shown as one of production.',
        )
      : notice('PRODUCTION', 'This ceremony was carried out in production mode.'),
    ...(verdictOf(report) === 'refused'
      ? [
          notice(
            'REFUSED',
            'Something in this record does not hold. Nothing in this report may be relied on; what does not hold is listed under Verdict.',
          ),
        ]
      : []),
    facts('The ceremony at a glance', [
      ['Ceremony', cell(exact(summary.ceremony))],
      ['Mode', cell(summary.mode)],
      ['Outcome', cell(strong(outcomeInWords(recorded)))],
      ['Verdict', cell(VERDICTS[verdictOf(report)])],
      ['Exceptions', cell(countOf(report.exceptions, 'none', 'exception', 'each in full words below'))],
      ['Withheld facts', cell(String(report.withheld))],
      ['From', cell(opening.at)],
      ['To', cell(lines.at(-1)?.at ?? '')],
      ...(plan === null ? [] : [['Site', cell(plan.site.name)] as const]),
      ['Last checkpoint signed by', cell(signed)],
      ['Root over all lines', hashCell(summary.root)],
      ['Plan hash', hashCell(summary.planHash)],
      ['Binding hash', hexCell(summary.bindingHash)],
      ['Lines of the transcript', cell(String(summary.lines))],
      ['Program', [...cell(`${app.name} ${app.version} on ${app.runtime}`), ...hexCell(app.sha256)]],
    ]),
    table(
      'Participants, as the record shows them there',
      [
        ['Name', 27],
        ['Organisation', 23],
        ['Role', 20],
        ['Present', 30],
      ],
      recorded.people.map((person) => [
        cell(person.name),
        cell(organisationOf(recorded, person.id)),
        cell(person.roles.join(', ')),
        cell(attendanceInWords(recorded, person)),
      ]),
      { rowHeads: true, whole: true },
    ),
    ...(plan === null ? [] : [heading(2, 'Purpose'), ...prose(plan.purpose)]),
    ...(plan === null
      ? []
      : [
          heading(2, 'Physical controls of the site, by the plan'),
          list(plan.site.controls.flatMap((one) => one.trim().split('\n'))),
        ]),
  ];
}

/** What the verification found, in full. */
export function verdictSection({ report }: { readonly report: VerifyReport }): Block[] {
  const missing = missingOf(report);
  return [
    heading(2, 'Verdict'),
    paragraph(strong(VERDICTS[verdictOf(report)])),
    paragraph(
      `Exceptions: ${String(report.exceptions)}. Withheld facts: ${String(report.withheld)}. Findings: ${String(report.findingsInAll)}.`,
    ),
    ...(report.findings.length === 0 ? [] : [findingTable('What does not hold', report.findings)]),
    ...(missing.length === 0 ? [] : [findingTable('What is still missing', missing)]),
  ];
}

/** The verdict at the time of writing. The report is written before the sums, which cover it. */
export function verdictOf(report: VerifyReport): VerifyReport['verdict'] {
  return report.verdict === 'incomplete' && missingOf(report).length === 0 ? 'consistent' : report.verdict;
}

function missingOf({ missing }: VerifyReport): readonly Finding[] {
  return missing.filter(({ where }) => where !== SUMS);
}

/** What stands on every page of a record that does not hold, or of a rehearsal; null where neither is so. */
export function bannerOf({ summary, report }: Recorded): string | null {
  const marks = [
    ...(verdictOf(report) === 'refused' ? ['REFUSED: THIS RECORD DOES NOT HOLD'] : []),
    ...(summary.mode === 'rehearsal' ? [REHEARSAL_BANNER] : []),
  ];
  return marks.length === 0 ? null : marks.join('. ');
}

const VERDICTS = {
  refused: 'Refused: something does not hold.',
  incomplete: 'Incomplete: the ceremony was not brought to its end.',
  consistent:
    'Consistent: everything held when this report was written, by the bundle’s own word. Check it again with the plan hash from elsewhere.',
  verified: 'Verified: everything held when this report was written, and what was given from outside matched.',
} as const;

function outcomeInWords({ summary, report }: Recorded): string {
  switch (summary.outcome) {
    case null:
      return 'NOT CLOSED: the ceremony was not brought to its end';
    case 'abandoned':
      return 'ABANDONED: the ceremony was closed before its end';
    case 'completed':
      return report.exceptions === 0
        ? 'COMPLETED as planned'
        : `COMPLETED, ${countOf(report.exceptions, '', 'exception', '')}`;
  }
}

function countOf(count: number, none: string, word: string, more: string): string {
  if (count === 0) return none;
  return `${String(count)} ${word}${count === 1 ? '' : 's'}${more === '' ? '' : `, ${more}`}`;
}

function findingTable(caption: string, findings: readonly Finding[]): Block {
  return table(
    caption,
    [
      ['Where', 30],
      ['Line', 10],
      ['Finding', 60],
    ],
    findings.map(({ where, line, reason }) => [
      cell(exact(where)),
      cell(line === null ? '' : String(line)),
      cell(reason),
    ]),
  );
}
