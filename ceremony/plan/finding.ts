/** What the checkers say about a plan or a binding, and the stable names of their rules. */

/** Rules of `checkPlan` and `checkBinding`, and what each of them demands. Names are stable: tools may rely on them. */
export const RULES = {
  // names and references
  'id-twice': 'ids are unique within their list',
  'named-twice': 'a list names nothing twice',
  'unknown-position': 'every position that is named is declared',
  'unknown-unit': 'every unit that is named is declared',
  'unknown-phase': 'every phase that is named is declared',
  'unknown-material': 'every material that is named is declared',
  'phase-broken': 'the steps of a phase stand together',
  'phase-unused': 'every phase has steps',
  'material-unused': 'every material is used by a step',
  'unit-unused': 'every unit has a step',
  'pin-unused': 'every PIN is needed',
  'label-twice': 'token labels differ',
  'continues-itself': 'a plan does not continue itself',
  'no-beginning': 'a rehearsal can bring about how the units begin',
  // people
  'wrong-role': 'a position that is named for a duty has its role',
  'position-does-not-attend': 'who acts in the room attends',
  'position-never-called': 'who attends is called in a roll-call',
  'position-not-present': 'who acts was called before',
  'role-twice': 'a quorum names each role once',
  'too-few-people': 'thresholds, quorums, shares and PIN parts have enough people',
  'too-many-people': 'a unit has at most 8 administrators, and each custodian has a share',
  'threshold-low': 'thresholds are at least 2 in production',
  'apart-role-missing': 'rules of separation name roles of the plan',
  'pinned-keys-too-few': 'pinned keys are enough for the position',
  'no-operator': 'a crypto administrator runs the ceremony',
  'nobody-for-exceptions': 'a witness or auditor can sign an exception',
  'too-few-vouchers': 'two people can vouch for somebody who is enrolled',
  'no-seat-to-enrol': 'who is enrolled takes the seat of an alternate',
  // PINs and the regime
  'pin-missing': 'every unit has the PINs that its steps need',
  'pin-twice': 'a unit has one PIN of each kind',
  'pin-one-person': 'a PIN has two parts',
  'clear-components-forbidden': 'regime pci-pin has no clear components on the workstation',
  // order
  'action-not-available': 'this version can carry the action out',
  'preflight-not-first': 'the first step is the pre-flight',
  'export-not-last': 'the last step, and no other, is the export',
  'pause-while-shares-live': 'no pause while the shares are in the share process only',
  'no-preflight-after-pause': 'after a pause, a pre-flight and a roll-call come before anything else',
  'unit-not-blank': 'only a blank unit is initialised',
  'unit-blank': 'only an initialised unit is looked at',
  'unit-not-imprint': 'only a unit in imprint mode is imprinted',
  'unit-not-imprinted': 'only an operational unit takes signed commands and makes keys',
  'compare-one-unit': 'a comparison has two units or more',
  'units-differ': 'units that are compared are alike',
  'no-master-key': 'master-key steps need a master-key scheme',
  'master-key-unused': 'a master-key scheme is used',
  'set-generated-twice': 'one plan makes one set of shares',
  'set-not-generated': 'shares exist before they are handed out',
  'shares-distributed-twice': 'shares are handed out once',
  'shares-not-distributed': 'shares are handed out and read back before they are loaded',
  'new-register-full': 'only an empty new register is loaded',
  'register-empty': 'a register that is verified, committed or activated holds a key',
  'register-unknown': 'the plan knows what a register holds',
  'not-verified': 'the new master key is verified across all units before commit',
  'not-committed': 'a master key is committed before it is activated',
  'unit-zeroised': 'nothing is done to a unit after it was zeroised',
  'administrators-twice': 'people become administrators of a unit once',
  'no-such-administrators': 'only administrators of a unit are removed',
  'too-few-administrators': 'a unit has administrators enough for its thresholds',
  'current-register-taken': 'only an empty current register is filled by activation',
  'parameters-used-twice': 'wrapping parameters serve one package',
  'key-twice': 'a key is created once',
  'one-collector': 'two collectors are two',
  'read-back-alone': 'two people or more compare a fingerprint',
  'custody-object': 'custody steps and `at` are about materials of the ledger',
  'custody-order': 'an object is opened, closed and destroyed only as it can be by then',
  'custody-place': 'the place is named where an object is put under seal, and only there',
  'custody-two-people': 'one who keeps an object and one who watches sign for it',
  'custody-left-open': 'what was opened is closed or destroyed in the end',
  'custody-unused': 'what is new to the ledger comes into it',
  'end-state-missing': 'every unit has a declared end state',
  'end-state-differs': 'the steps lead to the declared end state',
  // binding
  'plan-hash-differs': 'the binding belongs to this plan',
  'position-not-filled': 'each position has its people',
  'position-overfilled': 'no position has more people than count and alternates',
  'person-twice': 'nobody is bound twice',
  'key-twice-bound': 'no two people have one key',
  'key-unusable': "a person's key is what the binding says",
  'key-not-pinned': 'in production a pinned position takes pinned keys only',
  'key-file-not-allowed': 'a key is in a file only where the plan lets it be',
  'key-file-missing': 'who attends, and signs with a key file, has one',
  'key-place-unclear': 'a key is on a token or in a file, never both',
  'token-missing': 'a person who attends has a token',
  'approved-beforehand': 'who approves and has neither token nor key file here approves beforehand',
  'duties-not-apart': 'separated duties are held by different people',
  'module-unknown': 'every module that is named is bound',
  'module-unused': 'every bound module is used',
  'environment-forbidden': "a module's environment loads no other code",
  'unit-not-bound': 'every unit of the plan is bound',
  'address-missing': 'every token can be found',
  'token-twice': 'no token stands for two things',
  'last-known-missing': 'a unit with a history is bound with its last known state',
  'last-known-unexpected': 'a blank unit has no last known state',
  'identity-differs': "a unit's id is the hash of its identity key",
  'parameters-not-bound': 'every wrapping-parameters file is bound',
  'parameters-same-file': 'two collectors gave two files',
  'medium-not-bound': 'every medium is bound',
  'bound-for-nothing': 'what is bound is named in the plan',
  'ledger-object-missing': 'what a plan takes from the ledger is in it',
  'ledger-object-destroyed': 'what a plan takes from the ledger is not destroyed',
  'ledger-object-elsewhere': 'what a plan takes from the ledger is under seal where the plan says',
  'ledger-object-kind': 'what a plan takes from the ledger is what the plan says',
  'ledger-object-known': 'what is new to the ledger is not in it',
  'ledger-differs': 'the ledger in the binding is that of the bundle it names',
  'session-of-another': 'a later session is of the same ceremony, mode and room',
  'session-roster': 'who stood on the roster before stands on it unchanged',
  'session-unit': 'a later session begins with the units as the pause left them',
  'session-ledger': 'a later session has the ledger of the first',
  'enrol-not-bound': 'a step that enrols somebody has an open seat',
  'enrol-for-nothing': 'open seats belong to a step that enrols',
  'fips-seen-by-nobody': 'whoever looked at the mode of a device is bound',
  'room-in-production': 'only a rehearsal has a room',
} as const;

/** Name of a rule. */
export type Rule = keyof typeof RULES;

/** Something the checker has to say. A plan with an error is not carried out. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  /** Step of the plan it is about; null when it is about the whole. */
  readonly step: string | null;
  readonly rule: Rule;
  /** What is wrong and why, in whole sentences. */
  readonly message: string;
  /** What would make it possible. */
  readonly remedy: string;
}

/** Findings as they are collected, in order. */
export class Findings {
  readonly list: Finding[] = [];

  /** Adds an error. */
  error(step: string | null, rule: Rule, message: string, remedy: string): void {
    this.list.push({ severity: 'error', step, rule, message, remedy });
  }

  /** Adds a warning. */
  warn(step: string | null, rule: Rule, message: string, remedy: string): void {
    this.list.push({ severity: 'warning', step, rule, message, remedy });
  }
}

/** Members that stand in a list more than once, each named once. */
export function repeated(list: readonly string[]): string[] {
  return [...new Set(list.filter((one, index) => list.indexOf(one) !== index))];
}

/** A number of things in words, such as `1 person` and `2 people`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${String(count)} ${count === 1 ? one : many}`;
}
