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
  'unknown-store': 'every key store that is named is declared',
  'phase-broken': 'the steps of a phase stand together',
  'phase-unused': 'every phase has steps',
  'material-unused': 'every material is used by a step',
  'store-unused': 'every key store is used by a step',
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
  'regime-threshold': 'thresholds are at least those of the regime',
  'regime-dual-control': 'each PIN has as many parts as the regime asks',
  'regime-duties': 'duties that the regime keeps apart are kept apart by the plan',
  'regime-witness': 'as many people as the regime asks are in the room to watch',
  'regime-quorum': 'those whom the regime asks for sign the last checkpoint',
  'regime-retention': 'where the regime asks, the plan says how long the record is kept',
  // order
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
  'share-threshold': 'a threshold set has as many shares as are needed',
  'share-copies': 'copies are of components that there are, one for each person of a position of their own',
  'share-form-twice': 'a share is handed over in one form',
  'share-form-unknown': 'forms are those of shares that the set has',
  'share-form-copied': 'a share of which there are copies is on worksheets, as its copies are',
  'share-medium-shared': 'what a share is written to takes nothing else',
  'set-generated-twice': 'one plan makes one set of shares',
  'made-inside-stays': 'a master key made inside one unit has no shares, and is loaded nowhere',
  'set-not-generated': 'shares exist before they are handed out',
  'shares-distributed-twice': 'shares are handed out once',
  'shares-not-distributed': 'shares are handed out and read back before they are loaded',
  'new-register-full': 'only an empty new register is loaded',
  'register-empty': 'a register that is verified, committed or activated holds a key',
  'register-unknown': 'the plan knows what a register holds',
  'not-verified': 'the new master key is verified across all units before commit',
  'not-committed': 'a master key is committed before it is activated',
  'unit-zeroised': 'nothing is done to a unit after it was zeroised',
  'unit-not-foreign': 'only a token that others initialised is adopted',
  'unit-foreign': 'a token of others is adopted before anything else is done to it',
  'unit-absent': 'a token is made before anything is done to it',
  'after-not-declared': 'a procedure declares how each of its units is found afterwards',
  'after-impossible': 'a procedure leads only where a tool of the vendor can lead',
  'procedure-two-people': 'two people of different roles confirm a procedure',
  'administrators-twice': 'people become administrators of a unit once',
  'no-such-administrators': 'only administrators of a unit are removed',
  'too-few-administrators': 'a unit has administrators enough for its thresholds',
  'current-register-taken': 'a current master key is replaced only when every key store was rotated',
  'wrapped-after-rotation': 'nothing is wrapped under a master key that is about to go',
  'rotated-twice': 'a key store is rotated once for each new master key',
  'key-unknown': 'keys that are wrapped or destroyed are on the unit',
  'key-wrapped-twice': 'a key is wrapped once, and then never leaves its unit',
  'key-use': 'a key is for what keys of its algorithm can do',
  'parameters-used-twice': 'wrapping parameters serve one package',
  'key-twice': 'a key is created once',
  'one-collector': 'two collectors are two',
  'key-for-each-request': 'two collectors compare only what both can fetch',
  'read-back-alone': 'two people or more compare a fingerprint',
  'custody-object': 'custody steps and `at` are about materials of the ledger',
  'custody-order': 'an object is opened, closed and destroyed only as it can be by then',
  'custody-place': 'the place is named where an object is put under seal, and only there',
  'custody-two-people': 'one who keeps an object and one who watches sign for it',
  'custody-left-open': 'what was opened is closed or destroyed in the end',
  'custody-unused': 'what is new to the ledger comes into it',
  'end-state-missing': 'every unit has a declared end state',
  'end-state-differs': 'the steps lead to the declared end state',
  'unknown-shares': 'every kept set of shares that is named is declared',
  'kept-shares-unused': 'every kept set of shares is used by a step',
  'share-not-held': 'only who has a share passes it on',
  'share-witness': 'a witness or auditor signs for what becomes of shares',
  'shares-replaced': 'a set that was replaced is replaced no second time',
  'shares-still-needed': 'shares are destroyed only when another set or another master key has their place',
  'old-shares-left': 'the shares of a set that was replaced are destroyed',
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
  'last-known-unexpected': 'a unit that is new to Keyrite has no last known state',
  'identity-differs': "a unit's id is the hash of its identity key",
  'parameters-not-bound': 'every wrapping-parameters file is bound',
  'parameters-same-file': 'two collectors gave two files',
  'medium-not-bound': 'every medium is bound',
  'age-recipient-missing': 'who may get a share as an age file has a recipient',
  'share-token-missing': 'who may get a share on a token of their own has one',
  'printer-not-bound': 'every printer is bound',
  'printer-keeps-copies': 'a share is printed to the device of a printer, never to a queue or a file',
  'store-not-bound': 'every key store is bound',
  'store-twice': 'no folder stands for two key stores',
  'bound-for-nothing': 'what is bound is named in the plan',
  'ledger-object-missing': 'what a plan takes from the ledger is in it',
  'ledger-object-destroyed': 'what a plan takes from the ledger is not destroyed',
  'ledger-object-elsewhere': 'what a plan takes from the ledger is under seal where the plan says',
  'ledger-object-kind': 'what a plan takes from the ledger is what the plan says',
  'ledger-object-known': 'what is new to the ledger is not in it',
  'ledger-differs': 'the ledger in the binding is that of the bundle it names',
  'shares-not-bound': 'the binding brings every kept set of shares, as the plan says it is',
  'share-not-passed-on': 'a share that is passed on is one that its custodian types',
  'shares-other-length': 'a kept set is made anew of a key as long as its own',
  'shares-malformed': 'the sets of shares in the binding fit together',
  'share-holder-unknown': 'whoever has a share is bound, or the plan goes on without it',
  'rotation-demanded': 'a master key that old shares could still bring back is rotated',
  'share-sets-differ': 'the sets of shares in the binding are those of the bundle it names',
  'session-shares': 'a later session has the sets of shares of the first',
  'session-of-another': 'a later session is of the same ceremony, mode and room',
  'session-roster': 'who stood on the roster before stands on it unchanged',
  'session-unit': 'a later session begins with the units as the pause left them',
  'session-ledger': 'a later session has the ledger of the first',
  'enrol-not-bound': 'a step that enrols somebody has an open seat',
  'enrol-for-nothing': 'open seats belong to a step that enrols',
  'fips-seen-by-nobody': 'whoever looked at the mode of a device is bound',
  'regime-approved-mode': 'where the regime asks, people saw each unit in its approved mode',
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
