/** The plan (`*.ceremony.yaml`): what is reviewed, approved and carried out. DESIGN.md section 5. */
import * as v from 'valibot';
import { CUSTODY_ACTS, MATERIAL_KINDS } from '../custody/ledger';
import { Id, Name, Prose, Sha256Hex } from '../text-forms';

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
  /** How the unit comes into the ceremony. */
  begins: v.picklist(['blank', 'imprint', 'operational']),
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

/** Classes of objects that an inventory tells. */
const OBJECT_CLASSES = ['secret-key', 'private-key', 'public-key', 'certificate', 'data'] as const;

/** How many people vouch for somebody who is enrolled on the day. */
export const VOUCHERS = 2;

/** Actions that the plan language has and this version cannot carry out yet; the checker says so. */
export const LATER_ACTIONS = [
  'unit.adopt',
  'master-key.adopt',
  'master-key.rotate',
  'shares.drill',
  'shares.transfer',
  'shares.reshare',
  'shares.destroy',
  'key.generate',
  'key.adopt',
  'key.wrap',
  'key.unwrap',
  'key.destroy',
  'vendor.procedure',
] as const;

const LaterStep = v.looseObject({ ...common, action: v.picklist(LATER_ACTIONS) });

/** How a wrapping key is authenticated before anything is wrapped to it (DESIGN.md section 9). */
export const Authentication = v.variant('by', [
  /** People compare the fingerprint, read aloud, with what the collector read to them. */
  v.strictObject({ by: v.literal('read-back'), positions: Ids }),
  /** The plan pins the fingerprint. */
  v.strictObject({ by: v.literal('pinned'), publicKeySha256: Sha256Hex }),
  /** A second collector's file names the same key. */
  v.strictObject({ by: v.literal('two-collectors'), second: Id }),
]);
export type Authentication = v.InferOutput<typeof Authentication>;

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
  /** Everything on the tokens is destroyed; they are no units any more. */
  action('unit.zeroise', { units: Ids }),
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
  action('master-key.load', { units: Ids }),
  action('master-key.verify', { units: Ids, register: v.picklist(['new', 'current']) }),
  action('master-key.commit', { units: Ids }),
  action('master-key.activate', { units: Ids }),
  /** The new register is emptied; what is in the current one stays. */
  action('master-key.clear', { units: Ids }),
  action('key.package', {
    unit: Id,
    key: v.strictObject({ name: Id, algorithm: v.picklist(['aes-256']) }),
    /** Name of the wrapping parameters; the binding says which file. */
    parameters: Id,
    /** What the connected side must do with the package; must equal what the parameters say. */
    purpose: v.picklist(['create', 'rotate']),
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
  LaterStep,
]);

/** One step of a plan. */
export type Step = v.InferOutput<typeof Step>;
/** A step of one action. */
export type StepOf<A extends Step['action']> = Extract<Step, { action: A }>;
/** Name of an action. */
export type Action = Step['action'];

/** The whole plan. Unknown keys are refused. */
export const Plan = v.strictObject({
  keyrite: v.literal('plan/1'),
  id: Id,
  title: Name,
  purpose: Prose,
  /** `pci-pin` forbids clear components on the workstation in any form. */
  regime: v.optional(v.picklist(['none', 'pci-pin']), 'none'),
  /** Id of the plan whose end state this one starts from; a rehearsal carries that one out first. */
  continues: v.optional(Id),
  site: v.strictObject({ name: Name, controls: v.pipe(v.array(Prose), v.minLength(1)) }),
  positions: v.pipe(v.array(Position), v.minLength(1), v.maxLength(32)),
  separationOfDuties: v.array(
    v.strictObject({ apart: v.pipe(v.array(Role), v.minLength(2), v.maxLength(6)), why: Prose }),
  ),
  approval: v.strictObject({ position: Id, count: Count }),
  units: v.pipe(v.array(Unit), v.minLength(1), v.maxLength(64)),
  masterKey: v.optional(
    v.strictObject({
      id: Id,
      scheme: v.picklist(['components']),
      shares: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(16)),
      custodians: Id,
      form: v.picklist(['worksheet']),
    }),
  ),
  pins: v.array(Pin),
  materials: v.array(Material),
  phases: v.optional(v.array(Phase), []),
  steps: v.pipe(v.array(Step), v.minLength(1), v.maxLength(500)),
  /** What each unit must be at the end; the checker proves that the steps lead there. */
  endState: v.pipe(
    v.array(
      v.strictObject({
        unit: Id,
        mode: v.picklist(['blank', 'imprint', 'operational', 'zeroised']),
        masterKey: v.picklist(['none', 'uncommitted', 'committed', 'current', 'unknown']),
      }),
    ),
    v.minLength(1),
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
