/** The workstation, its clock, the files of the record, what people said, and how long all of it is kept. */
import * as v from 'valibot';
import type { Line } from '../../transcript/line';
import {
  cell,
  exact,
  facts,
  heading,
  list,
  paragraph,
  prose,
  table,
  type Block,
  type Cell,
} from '../../print/document';
import { hexCell } from './exact-cells';
import { clocksOf, preflightsOf } from './observations';
import { linesOf, nameOf, namesOf, type Recorded } from './recorded';
import { NOT_STATED } from './stated';

/** A session: what ran in it, and the lines that it wrote. */
interface SessionStory {
  /** From 1. */
  readonly number: number;
  readonly app: Recorded['opening']['body']['app'];
  readonly lines: readonly Line[];
}

/** Every session in order: each may have been at another site, on another workstation, with another program. */
function sessionsOf(recorded: Recorded): readonly SessionStory[] {
  const { lines, opening } = recorded;
  const later = linesOf(recorded, 'ceremony.resumed').flatMap(({ seq, body }) =>
    body.session === undefined ? [] : [{ seq, app: body.session.app }],
  );
  return [{ seq: 0, app: opening.body.app }, ...later].map(({ seq, app }, place) => ({
    number: place + 1,
    app,
    lines: lines.filter((line) => line.seq >= seq && line.seq < (later[place]?.seq ?? Infinity)),
  }));
}

/** Workstation and operating-system image of each session, as they described themselves. */
export function workstationSection(recorded: Recorded): Block[] {
  const sessions = sessionsOf(recorded);
  const clocks = clocksOf(recorded.lines);
  return [
    heading(2, 'Workstation and operating system'),
    ...sessions.flatMap((session) => [
      ...(sessions.length > 1 ? [heading(3, `Session ${String(session.number)}`)] : []),
      ...sessionBlocks(recorded, session, sessions.length > 1),
    ]),
    ...(clocks.length === 0
      ? []
      : [
          table(
            'Clocks of their own that people read, beside the workstation’s',
            [
              ['Read by', 22],
              ['Clock', 26],
              ['Showed', 22],
              ['Workstation', 22],
              ['Line', 8],
            ],
            clocks.map(({ by, source, at, workstation, line }) => [
              cell(nameOf(recorded, by)),
              cell(source),
              cell(at),
              cell(workstation),
              cell(String(line)),
            ]),
          ),
        ]),
  ];
}

function sessionBlocks(recorded: Recorded, session: SessionStory, isOneOfSeveral: boolean): Block[] {
  const { app, number } = session;
  const preflights = preflightsOf(session.lines);
  const system = preflights.at(-1)?.observations.find(({ check }) => check === 'operating system')?.found;
  const which = isOneOfSeveral ? ` in session ${String(number)}` : '';
  return [
    facts(`Program and operating system${which}`, [
      ['Program', [...cell(`${app.name} ${app.version}`), ...hexCell(app.sha256)]],
      ['Runtime', cell(app.runtime)],
      ['Operating system', cell(system ?? 'not on record')],
      ['Operating-system image', imageCell(recorded, number)],
    ]),
    ...(preflights.length === 0 ? [null] : preflights).map((seen) =>
      table(
        `What the pre-flight saw${which}${seen === null ? '' : `, line ${String(seen.line)}`}`,
        [
          ['What', 24],
          ['Found', 22],
          ['Details', 54],
        ],
        (seen?.observations ?? []).map(({ check, ok, found }) => [
          cell(check),
          cell(ok === null ? 'noted' : ok ? 'as it should be' : 'NOT as it should be'),
          cell(found),
        ]),
        { rowHeads: true, none: 'No pre-flight is on record.' },
      ),
    ),
  ];
}

/** The image that the workstation was started from: no program that runs in it can tell, so people state it. */
function imageCell({ bindings }: Recorded, session: number): Cell {
  const found = bindings[session - 1]?.workstation;
  if (found === undefined) return cell(`${NOT_STATED}: the binding does not say what the workstation was started from`);
  const where = bindings.length > 1 ? `as the binding of session ${String(session)} states` : 'as the binding states';
  return [...cell(`${found.image}, ${where}; its SHA-256:`), ...hexCell(found.sha256)];
}

/** Key packages, attachments, and what people answered and confirmed. */
export function filesSection(recorded: Recorded): Block[] {
  const files = recorded.lines.flatMap((line) =>
    ('files' in line.body ? (line.body.files ?? []) : [])
      .filter(({ name }) => /^(?:packages|attachments)\//.test(name))
      .map(({ name, sha256 }) => [cell(exact(name)), hexCell(sha256), cell(String(line.seq))]),
  );
  const Answer = v.object({ asked: v.string(), answer: v.string() });
  const answers = linesOf(recorded, 'fact.recorded').flatMap(({ seq, by, body }) => {
    const parsed = v.safeParse(Answer, body.value);
    if (!parsed.success) return [];
    const { asked, answer } = parsed.output;
    return [[cell(asked), cell(answer), cell(namesOf(recorded, by)), cell(String(seq))]];
  });
  const statements = linesOf(recorded, 'step.confirmed').map(({ seq, by, body }) => [
    cell(body.statement),
    cell(namesOf(recorded, by)),
    cell(String(seq)),
  ]);
  return [
    heading(2, 'Key packages and attachments'),
    table(
      'Files that lines name by hash',
      [
        ['File', 46],
        ['SHA-256', 44],
        ['Line', 10],
      ],
      files,
    ),
    heading(2, 'What was recorded and confirmed'),
    table(
      'Facts that people stated',
      [
        ['Asked', 36],
        ['Answer', 36],
        ['By', 20],
        ['Line', 8],
      ],
      answers,
      { none: 'Nothing was asked of people.' },
    ),
    table(
      'Statements that were read aloud and confirmed',
      [
        ['Statement', 58],
        ['Confirmed by', 34],
        ['Line', 8],
      ],
      statements,
      { none: 'Nothing was read aloud.' },
    ),
  ];
}

/** How long all of it is kept, and where. */
export function retentionSection({ plan }: Recorded): Block[] {
  return [
    heading(2, 'Storage and retention'),
    ...(plan === null ? [] : prose(plan.storage)),
    ...(plan === null || plan.retention === undefined
      ? [paragraph(`How long and by whom: ${NOT_STATED} in the plan.`)]
      : [heading(3, 'How long, and by whom'), ...prose(plan.retention)]),
    paragraph('Kept at least for as long as the longest of the rules that apply:'),
    list([
      'CA/Browser Forum Baseline Requirements, section 5.4.3: records of a CA key’s life cycle at least two years after the key is destroyed, or the last certificate under it expires or is revoked, whichever is later',
      'ETSI EN 319 411-1: as the practice statement says, commonly seven years after the last certificate ceases to be valid',
      'PCI PIN: records of access to key components, by your own copy of the standard',
    ]),
    table(
      'What is kept, where, and how long: to be filled in',
      [
        ['What', 34],
        ['Where', 26],
        ['Until', 18],
        ['Responsible', 22],
      ],
      [
        'Evidence bundle: this folder, whole',
        'This report, signed',
        'Annotated script and exception sheets',
        'Recordings, access logs of the room',
      ].map((what) => [cell(what), [], [], []]),
      { rowHeads: true, rowHeight: 9 },
    ),
  ];
}

/** What the record proves, and how a stranger checks it. */
export function proofSection(): Block[] {
  return [
    heading(2, 'What this proves, and how to check it'),
    paragraph(
      'The record proves whose keys signed what, and that nothing was changed afterwards. It does not prove that the workstation told the truth to those who signed. Times are those of the workstation’s clock. This report is not part of the signed record; plan, transcript and checkpoints are.',
    ),
    paragraph(
      'In the folder of the bundle, with coreutils, jq and openssl, and the plan hash as it was printed and read aloud: ',
      exact('sh verify.sh --plan-hash HASH'),
      '. The same version of Keyrite makes this report again, byte for byte, by ',
      exact('keyrite report BUNDLE -o report.pdf'),
      '.',
    ),
  ];
}
