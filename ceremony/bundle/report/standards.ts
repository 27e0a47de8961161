/**
 * The standards an auditor brings, and where in this record to look. A clause is named where it is known for certain; of
 * standards that are not public, the topic. Status says what the record shows, never that a standard is met.
 */
import { cell, heading, paragraph, strong, table, type Block } from '../../print/document';
import { custodyIn } from '../../transcript/custody-fact';
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

interface Requirement {
  readonly standard: string;
  readonly asks: string;
  readonly where: Where;
  /** Section of the report that tells of it. */
  readonly section: string;
}

const WEBTRUST = 'WebTrust for CAs, criterion 4.1, CA key generation';
const BASELINE = 'CA/Browser Forum Baseline Requirements (TLS)';
const ETSI = 'ETSI EN 319 411-1, clause 6.5.1';
const PCI = 'PCI PIN';
const FIPS = 'FIPS 140-3 and ISO/IEC 19790';

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

const REQUIREMENTS: readonly Requirement[] = [
  {
    standard: WEBTRUST,
    asks: 'A script with roles and responsibilities, approval, hardware and activation materials, steps, physical security, storage afterwards',
    where: opening,
    section: 'Steps; Participants',
  },
  {
    standard: WEBTRUST,
    asks: 'Sign-off by participants and witnesses on whether the script was followed',
    where: signedByBoth,
    section: 'Checkpoints and signatures; Sign-off',
  },
  {
    standard: WEBTRUST,
    asks: 'Deviations from the script noted',
    where: (recorded) =>
      at(stretches(linesOf(recorded, 'exception.recorded').map(({ seq }) => seq)) || 'none were recorded'),
    section: 'Exceptions',
  },
  {
    standard: WEBTRUST,
    asks: 'Witnessed by somebody independent, or recorded on film',
    where: witnessed,
    section: 'Participants; Steps',
  },
  {
    standard: `${BASELINE}, 6.1.1.1`,
    asks: 'A key generation script prepared and followed',
    where: followed,
    section: 'Steps',
  },
  {
    standard: `${BASELINE}, 6.1.1.1`,
    asks: 'Trusted roles under multiple-person control and split knowledge',
    where: byAction('unit.imprint', 'shares.distribute', 'master-key.load'),
    section: 'Quorums; Shares',
  },
  {
    standard: `${BASELINE}, 6.1.1.1`,
    asks: 'Generated within cryptographic modules that meet the practice statement',
    where: madeInModules,
    section: 'Crypto units; Keys',
  },
  { standard: `${BASELINE}, 6.1.1.1`, asks: 'The generation is logged', where: whole, section: 'Steps' },
  {
    standard: `${BASELINE}, 5.4.1`,
    asks: 'Each record with date and time, who made it, and what happened',
    where: whole,
    section: 'Steps',
  },
  {
    standard: `${BASELINE}, 5.2.2`,
    asks: 'Private keys backed up, stored and recovered under dual control',
    where: byAction('shares.distribute', 'master-key.load', 'shares.drill'),
    section: 'Shares',
  },
  {
    standard: ETSI,
    asks: 'A documented procedure with roles, functions in each phase, responsibilities during and after, evidence to be collected',
    where: opening,
    section: 'Steps; Storage and retention',
  },
  {
    standard: ETSI,
    asks: 'A report that the procedure was followed, and that integrity and confidentiality of the key pair were ensured',
    where: followed,
    section: 'This report',
  },
  {
    standard: ETSI,
    asks: 'For a root CA, signed by the trusted role responsible and by an independent person as witness',
    where: signedByBoth,
    section: 'Checkpoints and signatures; Sign-off',
  },
  {
    standard: `${PCI}, key generation and dual control`,
    asks: 'Dual control and split knowledge; no one person can find out a key',
    where: byAction('shares.distribute', 'master-key.load'),
    section: 'Quorums; Shares',
  },
  {
    standard: `${PCI}, clear components`,
    asks: 'No clear components on a multi-purpose computer',
    where: (recorded) => {
      const sets = shareSetsOf(recorded).map(({ line }) => `line ${String(line)}`);
      if (sets.length === 0) return at('none were there');
      return { status: 'not met', where: `${sets.join(', ')}: components were on the workstation` };
    },
    section: 'Weak points',
  },
  {
    standard: `${PCI}, check values`,
    asks: 'Check values with their method: AES by CMAC, five bytes at most',
    // A set of shares has a verification pattern, which is longer and another thing.
    where: (recorded) => at(stretches(rootKeysOf(recorded).map(({ line }) => line))),
    section: 'Check values',
  },
  {
    standard: `${PCI}, custody logs`,
    asks: 'Who had which component when, with witness and the number of the sealed package',
    where: custodyLog,
    section: 'Shares',
  },
  {
    standard: `${FIPS}, roles and authentication`,
    asks: 'Operators authenticated one by one; the module in its approved mode',
    where: approvedMode,
    section: 'Crypto units; Participants',
  },
  {
    standard: `${FIPS}, sensitive security parameters (7.9)`,
    asks: 'Entry and output of keys under split knowledge; destruction',
    where: byAction('master-key.load', 'key.package', 'key.wrap'),
    section: 'Keys',
  },
  {
    standard: `${FIPS}, self-tests`,
    asks: 'Known answers before use',
    where: knownAnswers,
    section: 'Workstation',
  },
];

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
      REQUIREMENTS.map(({ standard, asks, where, section }) => {
        const found = where(recorded);
        // SECURITY(K-170): lines of a record that does not hold are claims, whatever they say.
        const status = isRefused && found.status !== 'not met' ? 'record refused' : found.status;
        return [cell(standard), cell(asks), cell(strong(status)), cell(found.where), cell(section)];
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
