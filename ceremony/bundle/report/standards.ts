/**
 * The standards an auditor brings, and where in this record to look. What they ask stands in `ceremony/standards`, from
 * which docs/standards.md is made too. Status says what the record shows, never that a standard is met.
 */
import { cell, heading, paragraph, strong, table, type Block } from '../../print/document';
import { custodyIn } from '../../transcript/custody-fact';
import { REQUIREMENTS, citation, type RequirementId } from '../../standards/requirements';
import { SEAL } from '../../transcript/fact-names';
import type { RosterEntry } from '../../transcript/line';
import { arrivalsOf } from './attendance';
import { verdictOf } from './cover';
import { rootKeysOf, shareSetsOf } from './keys-made';
import { preflightsOf } from './observations';
import { linesInWords, linesOf, type Recorded } from './recorded';
import { stated } from './stated';
import { isDone } from './step-story';

/** What the record holds of a requirement. */
interface Found {
  /** `partly`: some of what is asked shows, and not all of it. */
  readonly status: 'evidenced' | 'partly' | 'not met' | 'not in this record';
  /** Lines or files in words. */
  readonly where: string;
}

type Where = (recorded: Recorded) => Found;

const NOTHING: Found = { status: 'not in this record', where: '' };
const at = (where: string): Found => (where === '' ? NOTHING : { status: 'evidenced', where });

/** The lines of the steps that carry out one of these actions, and were carried out. */
const byAction =
  (...actions: readonly string[]): Where =>
  (recorded) =>
    at(stretches(linesOfDone(recorded, actions)));

function linesOfDone(recorded: Recorded, actions: readonly string[]): readonly number[] {
  return (recorded.plan?.steps ?? [])
    .filter(({ action, id }) => actions.includes(action) && isDone(recorded, id))
    .flatMap(({ id }) => (recorded.ofStep.get(id) ?? []).map(({ seq }) => seq));
}

const opening: Where = () => at('line 0, plan.json');
const whole: Where = ({ lines }) => at(linesInWords(0, lines.at(-1)?.seq ?? 0));

/** Carried out to its end by the plan, with exceptions as far as people signed for them. */
const followed: Where = ({ lines, report, summary }) => {
  const all = linesInWords(0, lines.at(-1)?.seq ?? 0);
  const verdict = verdictOf(report);
  if (verdict === 'refused') return { status: 'not met', where: 'the record does not hold' };
  if (summary.outcome !== 'completed' || verdict === 'incomplete')
    return { status: 'not met', where: `${all}: not brought to its end` };
  if (report.exceptions === 0) return at(all);
  return { status: 'partly', where: `${all}, but for what the exceptions name: ${String(report.exceptions)}` };
};

/** Witnesses and auditors with no other duty: whether they are of another organisation is for the auditor to find out. */
function independent({ people }: Recorded): readonly RosterEntry[] {
  return people.filter(({ roles }) => roles.every((role) => role === 'witness' || role === 'auditor'));
}

const witnessed: Where = (recorded) =>
  at(
    independent(recorded)
      .flatMap(({ id, name }) => {
        const lines = stretches(arrivalsOf(recorded, id).map(({ line }) => line));
        return lines === '' ? [] : [`${name}: ${lines}`];
      })
      .join('; '),
  );

/** Signed over the whole record by somebody who acted and by somebody who only watched. */
const signedByBoth: Where = (recorded) => {
  const { summary, people } = recorded;
  const final = summary.checkpoints.find((one) => one.final);
  const signed = (one: RosterEntry): boolean => summary.signers.includes(one.id);
  const watched = independent(recorded).filter(signed);
  const acted = people.filter((one) => one.roles.includes('crypto-administrator') && signed(one));
  if (final === undefined || (acted.length === 0 && watched.length === 0)) return NOTHING;
  const where = `last checkpoint, number ${String(final.number)}: ${[...acted, ...watched].map(({ name }) => name).join(', ')}`;
  return { status: acted.length > 0 && watched.length > 0 ? 'evidenced' : 'partly', where };
};

/** Keys made in a unit. A master key from components is made in a process of the workstation, whatever became of it later. */
const madeInModules: Where = (recorded) => {
  const inside = stretches(linesOfDone(recorded, ['unit.initialise', 'key.package', 'key.generate']));
  const outside = stretches(shareSetsOf(recorded).map(({ line }) => line));
  if (outside === '') return at(inside);
  return {
    status: inside === '' ? 'not met' : 'partly',
    where: [...(inside === '' ? [] : [inside]), `but a master key was made on the workstation: ${outside}`].join('; '),
  };
};

/** Who was handed which share, and the numbers of seals as the record holds them: in the ledger, or as facts of a pause. */
const custodyLog: Where = (recorded) => {
  const handed = stretches(linesOfDone(recorded, ['shares.distribute']));
  if (handed === '') return NOTHING;
  const sealed = recorded.lines.filter((line) => {
    if (line.type !== 'fact.recorded') return false;
    const entry = custodyIn(line);
    return line.body.fact === SEAL || (entry !== null && entry !== 'malformed' && entry.seal !== null);
  });
  if (sealed.length === 0)
    return { status: 'partly', where: `${handed}; numbers of seals only as far as people answered with them` };
  return at(`${handed}; seals: ${stretches(sealed.map(({ seq }) => seq))}`);
};

/** What each pre-flight says of the program's own known answers. */
const knownAnswers: Where = ({ lines }) => {
  const told = preflightsOf(lines).flatMap(({ line, observations }) =>
    observations.filter(({ check }) => check === 'known answers').map(({ ok }) => ({ line, ok })),
  );
  const wrong = told.filter(({ ok }) => ok !== true);
  const where = (of: typeof told): string =>
    `${stretches(of.map(({ line }) => line))} (of the program; those of the HSM are its own)`;
  if (told.length === 0) return NOTHING;
  return wrong.length === 0 ? at(where(told)) : { status: 'not met', where: where(wrong) };
};

/** Proofs of presence, and a mode that people stated for every unit: no unit says its own. */
const approvedMode: Where = (recorded) => {
  const proofs = stretches(linesOf(recorded, 'participant.present').map(({ seq }) => seq));
  const units = recorded.plan?.units ?? [];
  const modes = units.map(({ id }) => stated(recorded, (one) => one.units.find((unit) => unit.id === id)?.fips));
  if (modes.some((one) => one?.value.mode === 'not-approved'))
    return { status: 'not met', where: 'binding: a unit was not in its approved mode' };
  const isStated = units.length > 0 && modes.every((one) => one !== null);
  if (proofs === '' && !isStated) return NOTHING;
  return {
    status: proofs !== '' && isStated ? 'evidenced' : 'partly',
    where: [
      ...(proofs === '' ? [] : [`presence: ${proofs}`]),
      isStated ? 'modes: stated in the binding' : 'modes: not stated of every unit',
    ].join('; '),
  };
};

/** Where a record tells of each requirement. */
const WHERE: Readonly<Record<RequirementId, Where>> = {
  'webtrust-script': opening,
  'webtrust-sign-off': signedByBoth,
  'webtrust-deviations': (recorded) =>
    at(stretches(linesOf(recorded, 'exception.recorded').map(({ seq }) => seq)) || 'none were recorded'),
  'webtrust-witness': witnessed,
  'baseline-script': followed,
  'baseline-split': byAction('unit.imprint', 'shares.distribute', 'master-key.load'),
  'baseline-module': madeInModules,
  'baseline-logged': whole,
  'baseline-records': whole,
  'baseline-dual-control': byAction('shares.distribute', 'master-key.load', 'shares.drill'),
  'etsi-procedure': opening,
  'etsi-report': followed,
  'etsi-signed': signedByBoth,
  'pci-dual-control': byAction('shares.distribute', 'master-key.load'),
  'pci-clear-components': (recorded) => {
    const sets = shareSetsOf(recorded).map(({ line }) => `line ${String(line)}`);
    if (sets.length === 0) return at('none were there');
    return { status: 'not met', where: `${sets.join(', ')}: components were on the workstation` };
  },
  // A set of shares has a verification pattern, which is longer and another thing.
  'pci-check-values': (recorded) => at(stretches(rootKeysOf(recorded).map(({ line }) => line))),
  'pci-custody': custodyLog,
  'fips-roles': approvedMode,
  'fips-parameters': byAction('master-key.load', 'key.package', 'key.wrap'),
  'fips-self-tests': knownAnswers,
};

const IDS = Object.keys(REQUIREMENTS) as readonly RequirementId[];

/** The appendix. */
export function standardsSection(recorded: Recorded): Block[] {
  const isRefused = verdictOf(recorded.report) === 'refused';
  const there = recorded.people.filter(({ id }) => arrivalsOf(recorded, id).length > 0).length;
  return [
    heading(2, 'Appendix: standards, and where to look'),
    paragraph(
      `For whoever audits by one of these. The lines are those of transcript.jsonl, counted from 0. “Evidenced” means that lines of this record tell of it; whether they suffice, and whether a witness is independent, is the auditor’s judgement. Requirement numbers of PCI PIN and clauses of FIPS 140-3 beyond those given are left to your own copy. People who were there by this record: ${String(there)}.`,
    ),
    ...(isRefused ? [paragraph(strong('This record was refused: nothing in it is evidence of anything.'))] : []),
    table(
      'Standards, what they ask, and where this record tells of it',
      [
        ['Standard', 24],
        ['Asks', 32],
        ['Status', 12],
        ['Lines', 18],
        ['Section', 14],
      ],
      IDS.map((id) => {
        const { asks, section } = REQUIREMENTS[id];
        const found = WHERE[id](recorded);
        // SECURITY(K-170): lines of a record that does not hold are claims, whatever they say.
        const status = isRefused && found.status !== 'not met' ? 'record refused' : found.status;
        return [cell(citation(id)), cell(asks), cell(strong(status)), cell(found.where), cell(section)];
      }),
      { rowHeads: true },
    ),
  ];
}

/** Numbers as stretches in words, at most eight of them. */
function stretches(numbers: readonly number[]): string {
  const found: [number, number][] = [];
  for (const number of numbers.toSorted((one, other) => one - other)) {
    const last = found.at(-1);
    if (last !== undefined && number <= last[1] + 1) last[1] = number;
    else found.push([number, number]);
  }
  const shown = found.slice(0, 8).map(([from, to]) => linesInWords(from, to));
  return found.length > shown.length
    ? `${shown.join(', ')} and ${String(found.length - shown.length)} more`
    : shown.join(', ');
}
