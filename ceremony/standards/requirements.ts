/**
 * What the standards that auditors bring ask of a ceremony, and where a transcript tells of it: the one source of the
 * report's appendix, of docs/standards.md and of what the checker cites under a regime. In our own words. A clause is
 * named where it is known for certain; of standards that are not public, the topic.
 */

/** Names of the standards, as report and checker print them. */
export const STANDARDS = {
  webtrust: 'WebTrust for CAs, criterion 4.1, CA key generation',
  baseline: 'CA/Browser Forum Baseline Requirements (TLS)',
  etsi: 'ETSI EN 319 411-1, clause 6.5.1',
  pci: 'PCI PIN',
  fips: 'FIPS 140-3 and ISO/IEC 19790',
} as const;

/** A standard of {@link STANDARDS}. */
export type StandardName = keyof typeof STANDARDS;

/** One thing that a standard asks. */
export interface Requirement {
  readonly standard: StandardName;
  /** Clause where it is known for certain, else the topic; empty where the standard's name says it. */
  readonly clause: string;
  readonly asks: string;
  /** Line types of the transcript, facts and files that tell of it. */
  readonly shownBy: string;
  /** Section of the report that tells of it. */
  readonly section: string;
  /** `public`: compared with the public text. `your copy`: the standard is not public, or this wording was not compared with it. */
  readonly compare: 'public' | 'your copy';
}

const SIGNED = '`checkpoint.signed` of the last checkpoint, and its `.sig` files';
const STEPS = '`step.started` and `step.outcome`';

/** Every requirement by its id, in the order of the report. */
export const REQUIREMENTS = {
  'webtrust-script': {
    standard: 'webtrust',
    clause: '',
    asks: 'A script with roles and responsibilities, approval, hardware and activation materials, steps, physical security, storage afterwards',
    shownBy: '`ceremony.opened` with the hash of `plan.json`; `approvals/`',
    section: 'Steps; Participants',
    compare: 'your copy',
  },
  'webtrust-sign-off': {
    standard: 'webtrust',
    clause: '',
    asks: 'Sign-off by participants and witnesses on whether the script was followed',
    shownBy: `${SIGNED}; \`signOff.wording\` in \`plan.json\``,
    section: 'Checkpoints and signatures; Sign-off',
    compare: 'your copy',
  },
  'webtrust-deviations': {
    standard: 'webtrust',
    clause: '',
    asks: 'Deviations from the script noted',
    shownBy: '`exception.recorded`, signed by two people',
    section: 'Exceptions',
    compare: 'your copy',
  },
  'webtrust-witness': {
    standard: 'webtrust',
    clause: '',
    asks: 'Witnessed by somebody independent, or recorded on film',
    shownBy: '`participant.present` of witnesses and auditors; `witness` in `step.outcome`',
    section: 'Participants; Steps',
    compare: 'your copy',
  },
  'baseline-script': {
    standard: 'baseline',
    clause: '6.1.1.1',
    asks: 'A key generation script prepared and followed',
    shownBy: `${STEPS} of every step of the plan; \`exception.recorded\` for what was otherwise`,
    section: 'Steps',
    compare: 'public',
  },
  'baseline-split': {
    standard: 'baseline',
    clause: '6.1.1.1',
    asks: 'Trusted roles under multiple-person control and split knowledge',
    shownBy:
      '`step.intent` of signed commands with their signatures; acts of `shares.distribute` and `master-key.load`',
    section: 'Quorums; Shares',
    compare: 'public',
  },
  'baseline-module': {
    standard: 'baseline',
    clause: '6.1.1.1',
    asks: 'Generated within cryptographic modules that meet the practice statement',
    shownBy: '`step.outcome` with attributes read back; `fips` of each unit in `binding.json`, where people stated it',
    section: 'Crypto units; Keys',
    compare: 'public',
  },
  'baseline-logged': {
    standard: 'baseline',
    clause: '6.1.1.1',
    asks: 'The generation is logged',
    shownBy: 'every line',
    section: 'Steps',
    compare: 'public',
  },
  'baseline-records': {
    standard: 'baseline',
    clause: '5.4.1',
    asks: 'Each record with date and time, who made it, and what happened',
    shownBy: '`at`, `by` and `body` of every line; fact `clock.readings`',
    section: 'Steps',
    compare: 'public',
  },
  'baseline-dual-control': {
    standard: 'baseline',
    clause: '5.2.2',
    asks: 'Private keys backed up, stored and recovered under dual control',
    shownBy: 'acts of `shares.distribute`, `master-key.load` and `shares.drill`, each by its custodian',
    section: 'Shares',
    compare: 'public',
  },
  'etsi-procedure': {
    standard: 'etsi',
    clause: '',
    asks: 'A documented procedure with roles, functions in each phase, responsibilities during and after, evidence to be collected',
    shownBy: '`ceremony.opened` with the hash of `plan.json`',
    section: 'Steps; Storage and retention',
    compare: 'your copy',
  },
  'etsi-report': {
    standard: 'etsi',
    clause: '',
    asks: 'A report that the procedure was followed, and that integrity and confidentiality of the key pair were ensured',
    shownBy: 'the report, made from the whole transcript and its verdict',
    section: 'This report',
    compare: 'your copy',
  },
  'etsi-signed': {
    standard: 'etsi',
    clause: '',
    asks: 'For a root CA, signed by the trusted role responsible and by an independent person as witness',
    shownBy: SIGNED,
    section: 'Checkpoints and signatures; Sign-off',
    compare: 'your copy',
  },
  'pci-dual-control': {
    standard: 'pci',
    clause: 'key generation and dual control',
    asks: 'Dual control and split knowledge; no one person can find out a key',
    shownBy: 'acts of `shares.distribute` and `master-key.load`; PINs of two parts in `plan.json`',
    section: 'Quorums; Shares',
    compare: 'your copy',
  },
  'pci-clear-components': {
    standard: 'pci',
    clause: 'clear components',
    asks: 'No clear components on a multi-purpose computer',
    shownBy: 'that no act makes, shows or enters a share; `vendor.procedure` with its attached output',
    section: 'Weak points',
    compare: 'your copy',
  },
  'pci-check-values': {
    standard: 'pci',
    clause: 'check values',
    asks: 'Check values with their method: AES by CMAC, five bytes at most',
    shownBy: '`checkValue` with its algorithm in `step.outcome`',
    section: 'Check values',
    compare: 'your copy',
  },
  'pci-custody': {
    standard: 'pci',
    clause: 'custody logs',
    asks: 'Who had which component when, with witness and the number of the sealed package',
    shownBy: 'facts `custody` and `seal`; acts of `shares.distribute`',
    section: 'Shares',
    compare: 'your copy',
  },
  'fips-roles': {
    standard: 'fips',
    clause: 'roles and authentication',
    asks: 'Operators authenticated one by one; the module in its approved mode',
    shownBy: '`participant.present`; `fips` of each unit in `binding.json`, which people state and no unit proves',
    section: 'Crypto units; Participants',
    compare: 'your copy',
  },
  'fips-parameters': {
    standard: 'fips',
    clause: 'sensitive security parameters (7.9)',
    asks: 'Entry and output of keys under split knowledge; destruction',
    shownBy: 'acts of `master-key.load`, `key.package`, `key.wrap` and `key.destroy`',
    section: 'Keys',
    compare: 'your copy',
  },
  'fips-self-tests': {
    standard: 'fips',
    clause: 'self-tests',
    asks: 'Known answers before use',
    shownBy: '`known answers` in the observations of a pre-flight: those of Keyrite, never of the HSM',
    section: 'Workstation',
    compare: 'your copy',
  },
} as const satisfies Readonly<Record<string, Requirement>>;

/** Id of a requirement. */
export type RequirementId = keyof typeof REQUIREMENTS;

/** Standard and clause in words, such as `PCI PIN, clear components`. */
export function citation(id: RequirementId): string {
  const { standard, clause } = REQUIREMENTS[id];
  const name = STANDARDS[standard];
  return clause === '' ? name : `${name}, ${clause}`;
}
