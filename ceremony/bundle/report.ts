/**
 * The report of a bundle: one HTML page for people, to read and to print. Rules for its words: the field's own; what is
 * claimed by the workstation is called claimed; nothing is said that the verification did not find.
 */
import * as v from 'valibot';
import { parseCanonical } from '../canonical-json';
import { spkiSha256 } from '../command/dsse';
import { Plan } from '../plan/schema';
import type { Line, LineWith, RosterEntry } from '../transcript/line';
import { readTranscript } from '../transcript/read';
import { hexGroups, words } from '../words';
import { LIMITS, PLAN, SUMS, TRANSCRIPT, type BundleReader } from './layout';
import { exact, page, pairs, paragraph, section, stacked, table, text, type Html } from './report-html';
import {
  exceptionOf,
  observationsOf,
  readingsOf,
  rootKeysOf,
  shareSetsOf,
  storyOf,
  type RegisterStory,
  type UnitReadingStory,
} from './report-record';
import type { BundleSummary, Finding, VerifyReport } from './verify';

/** The report as HTML, by what the bundle holds and what its verification found. A refused bundle gets one too. */
export async function renderReport(bundle: BundleReader, report: VerifyReport): Promise<string> {
  const { summary } = report;
  if (summary === null) {
    return page('Evidence bundle', null, [{ html: '<h1>Evidence bundle</h1>' }, verdictSection(report)]);
  }
  const lines = readTranscript(await bundle.read(TRANSCRIPT), LIMITS.lines).lines.map(({ line }) => line);
  const plan = await readPlanFile(bundle);
  const names = new Map(summary.roster.map(({ id, name }) => [id, name]));
  const banner = summary.mode === 'rehearsal' ? 'REHEARSAL: STANDS FOR NOTHING IN PRODUCTION' : null;
  return page(summary.title, banner, [
    cover(summary, lines),
    verdictSection(report),
    people(summary, lines),
    ...(plan === null ? [] : [steps(plan, lines, names), units(plan, lines), quorums(plan, lines)]),
    keys(summary, lines),
    packages(lines),
    exceptions(lines, names),
    troubles(lines),
    checkpoints(summary, names),
    workstation(lines),
    section(
      'What this proves',
      paragraph(
        'The record proves whose keys signed what, and that nothing was changed afterwards. It does not prove that the ' +
          'workstation told the truth to those who signed. Times are those of the workstation’s clock. This page is not ' +
          'part of the signed record; plan, transcript and checkpoints are.',
      ),
    ),
  ]);
}

function cover(summary: BundleSummary, lines: readonly Line[]): Html {
  const opening = lines[0];
  const app = opening?.type === 'ceremony.opened' ? opening.body.app : null;
  const facts = pairs([
    ['Ceremony', exact(summary.ceremony)],
    ['Mode', text(summary.mode)],
    ['Outcome', text(summary.outcome ?? 'not closed')],
    ['From', text(opening?.at ?? '')],
    ['To', text(lines.at(-1)?.at ?? '')],
    ['Plan hash', hash(summary.planHash)],
    ['Root over all lines', hash(summary.root)],
    ['Lines', text(String(summary.lines))],
    ['Program', text(app === null ? '' : `${app.name} ${app.version} on ${app.runtime}`)],
  ]);
  return { html: `<h1>${text(summary.title).html}</h1>${facts.html}` };
}

function verdictSection(report: VerifyReport): Html {
  // The report is written before the sums, which cover it.
  const missing = report.missing.filter(({ where }) => where !== SUMS);
  const verdict = report.verdict === 'incomplete' && missing.length === 0 ? 'consistent' : report.verdict;
  return section(
    'Verdict',
    paragraph(
      `${VERDICTS[verdict]} Exceptions: ${String(report.exceptions)}. Withheld facts: ${String(report.withheld)}.`,
    ),
    ...(report.findings.length === 0 ? [] : [findingTable('Finding', report.findings)]),
    ...(missing.length === 0 ? [] : [findingTable('Still missing', missing)]),
  );
}

const VERDICTS = {
  refused: 'Refused: something does not hold.',
  incomplete: 'Incomplete: the ceremony was not brought to its end.',
  consistent:
    'Consistent: everything held when this report was written, by the bundle’s own word. Check it again with the plan hash from elsewhere.',
  verified: 'Verified: everything held when this report was written, and what was given from outside matched.',
} as const;

function findingTable(head: string, findings: readonly Finding[]): Html {
  return table(
    ['Where', 'Line', head],
    findings.map(({ where, line, reason }) => [exact(where), text(line === null ? '' : String(line)), text(reason)]),
  );
}

function people({ roster, signers }: BundleSummary, lines: readonly Line[]): Html {
  const present = ({ id, roles }: RosterEntry): string =>
    lines.find((line) => line.type === 'participant.present' && line.body.participant === id)?.at ??
    (roles.includes('approver') ? 'signed plan and binding beforehand' : 'did not prove presence');
  return section(
    'Participants',
    table(
      ['Name', 'Role', 'Key', 'Proved presence', 'Signed the last checkpoint'],
      roster.map((person) => [
        stacked([text(person.name), exact(person.id)]),
        text(person.roles.join(', ')),
        stacked([text(keyWords(person)), exact(hexGroups(spkiSha256(person.key.spki)))]),
        text(present(person)),
        text(signers.includes(person.id) ? 'yes' : 'no'),
      ]),
    ),
  );
}

function keyWords({ key }: RosterEntry): string {
  return `${key.algorithm}, ${key.holder === 'token' ? 'on a token' : 'in a file, which can be copied'}`;
}

function steps(plan: Plan, lines: readonly Line[], names: ReadonlyMap<string, string>): Html {
  return section(
    'Steps',
    table(
      ['', 'Step', 'Who', 'When', 'Lines', 'Outcome'],
      plan.steps.map((step, place) => {
        const story = storyOf(step.id, lines);
        return [
          text(String(place + 1)),
          stacked([text(step.title), exact(step.action)]),
          text(story.by.map((id) => names.get(id) ?? id).join(', ')),
          stacked([text(story.began ?? ''), text(story.ended ?? '')]),
          text(story.lines === null ? '' : `${String(story.lines[0])} to ${String(story.lines[1])}`),
          text(story.attempts > 1 ? `${story.status}, ${String(story.attempts)} attempts` : story.status),
        ];
      }),
    ),
  );
}

function units(plan: Plan, lines: readonly Line[]): Html {
  const tables = plan.units.map(({ id, name, begins }) => {
    const readings = readingsOf(id, lines);
    const rows = [readings[0], readings.length > 1 ? readings.at(-1) : undefined].filter((one) => one !== undefined);
    return [
      { html: `<h3>${text(name).html}</h3>` },
      paragraph(`Came into the ceremony: ${begins}.`),
      table(
        ['Read', 'Identity', 'State', 'New register', 'Current register'],
        rows.map(readingRow),
        'It was not read.',
      ),
    ];
  });
  return section('Crypto units, before and after', ...tables.flat());
}

function readingRow(reading: UnitReadingStory): readonly Html[] {
  const { state, registers, serial, identity, stateKept } = reading;
  return [
    stacked([text(reading.at), text(`line ${String(reading.line)}`)]),
    stacked([exact(hexGroups(identity ?? '')), text(`serial ${serial ?? 'unknown'}`)]),
    state === null
      ? text('none')
      : stacked([
          text(`${state.mode}, counter ${String(state.counter)}`),
          text(`administrators: ${state.administrators.map(({ id }) => id).join(', ') || 'none'}`),
          text(
            `signature threshold ${String(state.signatureThreshold)}, revocation threshold ${String(state.revocationThreshold)}`,
          ),
          text(
            stateKept === 'none'
              ? 'the token keeps no state: a rollback would not be visible on it'
              : 'state kept on the token',
          ),
        ]),
    register(registers?.new),
    register(registers?.current),
  ];
}

function register(story: RegisterStory | undefined): Html {
  if (story === undefined) return text('not read');
  return stacked([text(story.status), ...(story.pattern === null ? [] : [exact(hexGroups(story.pattern))])]);
}

/** A generic token cannot count signatures: what stands behind a quorum is said, not left to be guessed. */
function quorums(plan: Plan, lines: readonly Line[]): Html {
  const thresholds = plan.units.map(({ id, name }) => {
    const state = readingsOf(id, lines).findLast((one) => one.state !== null)?.state;
    const rule =
      state === null || state === undefined || state.mode === 'imprint'
        ? 'none set'
        : `${String(state.signatureThreshold)} of ${String(state.administrators.length)} administrators`;
    return [text(`${name}: administrative commands`), text(rule), text('enforced by Keyrite only')];
  });
  const signOff = plan.signOff.quorum.map(({ role, count }) => `${String(count)} × ${role}`).join(', ');
  const pins = plan.pins.map((pin) => [
    text(`PIN ${pin.id} of ${pin.units.join(', ')}`),
    text(pin.parts === 2 ? 'two parts by two people' : 'one person: whoever holds it can act on the unit alone'),
    text('enforced by Keyrite only'),
  ]);
  return section(
    'Quorums, and what stands behind them',
    table(
      ['Quorum', 'Rule', 'Enforced'],
      [...thresholds, [text('Last checkpoint'), text(signOff), text('checked by whoever verifies')], ...pins],
    ),
    paragraph(
      'Whoever holds the user PIN of a unit can act on it without Keyrite; the unit itself counts no signatures.',
    ),
  );
}

function keys({ roster }: BundleSummary, lines: readonly Line[]): Html {
  const sets = shareSetsOf(lines).map((set) => [
    stacked([text(`Master key, set ${set.set}`), text(`line ${String(set.line)}${set.voided ? ', void' : ''}`)]),
    stacked([text('verification pattern'), exact(hexGroups(set.pattern))]),
    text(
      `Made outside every token, in the share process of the workstation, as ${String(set.count)} ${set.scheme}, because custodians ` +
        'hold it on worksheets. It existed there in the clear until it was loaded; each component was shown to its custodian.',
    ),
  ]);
  const roots = rootKeysOf(lines).map((key) => [
    stacked([
      text(`Root key ${key.name}`),
      text(`made in ${key.unit}, line ${String(key.line)}${key.destroyed ? ', destroyed after wrapping' : ''}`),
    ]),
    stacked([text(key.checkValue.algorithm), exact(key.checkValue.value)]),
    text(
      key.wrappedIn === 'token'
        ? 'Never outside the token but wrapped.'
        : 'In the clear in a share process for a moment: the token lacks the mechanism of the service, so the key was wrapped to a one-time key, opened there and wrapped again.',
    ),
  ]);
  const copyable = roster
    .filter(({ key }) => key.holder === 'file')
    .map(({ name, key }) => [
      text(`Signing key of ${name}`),
      stacked([text('spki-sha256'), exact(hexGroups(spkiSha256(key.spki)))]),
      text('In a file: it can be copied.'),
    ]);
  return section(
    'Keys, and whether they ever existed outside a token',
    table(['Key', 'Check value', 'Outside a token'], [...sets, ...roots, ...copyable], 'No key was made.'),
    paragraph(
      'Identity keys of units and signing keys on tokens were made in the token and cannot leave it, as far as the token tells.',
    ),
  );
}

function packages(lines: readonly Line[]): Html {
  const rows = lines.flatMap((line) =>
    ('files' in line.body ? (line.body.files ?? []) : [])
      .filter(({ name }) => name.startsWith('packages/') || name.startsWith('attachments/'))
      .map(({ name, sha256 }) => [exact(name), hash(sha256), text(String(line.seq))]),
  );
  return section('Key packages and attachments', table(['File', 'SHA-256', 'Named in line'], rows));
}

function exceptions(lines: readonly Line[], names: ReadonlyMap<string, string>): Html {
  const rows = ofType(lines, 'exception.recorded').map((line) => {
    const said = exceptionOf(line);
    return [
      text(String(line.seq)),
      stacked([exact(line.step ?? ''), text(line.body.kind)]),
      text(said?.expected ?? ''),
      text(said?.happened ?? ''),
      text(said?.decided ?? ''),
      text(line.body.record.signatures.map(({ keyid }) => names.get(keyid) ?? keyid).join(', ')),
    ];
  });
  return section('Exceptions', table(['Line', 'Step, kind', 'Expected', 'Happened', 'Decided', 'Signed by'], rows));
}

function troubles(lines: readonly Line[]): Html {
  const rows = lines.flatMap((line) => {
    const head = [text(String(line.seq)), exact(line.step ?? '')];
    switch (line.type) {
      case 'step.failed':
        return [[...head, text(`${line.body.error.code}: ${line.body.error.message}`), text(line.body.changed)]];
      case 'step.reconciled':
        return [[...head, text(`${line.body.act} was read again`), text(line.body.verdict)]];
      case 'ceremony.resumed':
        return [[...head, text(`resumed after a ${line.body.reason}`), text(line.body.note)]];
      case 'ceremony.paused':
        return [[...head, text('paused'), text(line.body.reason)]];
      case 'participant.left':
      case 'participant.replaced':
        return [[...head, text(`${line.body.participant} left`), text(line.body.reason)]];
      default:
        return [];
    }
  });
  return section('Failures, readings after them, interruptions', table(['Line', 'Step', 'What', 'Result'], rows));
}

function checkpoints({ checkpoints: made }: BundleSummary, names: ReadonlyMap<string, string>): Html {
  return section(
    'Checkpoints',
    table(
      ['Number', 'Lines', 'Root', 'Signed by'],
      made.map(({ number, size, root, signers, final }) => [
        text(`${String(number)}${final ? ', the last' : ''}`),
        text(String(size)),
        hash(root),
        text(signers.map((id) => names.get(id) ?? id).join(', ')),
      ]),
    ),
    paragraph(
      'No signer is on record as having recomputed the root on a station of their own: all relied on the operator’s screen.',
    ),
  );
}

function workstation(lines: readonly Line[]): Html {
  const rows = observationsOf(lines).map(({ check, ok, found }) => [
    text(check),
    text(ok === null ? 'noted' : ok ? 'as it should be' : 'not as it should be'),
    text(found),
  ]);
  return section(
    'Workstation, as it described itself',
    table(['What', 'Found', 'Details'], rows, 'Nothing is on record.'),
  );
}

/** A hash for comparing by eye and by ear. */
function hash(hex: string): Html {
  return stacked([exact(hexGroups(hex)), text(words(Buffer.from(hex, 'hex')))]);
}

function ofType<T extends Line['type']>(lines: readonly Line[], type: T): readonly LineWith<T>[] {
  return lines.filter((line): line is LineWith<T> => line.type === type);
}

async function readPlanFile(bundle: BundleReader): Promise<Plan | null> {
  try {
    const parsed = v.safeParse(Plan, parseCanonical(await bundle.read(PLAN.canonical)));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}
