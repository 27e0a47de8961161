/**
 * Views of a run, for tests and screenshots of the run screen: the steps and words of the first ceremony's real plan,
 * seven people with names in several scripts, two units, two hundred lines. Nothing here is secret, or real.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instructions } from '../../../ceremony/plan/instructions';
import { readPlan } from '../../../ceremony/plan/read';
import { WAIVABLE } from '../../../ceremony/plan/waivable';
import { words } from '../../../ceremony/words';
import type { AppView, LineView, PersonView, RunView, StepView, TaskView, UnitView } from '../../../ipc/view';
import { irreversible } from '../../../src-main/app/step-words';
import { ROOT } from '../../rules/lint-text';

const { plan } = readPlan(readFileSync(join(ROOT, 'examples/first-ceremony.ceremony.yaml'), 'utf8'));
const TITLES = new Map(plan.phases.map((phase) => [phase.id, phase.title]));
const MINUTE = 60_000;
/** Minutes from the first step of a fixture to now. */
const SO_FAR = 131;

/** So many minutes after the first step began. */
const at = (minutes: number): string => new Date(Date.now() + (minutes - SO_FAR) * MINUTE).toISOString();
/** So many seconds before now: for what runs now. */
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();
const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const spoken = (hex: string): string => words(Buffer.from(hex, 'hex'));

const PATTERN = hash('pattern');
const ROOT_HASH = hash('root');
const PLAN_HASH = hash('plan');

/** The people; `who` are asked, `confirmed` have confirmed. */
function people(options: {
  readonly present?: boolean;
  readonly asked?: readonly string[];
  readonly confirmed?: readonly string[];
  readonly played?: readonly string[];
  readonly left?: readonly string[];
}): PersonView[] {
  const { present = true, asked = [], confirmed = [], played = [], left = [] } = options;
  const person = (id: string, name: string, position: string, role: PersonView['roles'][number], attends = true) => ({
    id,
    name,
    position,
    roles: [role],
    attends,
    present: attends && present,
    left: left.includes(id),
    played: played.includes(id),
    asked: asked.includes(id),
    confirmed: confirmed.includes(id),
  });
  return [
    person('ada', 'Ada Aker', 'administrators', 'crypto-administrator'),
    person('ben', 'Benedikt Maria von Hohenzollern-Sigmaringen', 'administrators', 'crypto-administrator'),
    person('carol', 'Καλλιόπη Παπαδοπούλου', 'custodians', 'custodian'),
    person('dmitri', 'Дмитрий Сергеевич Воскресенский', 'custodians', 'custodian'),
    person('erin', 'נועה בן־דוד', 'custodians', 'custodian'),
    person('farida', 'فريدة المصري', 'witness', 'witness'),
    person('george', 'George Ó Súilleabháin', 'auditor', 'auditor'),
    person('heidi', 'Heidi Huang', 'approvers', 'approver', false),
    person('ivan', 'Ivan Ito', 'approvers', 'approver', false),
  ];
}

const ATTENDING = ['ada', 'ben', 'carol', 'dmitri', 'erin', 'farida', 'george'];

/** The plan's steps, with `present` under way (or, with `begun` false, still to be begun) and those before it done. */
function steps(present: number | null, begun = true, excepted: readonly string[] = []): StepView[] {
  const over = present ?? plan.steps.length;
  const took = plan.steps.map((step, index) => (step.minutes ?? 1) + (index % 3) - 1);
  const sum = (count: number): number => took.slice(0, count).reduce((minutes, one) => minutes + one, 0);
  const before = (index: number): string => ago(95 + (sum(over) - sum(index)) * 60);
  return plan.steps.map((step, index) => ({
    id: step.id,
    title: step.title,
    action: step.action,
    phase: (step.phase === undefined ? undefined : TITLES.get(step.phase)) ?? null,
    minutes: step.minutes ?? null,
    status: index === present ? 'present' : index > over ? 'waiting' : excepted.includes(step.id) ? 'excepted' : 'done',
    attempts: index > over || (index === over && !begun) ? 0 : step.id === 'load' ? 2 : 1,
    began: index > over || (index === over && !begun) ? null : before(index),
    ended: index >= over ? null : before(index + 1),
    instructions: instructions(plan, step),
    irreversible: irreversible(plan, step),
    waivable: WAIVABLE.includes(step.action),
  }));
}

type Registers = NonNullable<UnitView['registers']>;
const EMPTY: Registers['new'] = { status: 'empty', pattern: null };
const full = (status: 'full-uncommitted' | 'full-committed' | 'valid', pattern = PATTERN): Registers['new'] => ({
  status,
  pattern,
});

/** Both units in one state of a register's life. */
export const UNIT_STATES = {
  unread: (): UnitView[] => [unit('a', 'unknown', null, null), unit('b', 'unknown', null, null)],
  empty: (): UnitView[] => [unit('a', 'imprint', 0, { new: EMPTY, current: EMPTY }), unit('b', 'blank', null, null)],
  loaded: (): UnitView[] => [
    unit('a', 'operational', 6, { new: full('full-committed'), current: EMPTY }),
    unit('b', 'operational', 5, { new: full('full-uncommitted'), current: EMPTY }),
  ],
  valid: (): UnitView[] => [
    unit('a', 'operational', 7, { new: EMPTY, current: full('valid') }),
    unit('b', 'operational', 7, { new: EMPTY, current: full('valid') }),
  ],
  rotating: (): UnitView[] => [
    unit('a', 'operational', 12, { new: full('full-committed', hash('next')), current: full('valid') }),
    unit('b', 'operational', 12, { new: full('full-uncommitted', hash('other')), current: full('valid') }),
  ],
} as const;

function unit(
  letter: 'a' | 'b',
  mode: UnitView['mode'],
  counter: number | null,
  registers: UnitView['registers'],
): UnitView {
  const operational = mode === 'operational';
  return {
    id: `unit-${letter}`,
    name: letter === 'a' ? 'Crypto unit A, rack 12' : 'Crypto unit B, rack 31',
    label: `payments-unit-${letter}`,
    module: 'softhsm2',
    serial: `4f2a91c07be3d15${letter}`,
    identity: mode === 'unknown' || mode === 'blank' ? null : hash(letter),
    mode,
    administrators: operational ? ['Ada Aker', 'Benedikt Maria von Hohenzollern-Sigmaringen'] : [],
    signatureThreshold: operational ? 2 : 0,
    revocationThreshold: operational ? 2 : 0,
    counter,
    registers,
    enforcedBy: 'Enforced by Keyrite only',
  };
}

const SET: RunView['set'] = { set: hash('set').slice(0, 32), pattern: PATTERN, words: spoken(PATTERN) };

const LINE_TYPES = ['step.began', 'step.intent', 'step.outcome', 'step.confirmed', 'fact.recorded', 'step.completed'];
const LINE_WORDS = [
  'Attempt 1',
  'C_InitToken on Crypto unit A, rack 12',
  'C_InitToken on Crypto unit A, rack 12: done',
  'The workstation’s clock agrees with an independent clock',
  'The workstation: 14 observations',
  'Completed',
];

/** The last `count` lines of a record of `size` lines. */
function lines(size: number, count: number): LineView[] {
  return Array.from({ length: Math.min(size, count) }, (_, place): LineView => {
    const seq = size - Math.min(size, count) + place;
    const kind = seq % LINE_TYPES.length;
    return {
      seq,
      at: at(seq / 2),
      type: LINE_TYPES[kind] ?? '',
      step: plan.steps[Math.floor((seq / size) * 12)]?.id ?? null,
      by: kind === 3 ? ['Ada Aker', 'נועה בן־דוד'] : [],
      text: LINE_WORDS[kind] ?? '',
    };
  });
}

/** What a fixture differs in. */
export interface RunOptions {
  readonly step: string | null;
  readonly task: TaskView;
  readonly units?: keyof typeof UNIT_STATES;
  readonly asked?: readonly string[];
  readonly confirmed?: readonly string[];
  readonly played?: readonly string[];
  readonly called?: boolean;
  readonly over?: Partial<RunView>;
}

/** A run in the middle of the first ceremony. */
export function runView(options: RunOptions): RunView {
  const present = options.step === null ? null : plan.steps.findIndex(({ id }) => id === options.step);
  const size = 214;
  return {
    ceremony: 'first-ceremony-2026-11-23',
    title: plan.title,
    mode: 'rehearsal',
    folder: '/home/operator/ceremonies/first-ceremony-2026-11-23',
    planSha256: PLAN_HASH,
    planWords: spoken(PLAN_HASH),
    steps: steps(present, options.task.kind !== 'begin'),
    present,
    stage: '',
    task: options.task,
    notices: [],
    observations: [],
    people: people({
      present: options.called ?? true,
      ...(options.asked === undefined ? {} : { asked: options.asked }),
      ...(options.confirmed === undefined ? {} : { confirmed: options.confirmed }),
      ...(options.played === undefined ? {} : { played: options.played }),
    }),
    quorum: [
      { role: 'witness', count: 1, present: options.called === false ? 0 : 1 },
      { role: 'crypto-administrator', count: 2, present: options.called === false ? 0 : 2 },
    ],
    units: UNIT_STATES[options.units ?? 'valid'](),
    transcript: { size, root: ROOT_HASH, rootWords: spoken(ROOT_HASH), lines: lines(size, 200) },
    exceptions: { recorded: 0, waiting: [] },
    changes: [],
    stopping: false,
    result: null,
    set: ['unread', 'empty'].includes(options.units ?? 'valid') ? null : SET,
    ...options.over,
  };
}

/** The whole view around a run. */
export function runAppView(run: RunView): AppView {
  return {
    runtime: {
      version: '0.1.0',
      electron: '25.1.1',
      chrome: '114.0.5735.106',
      node: '18.15.0',
      standing: 'development',
      packaged: true,
      testBuild: false,
      fit: true,
    },
    theme: 'light',
    room: [],
    ceremonies: [],
    ceremoniesFolder: '/home/operator/ceremonies',
    examples: [],
    screen: { kind: 'run', run },
    busy: null,
  };
}

const STATEMENT = (id: string): string => {
  const step = plan.steps.find((one) => one.id === id);
  if (step?.action !== 'statement') throw new RangeError(`step: expected a statement, got ${id}`);
  return step.text.trim();
};

const FILES_WANTED =
  'Files that go with: Which audit log was taken from the unit with the vendor’s tool, which photographs were made, and of what.';
const FINGERPRINT = hash('wrapping key');

const place = (id: string): number => plan.steps.findIndex((one) => one.id === id);
const MADE_SET: RunView['result'] = {
  step: 'generate',
  index: place('generate'),
  values: [
    { about: 'The set of shares', name: 'Set id', kind: 'hex', value: hash('set').slice(0, 32), words: '' },
    {
      about: 'The set of shares',
      name: 'Verification pattern',
      kind: 'spoken',
      value: PATTERN,
      words: spoken(PATTERN),
    },
  ],
  inventories: [],
  notices: [],
};
const identityOf = (letter: 'a' | 'b', name: string) => [
  { about: name, name: 'Serial', kind: 'text' as const, value: `4f2a91c07be3d15${letter}`, words: '' },
  { about: name, name: 'Label', kind: 'text' as const, value: `payments-unit-${letter}`, words: '' },
  { about: name, name: 'Identity', kind: 'hex' as const, value: hash(letter), words: '' },
];
const IDENTITIES: RunView['result'] = {
  step: 'initialise',
  index: place('initialise'),
  values: [...identityOf('a', 'Crypto unit A, rack 12'), ...identityOf('b', 'Crypto unit B, rack 31')],
  inventories: [],
  notices: [
    { kind: 'warning', text: 'unit-b: its token keeps no data objects, so that a rollback is not visible', at: at(40) },
  ],
};
const OBJECTS = [
  { label: 'keyrite:state', what: 'data', attributes: 'private', checkValue: null },
  {
    label: 'keyrite:identity',
    what: 'private key, ec',
    attributes: 'private, sensitive, not extractable, made here; may sign',
    checkValue: null,
  },
  {
    label: 'keyrite:identity',
    what: 'public key, ec',
    attributes: 'public, made here; may verify',
    checkValue: { algorithm: 'spki-sha256', value: hash('spki') },
  },
  {
    label: 'keyrite:mk:current',
    what: 'secret key, aes',
    attributes: 'private, sensitive, not extractable, brought in; may sign, wrap, unwrap',
    checkValue: { algorithm: 'aes-cmac', value: '662bd1ac76' },
  },
];
const INVENTORY: RunView['result'] = {
  step: 'inventory',
  index: place('inventory'),
  values: [],
  inventories: [
    { unit: 'Crypto unit A, rack 12', objects: OBJECTS, more: 0 },
    { unit: 'Crypto unit B, rack 31', objects: OBJECTS, more: 12 },
  ],
  notices: [],
};

/** One run for every task, and more where a task has several faces. Made anew each time: some times run from now. */
export const RUNS = {
  'result-set': () =>
    runView({
      step: 'distribute',
      task: { kind: 'begin', question: 'q20' },
      units: 'empty',
      over: { result: MADE_SET },
    }),
  'result-inventory': () =>
    runView({ step: 'seals', task: { kind: 'begin', question: 'q21' }, over: { result: INVENTORY } }),
  'result-identities': () =>
    runView({
      step: 'imprint',
      task: { kind: 'begin', question: 'q22' },
      units: 'empty',
      over: { result: IDENTITIES },
    }),
  'begin-plain': () => runView({ step: 'verify-new', task: { kind: 'begin', question: 'q1' }, units: 'loaded' }),
  'begin-irreversible': () => runView({ step: 'initialise', task: { kind: 'begin', question: 'q2' }, units: 'unread' }),
  'begin-preflight': () =>
    runView({ step: 'preflight', task: { kind: 'begin', question: 'q3' }, units: 'unread', called: false }),
  'working-short': () =>
    runView({
      step: 'load',
      units: 'empty',
      task: { kind: 'working', doing: 'Loads component 2 of 3 into Crypto unit A, rack 12', since: ago(4) },
      over: {
        notices: [
          { kind: 'step', text: 'The custodians load their components into both units', at: at(118) },
          { kind: 'progress', text: 'Crypto unit A, rack 12: component 1 of 3 is loaded', at: at(119) },
          { kind: 'warning', text: 'unit-a: its token cannot tell whether a PIN was tried before', at: at(120) },
        ],
      },
    }),
  'working-long': () =>
    runView({
      step: 'initialise',
      units: 'unread',
      task: { kind: 'working', doing: 'Erases the token of Crypto unit B, rack 31', since: ago(83) },
    }),
  'working-rollcall': () =>
    runView({
      step: 'roll-call',
      units: 'unread',
      task: { kind: 'working', doing: 'נועה בן־דוד proves presence', since: ago(2) },
      asked: ['erin'],
      over: {
        people: people({ asked: ['erin'] }).map((one) => ({
          ...one,
          present: ['ada', 'ben', 'carol', 'dmitri'].includes(one.id),
        })),
      },
    }),
  person: () =>
    runView({
      step: 'distribute',
      units: 'empty',
      asked: ['dmitri'],
      task: { kind: 'person', who: 'dmitri', what: 'share-show', doing: 'component 2 of 3' },
    }),
  pad: () =>
    runView({
      step: 'initialise',
      units: 'unread',
      asked: ['ben', 'carol'],
      task: {
        kind: 'pad',
        by: ['ben', 'carol'],
        doing: 'Ben Brown and Carol Chu enter the user PIN of Crypto unit A, rack 12 on the device’s own pad',
        pin: 'the user PIN of Crypto unit A, rack 12',
        warning: 'A wrong PIN was given before: the token allows few more',
        since: '2026-11-23T08:00:00.000Z',
      },
    }),
  'person-played': () =>
    runView({
      step: 'initialise',
      units: 'unread',
      played: ['ben', 'carol', 'dmitri', 'erin', 'farida', 'george'],
      asked: ['ben'],
      task: { kind: 'person', who: 'ben', what: 'pin', doing: 'part 2 of the user PIN of Crypto unit A, rack 12' },
    }),
  'confirm-preflight': () =>
    runView({
      step: 'preflight',
      units: 'unread',
      called: false,
      asked: ['ada', 'ben', 'farida'],
      task: {
        kind: 'confirm',
        question: 'q4',
        statement: 'The workstation’s clock agrees with an independent clock: 2026-11-23T08:03:41.000Z',
        by: ['ada', 'ben', 'farida'],
      },
      over: {
        observations: [
          { check: 'Network', ok: true, found: 'no interface is up', remedy: '' },
          {
            check: 'Swap',
            ok: false,
            found: 'swap is on: /dev/sda3, not encrypted',
            remedy: 'Turn it off with swapoff -a, or start from media without swap.',
          },
          { check: 'Core dumps', ok: true, found: 'off for this process and its children', remedy: '' },
          { check: 'Medium evidence-usb', ok: null, found: 'not in this rehearsal', remedy: '' },
        ],
      },
    }),
  'confirm-fingerprint': () =>
    runView({
      step: 'package',
      asked: ['ada', 'ben', 'farida'],
      confirmed: ['farida'],
      task: {
        kind: 'confirm',
        question: 'q5',
        statement: `The wrapping key’s fingerprint, read aloud, is the one the collector read out: ${FINGERPRINT.match(/.{4}/g)?.join(' ') ?? ''} (${spoken(FINGERPRINT)})`,
        by: ['ada', 'ben', 'farida'],
      },
    }),
  'confirm-everybody': () =>
    runView({
      step: 'sign-off',
      asked: ATTENDING,
      task: { kind: 'confirm', question: 'q6', statement: STATEMENT('sign-off'), by: ATTENDING },
      over: { exceptions: { recorded: 1, waiting: [] } },
    }),
  ask: () =>
    runView({
      step: 'seals',
      asked: ['farida'],
      task: {
        kind: 'ask',
        question: 'q7',
        text: 'The serial number of every envelope that was sealed, what it holds, and who keeps it.',
        by: ['farida'],
      },
    }),
  'ask-name': () =>
    runView({
      step: 'seals',
      asked: ['ada', 'george'],
      task: {
        kind: 'ask',
        question: 'q7',
        text: 'The name of the person who takes the place guest-1, as their identification shows it',
        by: ['ada', 'george'],
        expects: 'name',
      },
    }),
  clock: () =>
    runView({
      step: 'preflight',
      units: 'unread',
      called: false,
      asked: ['farida'],
      task: { kind: 'clock', question: 'q10', who: 'farida', place: 1, count: 3 },
      over: {
        notices: [
          {
            kind: 'result',
            text: 'The workstation’s clock is 92.0 s behind the middle one of three independent clocks',
            at: at(3),
          },
        ],
      },
    }),
  'attach-none': () =>
    runView({
      step: 'seals',
      asked: ['george'],
      task: { kind: 'attach', question: 'q11', text: FILES_WANTED, by: ['george'], files: [] },
    }),
  attach: () =>
    runView({
      step: 'seals',
      asked: ['george'],
      task: {
        kind: 'attach',
        question: 'q12',
        text: FILES_WANTED,
        by: ['george'],
        files: ['audit-log-2026-11-23.txt', 'Фотография печати 0417, два ракурса.jpg', 'seals.zip'].map(
          (name, place) => ({
            path: `/media/operator/VENDOR/${name}`,
            name,
            size: 1_204_331 * (place + 1),
            sha256: hash(name),
          }),
        ),
      },
    }),
  'people-waiting': () =>
    runView({
      step: 'initialise',
      units: 'unread',
      task: { kind: 'working', doing: 'Erases the token of Crypto unit B, rack 31', since: ago(12) },
      over: {
        people: people({ left: ['dmitri'] }).map((one) => (one.left ? { ...one, present: false } : one)),
        changes: [
          { kind: 'left', text: 'נועה בן־דוד is away: her train leaves at noon' },
          { kind: 'paper', text: 'Paula Paper, guest of the auditor, signed paper: /media/operator/SCANS/paper.pdf' },
        ],
      },
    }),
  decide: () =>
    runView({
      step: 'inventory',
      task: {
        kind: 'decide',
        question: 'q8',
        happened:
          'Crypto unit B, rack 31 does not answer: C_OpenSession gave CKR_DEVICE_REMOVED, the token was taken out or lost its power.',
        changed: 'Nothing was changed on Crypto unit B, rack 31. Crypto unit A, rack 12 was read and stays as it is.',
        next: 'Put the device in again, wait until its light is steady, and try again.',
        options: ['again', 'exception', 'stop'],
      },
      over: {
        exceptions: {
          recorded: 1,
          waiting: [
            {
              step: 'distribute',
              kind: 'materials',
              happened: 'Envelope 0413 was torn when it was opened; envelope 0417 was used instead.',
            },
          ],
        },
        stopping: true,
      },
    }),
  closing: () =>
    runView({
      step: null,
      asked: ['ada'],
      task: { kind: 'person', who: 'ada', what: 'pin', doing: 'the PIN of the card of Ada Aker' },
      over: { stage: 'Closing', steps: steps(null) },
    }),
  'ended-closed': () =>
    runView({
      step: null,
      task: {
        kind: 'ended',
        outcome: 'closed',
        happened: 'The ceremony is closed, and its bundle is sealed.',
        next: 'Compare the bundle with its copies, and verify it on another machine: sh verify.sh',
        verdict: 'verified',
        media: [{ id: 'evidence-usb', path: '/media/operator/EVIDENCE/first-ceremony-2026-11-23' }],
        notCopied: [],
        notRecorded: [],
        notSaid: [],
      },
      over: { steps: steps(null, true, ['inventory']), exceptions: { recorded: 1, waiting: [] } },
    }),
  'ended-not-copied': () =>
    runView({
      step: null,
      task: {
        kind: 'ended',
        outcome: 'closed',
        happened: 'The ceremony is closed, and its bundle is sealed.',
        next: 'Mount the medium, and copy the bundle to it: here, or later from the home screen.',
        verdict: 'verified',
        media: [],
        notCopied: [
          {
            id: 'evidence-usb',
            path: '/media/operator/EVIDENCE/first-ceremony-2026-11-23',
            reason:
              'The bundle could not be copied to /media/operator/EVIDENCE: it is not there; is the medium mounted?',
          },
        ],
        notRecorded: [],
        notSaid: [],
      },
      over: { steps: steps(null, true) },
    }),
  'ended-stopped': () =>
    runView({
      step: 'commit',
      units: 'loaded',
      task: {
        kind: 'ended',
        outcome: 'stopped',
        happened: 'Stopped before the step began, as was asked for.',
        next: 'Choose this ceremony on the home screen to go on with it. The units are read again first.',
        verdict: null,
        media: [],
        notCopied: [],
        notRecorded: [],
        notSaid: [],
      },
    }),
  'ended-paused': () =>
    runView({
      step: 'distribute',
      units: 'empty',
      task: {
        kind: 'ended',
        outcome: 'paused',
        happened: 'Paused under seal, as the plan says. The first day ends; everything lies in the safe overnight.',
        next: 'Choose the ceremony on the home screen. The next session needs a binding of its own, which Keyrite makes from the rehearsal’s room, or reads from a file. The approvers sign it; then come pre-flight and roll call anew.',
        verdict: null,
        media: [],
        notCopied: [],
        notRecorded: [],
        notSaid: [],
        paused: {
          session: 2,
          seals: [
            { name: 'The case with crypto unit A, closed with a numbered seal', number: '0417' },
            { name: 'The envelopes of the components, in one bag closed with a numbered seal', number: '0418' },
          ],
          root: ROOT_HASH,
          rootWords: spoken(ROOT_HASH),
        },
      },
    }),
  rotating: () => runView({ step: 'activate', task: { kind: 'begin', question: 'q9' }, units: 'rotating' }),
  'units-at-work': (): RunView => {
    const doing = 'Loading: 1 of 2 units done; at work: unit-b (module units-b)';
    const run = runView({
      step: 'load',
      task: { kind: 'working', doing, since: '2026-11-23T10:15:00.000Z' },
      units: 'loaded',
    });
    const [done, working] = run.units;
    if (done === undefined || working === undefined) throw new Error('there are two units');
    return {
      ...run,
      units: [
        { ...done, atWork: 'done' },
        { ...working, module: 'units-b', atWork: 'working' },
      ],
    };
  },
} as const;
