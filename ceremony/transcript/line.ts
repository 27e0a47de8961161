/**
 * Lines of the transcript (DESIGN.md section 8): one JSON object each, canonical, chained by hash. This file is the
 * schema of every line type; `docs/schemas/` is generated from it.
 */
import * as v from 'valibot';
import type { Json } from '../canonical-json';
import { SIGNATURE_ALGORITHMS, Envelope } from '../command/dsse';
import { Role, RoleCount } from '../plan/schema';
import { Base64, Hex, Id, Instant, Name, Sha256Hex } from '../text-forms';
import { EXCEPTION_KINDS } from './exception-kinds';

const Integer = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Text = v.pipe(v.string(), v.maxLength(4000));

/** Any canonical JSON. */
export const JsonValue: v.GenericSchema<Json> = v.lazy(() => AnyJson);
const AnyJson: v.GenericSchema<Json> = v.union([
  v.null(),
  v.boolean(),
  v.pipe(v.number(), v.safeInteger()),
  v.string(),
  v.array(JsonValue),
  v.record(v.string(), JsonValue),
]);
const Facts = v.record(v.string(), JsonValue);

/** A file of the bundle, its name relative to the bundle. */
export const FileRef = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}$/)),
  sha256: Sha256Hex,
});
export type FileRef = v.InferOutput<typeof FileRef>;
const Files = v.array(FileRef);

/** A participant as line 0 and the roster name them. */
export const RosterEntry = v.strictObject({
  id: Id,
  name: Name,
  roles: v.pipe(v.array(Role), v.minLength(1)),
  key: v.strictObject({
    algorithm: v.picklist(SIGNATURE_ALGORITHMS),
    spki: Base64,
    holder: v.picklist(['token', 'file']),
  }),
});
export type RosterEntry = v.InferOutput<typeof RosterEntry>;

const App = v.strictObject({ name: v.string(), version: v.string(), sha256: Sha256Hex, runtime: v.string() });

/**
 * The rules that a record of today says in line 0 that it keeps: 2 asks for readings of clocks in every pre-flight, and
 * for a file where the plan asks for one. Line 0 is under every proof of presence and every checkpoint.
 */
export const RULES = 2;

const attempt = { attempt: v.pipe(Integer, v.minValue(1)) };
/** Names an act within its step, such as `unit-a/token`; the same in intent, outcome and reconciliation. */
const ActKey = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9./-]{0,120}$/));

/**
 * Who watched: witnesses and auditors who were there when the line was written, none of them among those who acted. Not there
 * where nobody watched.
 */
const watched = { witness: v.optional(v.pipe(v.array(Id), v.minLength(1), v.maxLength(64))) };

const BODIES = {
  'ceremony.opened': v.strictObject({
    format: v.literal('keyrite-bundle/1'),
    ceremony: Id,
    mode: v.picklist(['rehearsal', 'production']),
    title: Name,
    plan: v.strictObject({ id: Id, sha256: Sha256Hex }),
    binding: v.strictObject({ sha256: Sha256Hex }),
    app: App,
    /** Rules that the record is held to; not there in records of version 0.1.0. See {@link RULES}. */
    rules: v.optional(v.literal(2)),
    roster: v.array(RosterEntry),
    quorum: v.array(RoleCount),
    /** Where the keys of the roster come from; pinned keys of the plan bind production only. */
    keysFrom: v.picklist(['binding', 'plan']),
    /** plan.yaml, binding.yaml and every approval. */
    files: Files,
  }),
  'ceremony.paused': v.strictObject({
    reason: Text,
    /** What was put under seal, by its id in the plan, and the number of the seal. */
    seals: v.array(v.strictObject({ material: Id, number: Text })),
  }),
  'ceremony.resumed': v.strictObject({
    reason: v.picklist(['pause', 'crash']),
    /** Bytes of a torn last line that were cut off, and their SHA-256; null when the transcript was whole. */
    torn: v.nullable(v.strictObject({ bytes: Integer, sha256: Sha256Hex })),
    note: Text,
    /** After a pause: the session that begins, with a binding and so a roster of its own. */
    session: v.optional(
      v.strictObject({
        /** From 2; the first session is that of line 0. */
        number: v.pipe(Integer, v.minValue(2), v.maxValue(9999)),
        binding: v.strictObject({ sha256: Sha256Hex }),
        app: App,
        roster: v.array(RosterEntry),
      }),
    ),
    /** After a pause: the session's binding.yaml, its approvals and the keys of people who are new. */
    files: v.optional(Files),
  }),
  'ceremony.closed': v.strictObject({
    outcome: v.picklist(['completed', 'abandoned']),
    exceptions: Integer,
    withheld: Integer,
    signOff: Text,
  }),
  'participant.present': v.strictObject({ participant: Id, proof: Envelope }),
  'participant.enrolled': v.strictObject({
    participant: RosterEntry,
    /** The two people present who vouch. */
    vouchers: v.array(Id),
    /** What was seen of the person's identification. */
    identification: Text,
    /** {@link EnrolmentPayload}, signed by the new participant and both vouchers. */
    record: Envelope,
    /** The new participant's key. */
    files: Files,
  }),
  'participant.left': v.strictObject({ participant: Id, reason: Text }),
  'participant.replaced': v.strictObject({ participant: Id, by: Id, reason: Text }),
  'step.started': v.strictObject({ ...attempt, ...watched, action: v.string() }),
  'step.intent': v.strictObject({
    ...attempt,
    ...watched,
    act: ActKey,
    /** PKCS#11 function or command about to be carried out. */
    operation: v.string(),
    unit: v.nullable(Id),
    parameters: Facts,
    /** What a reading of the device will show once it is done. */
    expected: Facts,
    /** Signed command that authorises the act, where there is one. */
    command: v.nullable(Envelope),
    files: v.optional(Files),
  }),
  'step.outcome': v.strictObject({
    ...attempt,
    ...watched,
    /** The act whose intent this answers; null for the outcome that completes the step. */
    act: v.nullable(ActKey),
    result: Facts,
    files: v.optional(Files),
  }),
  'step.reconciled': v.strictObject({
    ...attempt,
    act: ActKey,
    verdict: v.picklist(['applied', 'not-applied', 'undetermined']),
    observed: Facts,
    files: v.optional(Files),
  }),
  'step.confirmed': v.strictObject({ ...attempt, statement: Text, answer: v.optional(Text) }),
  'step.failed': v.strictObject({
    ...attempt,
    act: v.nullable(ActKey),
    error: v.strictObject({ code: v.string(), message: Text }),
    /** What was and what was not changed, in words. */
    changed: Text,
    next: Text,
  }),
  'fact.recorded': v.strictObject({ fact: v.string(), value: JsonValue, files: v.optional(Files) }),
  'exception.recorded': v.strictObject({ kind: v.picklist(EXCEPTION_KINDS), record: Envelope }),
  'checkpoint.made': v.strictObject({
    number: v.pipe(Integer, v.minValue(1)),
    size: Integer,
    root: Sha256Hex,
    files: Files,
  }),
  'checkpoint.signed': v.strictObject({ number: v.pipe(Integer, v.minValue(1)), participant: Id, files: Files }),
} as const;

/** Every line type there is. An unknown type is a finding. */
export type LineType = keyof typeof BODIES;
/** Names of all line types. */
export const LINE_TYPES = Object.keys(BODIES) as LineType[];
/** Schema of the body of one line type. */
export const bodySchema = <T extends LineType>(type: T): (typeof BODIES)[T] => BODIES[type];
/** Body of one line type. */
export type BodyOf<T extends LineType> = v.InferOutput<(typeof BODIES)[T]>;

/** What stands around every body. */
export const LineFrame = v.strictObject({
  seq: Integer,
  prev: Sha256Hex,
  salt: v.pipe(Hex, v.length(32)),
  at: Instant,
  type: v.picklist(LINE_TYPES),
  step: v.nullable(Id),
  by: v.array(Id),
  body: Facts,
});

interface LineOf<T extends LineType> {
  readonly seq: number;
  readonly prev: string;
  readonly salt: string;
  readonly at: string;
  readonly type: T;
  readonly step: string | null;
  readonly by: readonly string[];
  readonly body: BodyOf<T>;
}

/** A line of the transcript. */
export type Line = { [T in LineType]: LineOf<T> }[LineType];
/** A line of one type. */
export type LineWith<T extends LineType> = Extract<Line, { type: T }>;

/** What the writer is given; it adds `seq`, `prev`, `salt` and `at`. */
export type Draft = { [T in LineType]: Pick<LineOf<T>, 'type' | 'step' | 'by' | 'body'> }[LineType];

/** Signed payload of a presence proof. */
export const PresencePayload = v.strictObject({
  format: v.literal('keyrite-presence/1'),
  mode: v.picklist(['rehearsal', 'production']),
  ceremony: Id,
  participant: Id,
  /** SHA-256 of line 0 without its LF. */
  line0: Sha256Hex,
  /** SHA-256 of the last line at the moment of signing: equal to `prev` of the line that carries the proof. */
  head: Sha256Hex,
  nonce: v.pipe(Hex, v.length(64)),
});

/** Signed payload of an enrolment on the spot: the new participant and two vouchers sign the same bytes. */
export const EnrolmentPayload = v.strictObject({
  format: v.literal('keyrite-enrolment/1'),
  mode: v.picklist(['rehearsal', 'production']),
  ceremony: Id,
  participant: RosterEntry,
  /** Position of the plan that the participant takes. */
  position: Id,
  identification: Text,
  /** SHA-256 of the last line at the moment of signing, as for a proof of presence. */
  head: Sha256Hex,
});

/** Signed payload of an approval, one per approver, over plan and binding. */
export const ApprovalPayload = v.strictObject({
  format: v.literal('keyrite-approval/1'),
  mode: v.picklist(['rehearsal', 'production']),
  ceremony: Id,
  approver: Id,
  plan: Sha256Hex,
  binding: Sha256Hex,
});

/** Signed payload of an exception: an operator and a witness or auditor sign the same bytes. */
export const ExceptionPayload = v.strictObject({
  format: v.literal('keyrite-exception/1'),
  mode: v.picklist(['rehearsal', 'production']),
  ceremony: Id,
  /** The one step it is about. */
  step: Id,
  kind: v.picklist(EXCEPTION_KINDS),
  expected: Text,
  happened: Text,
  decided: Text,
});
