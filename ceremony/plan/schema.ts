/** The plan (`*.ceremony.yaml`): what is reviewed, approved and carried out. DESIGN.md section 5. */
import * as v from 'valibot';
import { CUSTODY_ACTS, MATERIAL_KINDS } from '../custody/ledger';
import { KEY_ALGORITHMS, KEY_USES, MAX_KEY_STORES, WRAP_FORMATS } from '../keypackage/key-kinds';
import { TARGET_NAMES } from '../keypackage/target-names';
import { Id, Name, Prose, Sha256Hex } from '../text-forms';
import { Authentication } from './authentication';
import { ADOPT_KEYS, ADOPT_MASTER_KEY, ADOPT_UNITS, OBJECT_CLASSES, VENDOR_PROCEDURE } from './taking-over-schema';

/** What a person does in a ceremony. The operators, who run it, are the crypto administrators. */
export const ROLES = [
  'crypto-administrator',
  'security-officer',
  'custodian',
  'witness',
  'auditor',
  'approver',
] as const;

/** One of {@link ROLES}. */
export const Role = v.picklist(ROLES);
export type Role = v.InferOutput<typeof Role>;

/** Bodies of rules that a plan can be held to (regimes.ts). */
export const REGIMES = ['none', 'pci-pin', 'webtrust', 'fips-140-3'] as const;

const Ids = v.pipe(v.array(Id), v.minLength(1), v.maxLength(64));
const Count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(64));
const Threshold = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(8));

/** How many people of a role must sign. */
export const RoleCount = v.strictObject({ role: Role, count: Count });
export type RoleCount = v.InferOutput<typeof RoleCount>;

const Position = v.strictObject({
  id: Id,
  role: Role,
  /** How many people take this position on the day. */
  count: Count,
  /** Named stand-ins who may take the place of one of them. */
  alternates: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(16)), 0),
  /** False for people who sign beforehand and are not in the room. */
  attends: v.optional(v.boolean(), true),
  /** SHA-256 of the SPKI of each key that may take the position; binds production only. */
  pinnedKeys: v.optional(v.array(Sha256Hex), []),
  /**
   * True where keys may be in encrypted files, which can be copied, instead of on tokens. Without a default, so that the
   * hash of a plan that does not say it stays what it was.
   */
  keyFiles: v.optional(v.boolean()),
});

/** A position people take: which role, and how many. */
export type Position = v.InferOutput<typeof Position>;

const Unit = v.strictObject({
  id: Id,
  name: Name,
  /** Token label, 1 to 32 printable ASCII characters, that initialisation writes. */
  label: v.pipe(v.string(), v.regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,30}[\x21-\x7e])?$/)),
  /**
   * How the unit comes into the ceremony. `foreign`: others initialised the token, and it is no unit of Keyrite yet;
   * `absent`: there is no token before a step `vendor.procedure` makes one.
   */
  begins: v.picklist(['blank', 'imprint', 'operational', 'foreign', 'absent']),
});

const Pin = v.strictObject({
  id: Id,
  /** Whose PIN it is on the token. */
  for: v.picklist(['security-officer', 'user']),
  units: Ids,
  /** Position whose people make it. */
  madeBy: Id,
  /** Position whose people hold and enter it. */
  heldBy: Id,
  /** 2: two people each enter a part, joined in the worker. 1 is a finding in the report. */
  parts: v.picklist([1, 2]),
  /** Where it is kept afterwards, and under which seal. */
  sealing: Prose,
});

const Material = v.strictObject({
  id: Id,
  kind: v.picklist(MATERIAL_KINDS),
  name: Name,
  /**
   * The custody ledger has it under this id: `new` where it comes into custody in this ceremony, `kept` where the ledger
   * must have it. Without a default, like all that came later: hashes of plans stay.
   */
  ledger: v.optional(v.picklist(['new', 'kept'])),
  /** Where the ledger must say that a `kept` one is, in the words of the step that put it there. */
  at: v.optional(Name),
});

const Phase = v.strictObject({
  id: Id,
  title: Name,
  /** A worker that took a PIN ends with the step, or with the phase where this is true. */
  holdLogin: v.boolean(),
});

const common = {
  id: Id,
  title: Name,
  phase: v.optional(Id),
  /** How long the step is expected to take. */
  minutes: v.optional(Count),
  /** Materials that are handed out, used or sealed in this step; the printed script lists them there. */
  materials: v.optional(Ids),
};
const action = <const A extends string, E extends v.ObjectEntries>(name: A, entries: E) =>
  v.strictObject({ ...common, action: v.literal(name), ...entries });

/** How many people vouch for somebody who is enrolled on the day. */
export const VOUCHERS = 2;

const Step = v.variant('action', [
  action('preflight', {}),
  action('roll-call', { positions: Ids }),
  action('enrol', {
    /** Position whose free seats, those of alternates, are filled by people who come on the day. */
    position: Id,
    /** Positions whose people may vouch for them; two people do. */
    vouchers: Ids,
    /** What of a person's identification must be seen. */
    identification: Prose,
  }),
  action('unit.initialise', { units: Ids }),
  action('unit.imprint', {
    units: Ids,
    administrators: Id,
    signatureThreshold: Threshold,
    revocationThreshold: Threshold,
  }),
  /** People of the position become administrators beside those that the units have. */
  action('unit.administrators.add', { units: Ids, administrators: Id }),
  /** People of the position are administrators no longer; they need not be in the room. */
  action('unit.administrators.remove', { units: Ids, administrators: Id }),
  action('unit.thresholds', { units: Ids, signatureThreshold: Threshold, revocationThreshold: Threshold }),
  /** Takes over tokens that others initialised: what is on them stays, identity and state are made beside it. */
  action('unit.adopt', ADOPT_UNITS),
  /** Everything on the tokens is destroyed; they are no units any more. */
  action('unit.zeroise', { units: Ids }),
  /** A PIN of the units' tokens is changed by those who know it. */
  action('unit.pin.change', { units: Ids, for: v.picklist(['security-officer', 'user']) }),
  /** The user PIN, locked or lost, is set anew by the security officers. */
  action('unit.pin.unlock', { units: Ids }),
  action('unit.inventory', {
    units: Ids,
    /** Objects of others that are known to be on the units, beside what Keyrite keeps there. */
    also: v.optional(
      v.pipe(
        v.array(v.strictObject({ class: v.picklist(OBJECT_CLASSES), label: Name })),
        v.minLength(1),
        v.maxLength(256),
      ),
    ),
  }),
  action('unit.compare', { units: Ids }),
  action('master-key.generate', {}),
  action('shares.distribute', {}),
  /** Everybody who has a share of a kept set proves it by its commitment; nothing is combined. */
  action('shares.drill', { set: Id, by: Ids }),
  /** Who holds a share of a kept set passes it on to a successor, without anything being combined; both have it then. */
  action('shares.transfer', {
    set: Id,
    /** Position of the one who has the share. */
    from: Id,
    /** Position of the one who gets it. */
    to: Id,
    by: Ids,
  }),
  /** As many shares of a kept set as are needed make a new set for the same master key: the one that `masterKey` declares. */
  action('shares.reshare', { set: Id }),
  /** Shares of a kept set that nobody needs any more are given back and destroyed; those that are not are counted. */
  action('shares.destroy', { set: Id, by: Ids }),
  action('master-key.load', {
    units: Ids,
    /** How the key is brought in; without it as each token can, by RSA-OAEP where it has that. */
    import: v.optional(v.picklist(['rsa-oaep', 'ecdh'])),
  }),
  action('master-key.verify', { units: Ids, register: v.picklist(['new', 'current']) }),
  action('master-key.commit', { units: Ids }),
  action('master-key.activate', { units: Ids }),
  /** The new register is emptied; what is in the current one stays. */
  action('master-key.clear', { units: Ids }),
  /** A key that is on the tokens already becomes the current master key. */
  action('master-key.adopt', ADOPT_MASTER_KEY),
  /** Keys that others made are put on record under names; nothing is made. */
  action('key.adopt', ADOPT_KEYS),
  /** What only a vendor's tool may do: people do it, and the units are read afterwards. */
  action('vendor.procedure', VENDOR_PROCEDURE),
  /** Every key of a store is wrapped anew, from the current master key to the committed one; only then that is activated. */
  action('master-key.rotate', { unit: Id, store: Id }),
  /** A key that stays in the unit. It can leave it wrapped until a later `key.wrap` of the plan has done that. */
  action('key.generate', {
    unit: Id,
    key: v.strictObject({ name: Id, algorithm: v.picklist(KEY_ALGORITHMS), use: v.picklist(KEY_USES) }),
  }),
  /** Keys of a unit are wrapped under its master key into a store, and never leave the unit again. */
  action('key.wrap', {
    unit: Id,
    keys: Ids,
    store: Id,
    /** Without it: RFC 5649 where the token has it, else RFC 3394, which takes no pairs. */
    format: v.optional(v.picklist(WRAP_FORMATS)),
  }),
  /** Keys of a store are brought back into a unit that has its master key. */
  action('key.unwrap', { unit: Id, keys: Ids, store: Id }),
  action('key.destroy', { unit: Id, keys: Ids }),
  action('key.package', {
    unit: Id,
    key: v.strictObject({ name: Id, algorithm: v.picklist(['aes-256']) }),
    /** Name of the wrapping parameters; the binding says which file. */
    parameters: Id,
    /** What the connected side must do with the package; must equal what the parameters say. */
    purpose: v.picklist(['create', 'rotate']),
    /** The cloud service; without it IBM Key Protect. */
    target: v.optional(v.picklist(TARGET_NAMES)),
    authenticate: Authentication,
  }),
  action('fact', {
    ask: Prose,
    by: Ids,
    /** Files are brought with the answer: a vendor tool's output, an audit log, photographs. */
    attach: v.optional(v.boolean()),
  }),
  action('custody', {
    /** What is done with each of the objects. */
    act: v.picklist(CUSTODY_ACTS),
    /** Materials of the ledger. */
    objects: Ids,
    /** Positions whose people sign: one who keeps the objects, and one witness or auditor. */
    by: Ids,
    /** Where they are kept afterwards; for `in` and `closed` only. */
    place: v.optional(Name),
  }),
  action('statement', { text: Prose, by: Ids }),
  action('checkpoint', { signers: v.pipe(v.array(RoleCount), v.minLength(1)) }),
  action('pause', {
    reason: Prose,
    /** Positions whose people state the number of each seal. */
    by: Ids,
    /** Materials that lie under seal until the ceremony goes on. */
    seals: Ids,
    /** Who sign the checkpoint over the record so far. */
    signers: v.pipe(v.array(RoleCount), v.minLength(1)),
  }),
  action('export', { media: v.optional(v.array(Id), []) }),
]);

/** One step of a plan. */
export type Step = v.InferOutput<typeof Step>;
/** A step of one action. */
export type StepOf<A extends Step['action']> = Extract<Step, { action: A }>;
/** Name of an action. */
export type Action = Step['action'];

/** Who holds copies of which components, by index from 1. */
const Copies = v.strictObject({
  position: Id,
  of: v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16))), v.minLength(1), v.maxLength(16)),
});

/** Length of a master key in bits; 256 where it is not said, so that hashes of plans stay. */
const Bits = v.optional(v.picklist([128, 192, 256]));
/** The number of a share of the set, from 1. */
const ShareNumber = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16));

/** An age file on a medium of the custodian's, to their recipient (by the binding) or a passphrase that they make. */
const AgeFileForm = v.strictObject({
  share: ShareNumber,
  form: v.literal('age-file'),
  medium: Id,
  lock: v.picklist(['recipient', 'passphrase']),
});

/** Encrypted to a key pair that is made on the custodian's own token, which keeps it too. */
const OwnTokenForm = v.strictObject({ share: ShareNumber, form: v.literal('own-token') });

/** How one share is handed over and read back, where that is not by hand on a worksheet. */
const ShareForm = v.variant('form', [
  AgeFileForm,
  OwnTokenForm,
  /** Words or rows and a QR code on a sheet, on a USB printer of the binding, and typed back from it. */
  v.strictObject({ share: ShareNumber, form: v.literal('printed'), printer: Id }),
  /** The same sheet as a PDF, on a medium of the custodian's. */
  v.strictObject({ share: ShareNumber, form: v.literal('pdf'), medium: Id }),
]);
/** One member of `masterKey.forms`. */
export type ShareForm = v.InferOutput<typeof ShareForm>;

const ShareForms = v.optional(v.pipe(v.array(ShareForm), v.minLength(1), v.maxLength(16)));

const MasterKey = v.variant('scheme', [
  /** XOR, all of them needed. */
  v.strictObject({
    id: Id,
    scheme: v.literal('components'),
    shares: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(16)),
    custodians: Id,
    /** Copies of components for named alternates: each person of the position holds one of them, and no other. */
    copies: v.optional(v.pipe(v.array(Copies), v.minLength(1), v.maxLength(4))),
    /** Of every share that `forms` does not name. */
    form: v.picklist(['worksheet']),
    /** Without a default: hashes of plans stay. */
    forms: ShareForms,
    bits: Bits,
  }),
  /** SLIP-39 words, of which as many as `threshold` are needed. */
  v.strictObject({
    id: Id,
    scheme: v.literal('threshold'),
    shares: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(16)),
    threshold: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(16)),
    custodians: Id,
    form: v.picklist(['worksheet']),
    forms: ShareForms,
    bits: Bits,
  }),
  v.strictObject({
    id: Id,
    scheme: v.literal('in-unit'),
    /** Where it is made, and stays. */
    unit: Id,
    /** Said by whoever writes the plan: no second unit has it, nobody holds shares of it, and nothing brings it back. */
    copies: v.literal('none'),
  }),
]);

/** A set of shares that an earlier ceremony left; the binding brings its commitments. */
const KeptShares = v.strictObject({
  /** Id of the master key in the plan that made the set. */
  id: Id,
  scheme: v.picklist(['components', 'threshold']),
  shares: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(16)),
  /** How many are needed; of components all of them. */
  threshold: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(16)),
  /** `replaced`: nobody needs it any more, since there is another set, or another master key. */
  is: v.picklist(['current', 'replaced']),
  /** Positions of those who have its shares. */
  custodians: Ids,
  /** Shares that are brought otherwise than by typing what is on paper, as they were handed over. Without a default: hashes of plans stay. */
  forms: v.optional(v.pipe(v.array(v.variant('form', [AgeFileForm, OwnTokenForm])), v.minLength(1), v.maxLength(16))),
});
/** See the schema of the same name. */
export type KeptShares = v.InferOutput<typeof KeptShares>;

/** The whole plan. Unknown keys are refused. */
export const Plan = v.strictObject({
  keyrite: v.literal('plan/1'),
  id: Id,
  title: Name,
  purpose: Prose,
  /** A body of rules that the plan keeps: least thresholds and duties; `pci-pin` also has no clear component on the workstation. */
  regime: v.optional(v.picklist(REGIMES), 'none'),
  /** Id of the plan whose end state this one starts from; a rehearsal carries that one out first. */
  continues: v.optional(Id),
  site: v.strictObject({ name: Name, controls: v.pipe(v.array(Prose), v.minLength(1)) }),
  positions: v.pipe(v.array(Position), v.minLength(1), v.maxLength(32)),
  separationOfDuties: v.array(
    v.strictObject({ apart: v.pipe(v.array(Role), v.minLength(2), v.maxLength(6)), why: Prose }),
  ),
  approval: v.strictObject({ position: Id, count: Count }),
  /** None where a plan is about shares alone: no HSM is needed then. */
  units: v.pipe(v.array(Unit), v.maxLength(64)),
  masterKey: v.optional(MasterKey),
  /**
   * Folders of keys that are wrapped under the master key; the binding says where. An empty list says that there are none,
   * so that a master key can be replaced with nothing to wrap anew. Without a default: hashes of plans stay.
   */
  keyStores: v.optional(v.pipe(v.array(v.strictObject({ id: Id, name: Name })), v.maxLength(MAX_KEY_STORES))),
  /** Sets of shares that earlier ceremonies left. Without a default: hashes of plans stay. */
  keptShares: v.optional(v.pipe(v.array(KeptShares), v.minLength(1), v.maxLength(16))),
  pins: v.array(Pin),
  materials: v.array(Material),
  phases: v.optional(v.array(Phase), []),
  steps: v.pipe(v.array(Step), v.minLength(1), v.maxLength(500)),
  /** What each unit must be at the end; the checker proves that the steps lead there. */
  endState: v.array(
    v.strictObject({
      unit: Id,
      mode: v.picklist(['blank', 'imprint', 'operational', 'zeroised', 'foreign']),
      masterKey: v.picklist(['none', 'uncommitted', 'committed', 'current', 'unknown']),
    }),
  ),
  /** How hardware and activation materials are kept afterwards. */
  storage: Prose,
  /** How long the record is kept, and by whom. */
  retention: v.optional(Prose),
  signOff: v.strictObject({
    /** Who must sign the last checkpoint, counted by person. */
    quorum: v.pipe(v.array(RoleCount), v.minLength(1)),
    wording: Prose,
  }),
});

/** A reviewed plan. `plan.json` is its RFC 8785 form (defaults filled in); the plan hash is the SHA-256 of that. */
export type Plan = v.InferOutput<typeof Plan>;
