/**
 * What the main window shows. Main holds it and sends it whole whenever it changes; the window keeps nothing but what is
 * being typed, so that a window that crashed shows the truth again as soon as it is back. Nothing in it is secret.
 */
import * as v from 'valibot';
import { EXCEPTION_KINDS } from '../ceremony/transcript/exception-kinds';
import { Role } from '../ceremony/plan/schema';
import { Id, Instant, Sha256Hex } from '../ceremony/text-forms';
import { AuditView, ComparisonView } from './audit-view';

const Text = v.pipe(v.string(), v.maxLength(20_000));
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Flag = v.boolean();

/** The program and what it runs on. */
export const RuntimeView = v.strictObject({
  version: Text,
  electron: Text,
  chrome: Text,
  node: Text,
  /** `development`: the end-of-life runtime of a checkout; `test`: a runtime that only a test build admits. */
  standing: v.picklist(['supported', 'development', 'test']),
  /** Electron runs a package, not a checkout. */
  packaged: Flag,
  /** The build lets a debugger attach, for tests. */
  testBuild: Flag,
  /** The package is one that production may be done with. */
  fit: Flag,
});
export type RuntimeView = v.InferOutput<typeof RuntimeView>;

/** One thing looked at in the room: `ok` null means that it does not apply here. */
export const RoomFinding = v.strictObject({
  check: Text,
  ok: v.nullable(Flag),
  found: Text,
  /** What to do about it; empty when it is well. */
  remedy: Text,
});
export type RoomFinding = v.InferOutput<typeof RoomFinding>;

/** Somebody a rehearsal could have at the workstation. */
export const PersonChoice = v.strictObject({ id: Id, name: Text, position: Id, role: Role });
export type PersonChoice = v.InferOutput<typeof PersonChoice>;

/** A ceremony in this workstation's folder. */
export const CeremonySummary = v.strictObject({
  ceremony: Id,
  title: Text,
  mode: v.picklist(['rehearsal', 'production']),
  folder: Text,
  /**
   * `closed`: sealed; `open`: can be gone on with; `paused`: under seal, the next session needs a binding of its own;
   * `unreadable`: none of these, `note` says why.
   */
  status: v.picklist(['closed', 'open', 'paused', 'unreadable']),
  opened: v.nullable(Instant),
  lines: Count,
  note: Text,
  /** Of a rehearsal that can be gone on with: who takes part, to choose who is played. */
  people: v.exactOptional(v.array(PersonChoice)),
  /** Of a paused rehearsal: its room is there, from which Keyrite makes the next binding. */
  room: v.exactOptional(Flag),
});
export type CeremonySummary = v.InferOutput<typeof CeremonySummary>;

/** A plan that Keyrite brings along. */
export const ExampleSummary = v.strictObject({ id: Id, title: Text, purpose: Text, steps: Count });
export type ExampleSummary = v.InferOutput<typeof ExampleSummary>;

/** A finding of the checker, or of the check of a binding. */
export const FindingView = v.strictObject({
  severity: v.picklist(['error', 'warning', 'note']),
  step: v.nullable(Text),
  rule: Text,
  message: Text,
  remedy: Text,
});
export type FindingView = v.InferOutput<typeof FindingView>;

/** A plan under review. */
export const PlanView = v.strictObject({
  file: Text,
  id: Id,
  title: Text,
  purpose: Text,
  site: Text,
  controls: v.array(Text),
  sha256: Sha256Hex,
  /** The hash in words of the PGP word list, all 32 bytes. */
  words: Text,
  findings: v.array(FindingView),
  /** True when the checker finds no error. */
  good: Flag,
  positions: v.array(v.strictObject({ id: Id, role: Role, count: Count, alternates: Count, attends: Flag })),
  duties: v.array(Text),
  approval: v.strictObject({ position: Id, count: Count }),
  quorum: v.array(v.strictObject({ role: Role, count: Count })),
  units: v.array(v.strictObject({ id: Id, name: Text, label: Text, begins: Text, ends: Text })),
  pins: v.array(
    v.strictObject({ id: Id, for: Text, units: v.array(Id), madeBy: Id, heldBy: Id, parts: Count, sealing: Text }),
  ),
  steps: v.array(
    v.strictObject({
      id: Id,
      title: Text,
      action: Text,
      phase: v.nullable(Text),
      minutes: v.nullable(Count),
      /** What it does, in words, from the plan's printed script. */
      instructions: v.array(Text),
    }),
  ),
  signOff: Text,
});
export type PlanView = v.InferOutput<typeof PlanView>;

/** How a rehearsal's people are played. `me`: nobody plays this person (the ids are those of {@link PersonChoice}). */
export const Playing = v.variant('who', [
  v.strictObject({ who: v.literal('all') }),
  v.strictObject({ who: v.literal('others'), me: v.pipe(v.array(Id), v.minLength(1)) }),
  v.strictObject({ who: v.literal('nobody') }),
]);
export type Playing = v.InferOutput<typeof Playing>;

/** A binding before it is used: everything that stands for the plan's names on the day, and whether it is there now. */
export const BindingView = v.strictObject({
  ceremony: Id,
  mode: v.picklist(['rehearsal', 'production']),
  sha256: Sha256Hex,
  words: Text,
  /** `room`: made by Keyrite, throw-away; else the file. */
  from: Text,
  people: v.array(
    v.strictObject({
      id: Id,
      name: Text,
      position: Id,
      role: Role,
      algorithm: Text,
      /** SHA-256 of the SPKI, hex. */
      key: Sha256Hex,
      holder: v.picklist(['token', 'file']),
      token: v.nullable(Text),
      played: Flag,
    }),
  ),
  modules: v.array(v.strictObject({ id: Id, path: Text, sha256: Sha256Hex, state: Text, ok: Flag })),
  units: v.array(v.strictObject({ id: Id, name: Text, module: Id, token: Text, lastKnown: v.nullable(Sha256Hex) })),
  media: v.array(v.strictObject({ id: Id, path: Text, state: Text, ok: Flag })),
  /** Folders of the plan's key stores, and what is in them. */
  keyStores: v.array(v.strictObject({ id: Id, name: Text, path: Text, state: Text })),
  parameters: v.array(v.strictObject({ id: Id, file: Text, target: Text, words: Text, expires: Text })),
  /** Who approves plan and binding: by a file, at the beginning of the ceremony, not needed any more, or not at all yet. */
  approvals: v.strictObject({
    needed: Count,
    approvers: v.array(
      v.strictObject({
        id: Id,
        name: Text,
        standing: v.picklist(['approved', 'signs', 'not-needed', 'cannot-sign']),
      }),
    ),
  }),
  findings: v.array(FindingView),
  good: Flag,
});
export type BindingView = v.InferOutput<typeof BindingView>;

/** One step as the run shows it. */
export const StepView = v.strictObject({
  id: Id,
  title: Text,
  action: Text,
  phase: v.nullable(Text),
  minutes: v.nullable(Count),
  status: v.picklist(['waiting', 'present', 'done', 'excepted']),
  attempts: Count,
  began: v.nullable(Instant),
  ended: v.nullable(Instant),
  /** What it does and what it changes, in words. */
  instructions: v.array(Text),
  /** What of it cannot be undone; empty when all can. */
  irreversible: Text,
  /** An exception may stand in for it. */
  waivable: Flag,
});
export type StepView = v.InferOutput<typeof StepView>;

/** A participant in the run. */
export const PersonView = v.strictObject({
  id: Id,
  name: Text,
  position: Id,
  roles: v.array(Role),
  attends: Flag,
  /** Has proved presence. */
  present: Flag,
  /** Left, was replaced or did not come, and has not proved presence since. */
  left: Flag,
  /** The rehearsal plays this person. */
  played: Flag,
  /** Must act now. */
  asked: Flag,
  /** Has confirmed what is being confirmed now. */
  confirmed: Flag,
});
export type PersonView = v.InferOutput<typeof PersonView>;

const RegisterView = v.strictObject({
  status: v.picklist(['empty', 'full-uncommitted', 'full-committed', 'valid']),
  /** Verification pattern, 64 hex digits; null when empty. */
  pattern: v.nullable(Sha256Hex),
});

/** A crypto unit in the run, as last read. */
export const UnitView = v.strictObject({
  id: Id,
  name: Text,
  label: Text,
  module: Id,
  serial: v.nullable(Text),
  /** SHA-256 of the SPKI of its identity key; null while unknown. */
  identity: v.nullable(Sha256Hex),
  mode: v.picklist(['unknown', 'blank', 'imprint', 'operational', 'zeroised']),
  administrators: v.array(Text),
  signatureThreshold: Count,
  revocationThreshold: Count,
  counter: v.nullable(Count),
  /** Null while nothing is known. */
  registers: v.nullable(v.strictObject({ new: RegisterView, current: RegisterView })),
  /** Where it stands while several units are worked on at once; absent otherwise. */
  atWork: v.exactOptional(v.picklist(['waiting', 'working', 'done', 'failed'])),
  /** Who enforces the quorums. */
  enforcedBy: v.literal('Enforced by Keyrite only'),
});
export type UnitView = v.InferOutput<typeof UnitView>;

/** A line of the transcript in a few words. */
export const LineView = v.strictObject({
  seq: Count,
  at: Instant,
  type: Text,
  step: v.nullable(Id),
  by: v.array(Text),
  text: Text,
});
export type LineView = v.InferOutput<typeof LineView>;

/** Names a process and the request that it works on: `3.17`. Never used again. */
export const StuckId = v.pipe(v.string(), v.regex(/^\d{1,9}\.\d{1,9}$/));
/** A process that works and waits for nobody. */
export const StuckProcess = v.strictObject({
  id: StuckId,
  /** In words, such as `the worker of module units`. */
  name: Text,
  /** With it goes the set of shares that it holds. */
  voidsSet: v.boolean(),
});
export type StuckProcess = v.InferOutput<typeof StuckProcess>;

/** Names one question of the engine, so that a late answer cannot meet another one. */
export const QuestionId = v.pipe(v.string(), v.regex(/^q[0-9]{1,9}$/));
export type QuestionId = v.InferOutput<typeof QuestionId>;

const Options = v.array(v.picklist(['again', 'exception', 'stop']));

/** What the ceremony waits for now. */
export const TaskView = v.variant('kind', [
  /** The operator begins the present step. */
  v.strictObject({ kind: v.literal('begin'), question: QuestionId }),
  /** The machine works; nobody must act. `since`: when it began. */
  v.strictObject({ kind: v.literal('working'), doing: Text, since: Instant }),
  /** A person is at a secret window. */
  v.strictObject({
    kind: v.literal('person'),
    who: Id,
    what: v.picklist(['pin', 'final-try', 'passphrase', 'share-show', 'share-enter', 'share-key']),
    /** In words, such as `the user PIN of unit-a`. */
    doing: Text,
  }),
  /** A call waits for people to type a PIN on the token's own pad: nobody is at a secret window. */
  v.strictObject({
    kind: v.literal('pad'),
    by: v.array(Id),
    /** Who does what, in words. */
    doing: Text,
    /** Which PIN, in words, such as `the user PIN of unit-a`. */
    pin: Text,
    /** What the token says of the tries that are left; null: nothing. */
    warning: v.nullable(Text),
    since: Instant,
  }),
  v.strictObject({ kind: v.literal('confirm'), question: QuestionId, statement: Text, by: v.array(Id) }),
  v.strictObject({
    kind: v.literal('ask'),
    question: QuestionId,
    text: Text,
    by: v.array(Id),
    /** The answer is a name. */
    expects: v.exactOptional(v.literal('name')),
  }),
  /** `who` reads a clock of their own by UTC, the `place`th (from 1) of `count` who do. */
  v.strictObject({ kind: v.literal('clock'), question: QuestionId, who: Id, place: Count, count: Count }),
  /** Files are brought that go on record. */
  v.strictObject({
    kind: v.literal('attach'),
    question: QuestionId,
    text: Text,
    by: v.array(Id),
    /** Those that were chosen so far. */
    files: v.array(v.strictObject({ path: Text, name: Text, size: Count, sha256: Sha256Hex })),
  }),
  v.strictObject({
    kind: v.literal('decide'),
    question: QuestionId,
    happened: Text,
    changed: Text,
    next: Text,
    options: Options,
  }),
  /** It is over: sealed, or stopped and to be gone on with. */
  v.strictObject({
    kind: v.literal('ended'),
    outcome: v.picklist(['closed', 'paused', 'stopped', 'failed']),
    happened: Text,
    next: Text,
    verdict: v.nullable(v.picklist(['refused', 'incomplete', 'consistent', 'verified'])),
    media: v.array(v.strictObject({ id: Id, path: Text })),
    /** Media of the plan without their copy, and why; `path`: where the copy would be. */
    notCopied: v.array(v.strictObject({ id: Id, path: Text, reason: Text })),
    /** Exceptions that were raised, and could not be put on record before the run ended. */
    notRecorded: v.array(
      v.strictObject({ step: Id, kind: v.picklist(EXCEPTION_KINDS), expected: Text, happened: Text, decided: Text }),
    ),
    /** Who came or went, in words, where the run ended before that was on record. */
    notSaid: v.array(Text),
    /** Of a ceremony that is paused under seal: what to write down. */
    paused: v.exactOptional(
      v.strictObject({
        /** Number of the session to come. */
        session: Count,
        seals: v.array(v.strictObject({ name: Text, number: Text })),
        /** Of the checkpoint that was signed, hex. */
        root: Sha256Hex,
        rootWords: Text,
      }),
    ),
  }),
]);
export type TaskView = v.InferOutput<typeof TaskView>;

const NoticeView = v.strictObject({
  kind: v.picklist(['step', 'progress', 'result', 'warning', 'failure']),
  text: Text,
  at: Instant,
});

/** What the step before the present one leaves to compare, to list or to write down; kept until the next one begins. */
export const ResultView = v.strictObject({
  step: Id,
  /** Place of the step in the plan, from 0. */
  index: Count,
  values: v.array(
    v.strictObject({
      /** What it belongs to, such as the name of a unit. */
      about: Text,
      name: Text,
      /** `spoken`: 64 hex digits with their `words`; `hex`: hex digits; `text`: anything else. */
      kind: v.picklist(['text', 'hex', 'spoken']),
      value: Text,
      words: Text,
    }),
  ),
  /** Objects of each unit; `more`: how many there are beside those that are listed. */
  inventories: v.array(
    v.strictObject({
      unit: Text,
      objects: v.array(
        v.strictObject({
          label: Text,
          what: Text,
          attributes: Text,
          checkValue: v.nullable(v.strictObject({ algorithm: Text, value: Text })),
        }),
      ),
      more: Count,
    }),
  ),
  /** Warnings, failures and results that were said while it went, oldest first. */
  notices: v.array(NoticeView),
});
export type ResultView = v.InferOutput<typeof ResultView>;

/** A ceremony under way. */
export const RunView = v.strictObject({
  ceremony: Id,
  title: Text,
  mode: v.picklist(['rehearsal', 'production']),
  folder: Text,
  planSha256: Sha256Hex,
  planWords: Text,
  steps: v.array(StepView),
  /** Index of the present step; null before the first (approvals) and after the last (closing). */
  present: v.nullable(Count),
  /** What goes on when no step does: `Approvals`, `Closing`; empty otherwise. */
  stage: Text,
  task: TaskView,
  /** What was said since the present step began, oldest first; at most 100. */
  notices: v.array(NoticeView),
  /** Null where nothing is left to look at, and while a step goes on. */
  result: v.nullable(ResultView),
  /** The set of master-key shares made last: 32 hex digits, its pattern, and the pattern's words; null before there is one. */
  set: v.nullable(v.strictObject({ set: Text, pattern: Sha256Hex, words: Text })),
  /** What pre-flight observed of the workstation; empty before. */
  observations: v.array(RoomFinding),
  people: v.array(PersonView),
  /** Who must sign the last checkpoint, and how many of them are present. */
  quorum: v.array(v.strictObject({ role: Role, count: Count, present: Count })),
  units: v.array(UnitView),
  transcript: v.strictObject({
    size: Count,
    /** Merkle tree hash over all lines so far, hex; null before line 0. */
    root: v.nullable(Sha256Hex),
    rootWords: Text,
    /** The last lines, oldest first; at most 200. */
    lines: v.array(LineView),
  }),
  exceptions: v.strictObject({
    recorded: Count,
    /** Raised, and waiting for the two who sign it. */
    waiting: v.array(v.strictObject({ step: Id, kind: v.picklist(EXCEPTION_KINDS), happened: Text })),
  }),
  /** What was said of people coming and going, and waits for the next safe point. */
  changes: v.array(v.strictObject({ kind: v.picklist(['late', 'left', 'replaced', 'paper']), text: Text })),
  /** `stop` was asked for, and is carried out at the next safe point. */
  stopping: Flag,
});
export type RunView = v.InferOutput<typeof RunView>;

/** Something that a verification found. */
const BundleFinding = v.strictObject({
  where: Text,
  line: v.nullable(Count),
  reason: Text,
  /** Line to look at: the one it is about, or the one that names the file; null where there is none. */
  leadsTo: v.nullable(Count),
});

/** The verdict on a bundle. */
export const VerifyView = v.strictObject({
  folder: Text,
  /** What was given from outside. */
  planHash: v.nullable(Sha256Hex),
  /** Who gave that hash: a person, or the run of this very Keyrite that made the bundle. */
  planHashFrom: v.picklist(['person', 'run']),
  /** SHA-256 of the SPKI of each approver's key that was given, hex. */
  approverKeys: v.pipe(v.array(Sha256Hex), v.maxLength(100)),
  verdict: v.picklist(['refused', 'incomplete', 'consistent', 'verified']),
  findings: v.array(BundleFinding),
  /** Findings there are, those included that are not listed. */
  findingsInAll: Count,
  missing: v.array(BundleFinding),
  missingInAll: Count,
  exceptions: Count,
  withheld: Count,
  summary: v.nullable(
    v.strictObject({
      ceremony: Text,
      mode: v.picklist(['rehearsal', 'production']),
      title: Text,
      outcome: v.nullable(v.picklist(['completed', 'abandoned'])),
      planHash: Sha256Hex,
      planHashWords: Text,
      lines: Count,
      root: Sha256Hex,
      rootWords: Text,
      signers: v.array(Text),
      roster: v.array(v.strictObject({ id: Text, name: Text, roles: v.array(Role) })),
      checkpoints: v.array(
        v.strictObject({
          number: Count,
          size: Count,
          root: Sha256Hex,
          step: v.nullable(Text),
          signers: v.array(Text),
          final: Flag,
        }),
      ),
      /** Who recomputed the root on a station of their own. */
      cosigners: v.array(v.strictObject({ name: Text, at: Text, verdict: v.picklist(['consistent', 'verified']) })),
      /** What came after the close. */
      addenda: v.array(v.strictObject({ number: Count, reason: Text, at: Text, signers: v.array(Text) })),
      /** Times that an authority gave for the last checkpoint; whose they are is not checked here. */
      timestamps: v.array(v.strictObject({ addendum: Count, file: Text, genTime: Text })),
    }),
  ),
});
export type VerifyView = v.InferOutput<typeof VerifyView>;

/** The session of a paused ceremony that a binding is for. */
export const SessionView = v.strictObject({
  /** Number of the session to come. */
  number: Count,
  /** What stands for the plan's names otherwise than before the pause; null where it has no such thing. */
  differs: v.array(
    v.strictObject({
      what: v.picklist(['person', 'key', 'module', 'unit', 'wrapping-parameters', 'medium', 'key-store', 'program']),
      name: Text,
      before: v.nullable(Text),
      now: v.nullable(Text),
    }),
  ),
});
export type SessionView = v.InferOutput<typeof SessionView>;

/** Where the app is. */
export const ScreenView = v.variant('kind', [
  v.strictObject({ kind: v.literal('home') }),
  v.strictObject({ kind: v.literal('review'), plan: PlanView }),
  v.strictObject({
    kind: v.literal('binding'),
    plan: PlanView,
    /** Who takes part in a rehearsal, to choose who is played. */
    people: v.array(PersonChoice),
    /** Wrapping parameters chosen for a rehearsal; null: a throw-away wrapping key. */
    parametersFile: v.nullable(Text),
    /** Null until a binding was made or opened. */
    binding: v.nullable(BindingView),
    /** Only for the next session of a ceremony that is paused. */
    session: v.exactOptional(SessionView),
  }),
  v.strictObject({ kind: v.literal('run'), run: RunView }),
  v.strictObject({
    kind: v.literal('verify'),
    /** Null until a bundle was opened. */
    report: v.nullable(VerifyView),
    /** Null where there is no transcript to walk through. */
    audit: v.nullable(AuditView),
    /** The opened bundle beside another one. */
    comparison: v.nullable(ComparisonView),
  }),
]);
export type ScreenView = v.InferOutput<typeof ScreenView>;

/** Everything the main window shows. */
export const AppView = v.strictObject({
  runtime: RuntimeView,
  theme: v.picklist(['system', 'light', 'dark']),
  room: v.array(RoomFinding),
  ceremonies: v.array(CeremonySummary),
  /** Folder in which ceremonies are kept. */
  ceremoniesFolder: Text,
  examples: v.array(ExampleSummary),
  screen: ScreenView,
  /** Something takes its time, such as `Making the rehearsal room`; null when nothing does. */
  busy: v.nullable(Text),
});
export type AppView = v.InferOutput<typeof AppView>;
