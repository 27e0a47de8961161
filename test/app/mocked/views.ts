/** Views to show in tests of the window. The plan is the real example, by the app's own function; the rest is made up. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { words } from '../../../ceremony/words';
import type {
  AppView,
  BindingView,
  CeremonySummary,
  PersonChoice,
  PlanView,
  RoomFinding,
  ScreenView,
  VerifyView,
} from '../../../ipc/view';
import { openPlan, planView } from '../../../src-main/app/plan-view';
import { ROOT } from '../../rules/lint-text';

/** A hash for a fixture. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
/** The PGP words of a hash. */
export const wordsOf = (hex: string): string => words(Buffer.from(hex, 'hex'));

/** The first ceremony, as the review shows it. */
export function firstCeremony(): PlanView {
  const plan = planView(openPlan(join(ROOT, 'examples/first-ceremony.ceremony.yaml')));
  return { ...plan, file: '/media/plans/first-ceremony.ceremony.yaml' };
}

/** The same with findings that keep it from being accepted. */
export function faultyPlan(): PlanView {
  return {
    ...firstCeremony(),
    good: false,
    findings: [
      {
        severity: 'warning',
        step: 'package',
        rule: 'one-person-pin',
        message: 'The PIN user-pin of unit-a is held by one person, who can act without Keyrite.',
        remedy: 'Give it two parts, each made by one administrator.',
      },
      {
        severity: 'error',
        step: 'commit',
        rule: 'register',
        message: 'unit-b cannot commit: its new register is empty, since no step loads it.',
        remedy: 'Name unit-b in the step load as well.',
      },
      {
        severity: 'note',
        step: null,
        rule: 'storage',
        message: 'Custodians seal their own worksheets.',
        remedy: '',
      },
    ],
  };
}

const PEOPLE: readonly PersonChoice[] = [
  { id: 'administrators-1', name: 'Alice Ahrens', position: 'administrators', role: 'crypto-administrator' },
  { id: 'administrators-2', name: 'Bob Brandt', position: 'administrators', role: 'crypto-administrator' },
  { id: 'custodians-1', name: 'Carol Castillo', position: 'custodians', role: 'custodian' },
  { id: 'custodians-2', name: 'Δήμητρα Δούκα', position: 'custodians', role: 'custodian' },
  { id: 'custodians-3', name: 'Евгений Егоров', position: 'custodians', role: 'custodian' },
  { id: 'witness-1', name: 'Frances Fournier', position: 'witness', role: 'witness' },
  { id: 'auditor-1', name: 'Grace Győri', position: 'auditor', role: 'auditor' },
  { id: 'approvers-1', name: 'Heidi Holm', position: 'approvers', role: 'approver' },
  { id: 'approvers-2', name: 'Ivan Ilić', position: 'approvers', role: 'approver' },
];

/** A rehearsal's binding to throw-away tokens. */
export function rehearsalBinding(): BindingView {
  const sha256 = hashOf('binding');
  return {
    ceremony: 'first-ceremony-20261123-231500',
    mode: 'rehearsal',
    sha256,
    words: wordsOf(sha256),
    from: 'room',
    people: PEOPLE.map((person) => ({
      ...person,
      algorithm: 'ecdsa-p256-sha256',
      key: hashOf(person.id),
      holder: 'token' as const,
      token: `card-${person.id}`,
      played: person.id !== 'custodians-1',
    })),
    modules: [
      {
        id: 'units',
        path: '/usr/lib/softhsm/libsofthsm2.so',
        sha256: hashOf('softhsm'),
        state: 'SoftHSM2, the hash is the bound one',
        ok: true,
      },
      { id: 'cards', path: '/usr/lib/softhsm/libsofthsm2.so', sha256: hashOf('softhsm'), state: 'as bound', ok: true },
    ],
    units: [
      {
        id: 'unit-a',
        name: 'Crypto unit A, rack 12',
        module: 'units',
        token: 'serial 4be2b0ae19a6c81f',
        lastKnown: null,
      },
      {
        id: 'unit-b',
        name: 'Crypto unit B, rack 31',
        module: 'units',
        token: 'serial 1b51ff3a51b6e0f0',
        lastKnown: hashOf('state'),
      },
    ],
    media: [{ id: 'evidence-usb', path: '/media/evidence-usb', state: 'there, can be written to', ok: true }],
    keyStores: [],
    parameters: [
      {
        id: 'payments-root',
        file: '/home/keyrite/rehearsal/payments-root.wrapping-parameters.json',
        target: 'ibm-key-protect',
        words: wordsOf(hashOf('wrapping key')),
        expires: '2026-11-24T23:15:00.000Z',
      },
    ],
    approvals: {
      needed: 2,
      approvers: PEOPLE.slice(-2).map(({ id, name }) => ({ id, name, standing: 'signs' as const })),
    },
    findings: [],
    good: true,
  };
}

/** A production binding of which something is not there. */
export function productionBinding(): BindingView {
  const binding = rehearsalBinding();
  return {
    ...binding,
    mode: 'production',
    from: '/media/plans/first-ceremony.binding.yaml',
    people: binding.people.map((person) => ({ ...person, played: false })),
    approvals: {
      needed: 2,
      approvers: binding.approvals.approvers.map((one, place) => ({
        ...one,
        standing: place === 0 ? ('approved' as const) : ('cannot-sign' as const),
      })),
    },
    modules: binding.modules.map((module) =>
      module.id === 'units' ? { ...module, state: 'its hash is not the bound one', ok: false } : module,
    ),
    findings: [
      {
        severity: 'error',
        step: null,
        rule: 'module-hash',
        message: 'The module units has another SHA-256 than the binding says.',
        remedy: 'Find out who changed the module, or bind the one that was reviewed.',
      },
    ],
    good: false,
  };
}

const ROOM: readonly RoomFinding[] = [
  { check: 'network', ok: true, found: 'no interface is up', remedy: '' },
  {
    check: 'swap',
    ok: false,
    found: '1 in use',
    remedy: 'Turn it off with swapoff -a, or encrypt it: what is in memory may be written to disk.',
  },
  { check: 'core dumps', ok: true, found: 'limit 0', remedy: '' },
  {
    check: 'packaged app',
    ok: false,
    found: 'run from a checkout on the development runtime',
    remedy: 'Production needs the packaged app on a supported Electron; a rehearsal does not.',
  },
  { check: 'sandbox', ok: true, found: 'Chromium’s sandbox is on in every window', remedy: '' },
  { check: 'integrity of app.asar', ok: null, found: 'Linux does not check it', remedy: '' },
];

const CEREMONIES: readonly CeremonySummary[] = [
  {
    ceremony: 'first-ceremony-20261123-231500',
    title: 'First ceremony of the payments platform',
    mode: 'rehearsal',
    folder: '/home/keyrite/ceremonies/first-ceremony-20261123-231500',
    status: 'open',
    opened: '2026-11-23T23:15:00.000Z',
    lines: 57,
    note: 'Not closed; it can be gone on with',
    people: [...PEOPLE],
  },
  {
    ceremony: 'first-ceremony-20261120-090000',
    title: 'First ceremony of the payments platform',
    mode: 'production',
    folder: '/home/keyrite/ceremonies/first-ceremony-20261120-090000',
    status: 'closed',
    opened: '2026-11-20T09:00:00.000Z',
    lines: 141,
    note: '',
  },
  {
    ceremony: 'root-key-rotate-20261119-140000',
    title: 'root-key-rotate-20261119-140000',
    mode: 'rehearsal',
    folder: '/home/keyrite/ceremonies/root-key-rotate-20261119-140000',
    status: 'unreadable',
    opened: null,
    lines: 0,
    note: 'line 3 of transcript.jsonl is not in canonical form',
  },
];

/** A rehearsal that waits for its second day. */
export const PAUSED: CeremonySummary = {
  ceremony: 'two-days-20261122-160000',
  title: 'Two days for the payments platform',
  mode: 'rehearsal',
  folder: '/home/keyrite/ceremonies/two-days-20261122-160000',
  status: 'paused',
  opened: '2026-11-22T16:00:00.000Z',
  lines: 81,
  note: 'The next session needs a binding of its own',
  people: [...PEOPLE],
  room: true,
};

/** Verdicts, each with what leads to it. */
export function verification(verdict: VerifyView['verdict']): VerifyView {
  const root = hashOf('root');
  const refused = verdict === 'refused';
  const plan = firstCeremony();
  return {
    folder: '/media/evidence-usb/first-ceremony-20261120-090000',
    planHash: verdict === 'verified' ? plan.sha256 : null,
    planHashFrom: 'person',
    approverKeys: verdict === 'verified' ? [hashOf('approvers-1')] : [],
    verdict,
    findings: refused
      ? [
          { where: 'transcript.jsonl', line: 41, reason: 'prev is not the hash of line 40', leadsTo: 41 },
          {
            where: 'packages/payments-root.keypackage.json',
            line: null,
            reason: 'no line names this file',
            leadsTo: null,
          },
        ]
      : [],
    findingsInAll: refused ? 2 : 0,
    missing:
      verdict === 'incomplete'
        ? [
            { where: 'SHA256SUMS', line: null, reason: 'the bundle is not sealed', leadsTo: null },
            { where: 'transcript.jsonl', line: 56, reason: 'the last line is not ceremony.closed', leadsTo: 56 },
          ]
        : [],
    missingInAll: verdict === 'incomplete' ? 2 : 0,
    exceptions: 1,
    withheld: 0,
    summary: {
      ceremony: 'first-ceremony-20261120-090000',
      mode: verdict === 'verified' ? 'production' : 'rehearsal',
      title: 'First ceremony of the payments platform',
      outcome: verdict === 'incomplete' ? null : 'completed',
      planHash: plan.sha256,
      planHashWords: plan.words,
      lines: 141,
      root,
      rootWords: wordsOf(root),
      signers: verdict === 'incomplete' ? [] : ['Alice Ahrens', 'Bob Brandt', 'Frances Fournier'],
      roster: PEOPLE.map(({ id, name, role }) => ({ id, name, roles: [role] })),
      checkpoints: [
        {
          number: 1,
          size: 52,
          root: hashOf('first root'),
          step: 'halfway',
          signers: ['Alice Ahrens', 'Frances Fournier'],
          final: false,
        },
        ...(verdict === 'incomplete'
          ? []
          : [{ number: 2, size: 141, root, step: null, signers: ['Alice Ahrens', 'Bob Brandt'], final: true }]),
      ],
      cosigners:
        verdict === 'verified'
          ? [{ name: 'Frances Fournier', at: '2026-11-21T08:00:00.000Z', verdict: 'verified' as const }]
          : [],
      addenda:
        verdict === 'verified'
          ? [{ number: 1, reason: 'A timestamp', at: '2026-11-21T08:30:00.000Z', signers: ['Alice Ahrens'] }]
          : [],
      timestamps:
        verdict === 'verified'
          ? [{ addendum: 1, file: 'addenda/0001/checkpoint.tsr', genTime: '20261121082500Z' }]
          : [],
    },
  };
}

/** A bundle that cannot even be read. */
export function unreadableBundle(): VerifyView {
  return {
    ...verification('refused'),
    findings: [{ where: 'transcript.jsonl', line: null, reason: 'the file is missing', leadsTo: null }],
    findingsInAll: 1,
    summary: null,
  };
}

/** The auditor's screen of a verdict, without a transcript to walk through. */
export const verdictAlone = (report: VerifyView | null): ScreenView => ({
  kind: 'verify',
  report,
  audit: null,
  comparison: null,
});

/** A whole view with a screen; light unless said otherwise. */
export function view(screen: ScreenView, more: Partial<AppView> = {}): AppView {
  return {
    runtime: {
      version: '0.1.0',
      electron: '25.1.1',
      chrome: '114.0.5735.134',
      node: '18.15.0',
      standing: 'development',
      packaged: false,
      testBuild: false,
      fit: false,
    },
    theme: 'light',
    room: [...ROOM],
    ceremonies: [...CEREMONIES],
    ceremoniesFolder: '/home/keyrite/ceremonies',
    examples: [
      {
        id: 'first-ceremony',
        title: 'First ceremony of the payments platform',
        purpose: firstCeremony().purpose,
        steps: firstCeremony().steps.length,
      },
      {
        id: 'root-key-rotate',
        title: 'Rotation of the root key of the payments platform',
        purpose:
          'Give the root key payments-root in IBM Key Protect new key material, made in crypto unit A and wrapped so that only the Key Protect instance named in the wrapping parameters can unwrap it.',
        steps: 11,
      },
    ],
    screen,
    busy: null,
    ...more,
  };
}

/** The binding screen before a binding is there. */
export const bindingChoice = (parametersFile: string | null = null): ScreenView => ({
  kind: 'binding',
  plan: firstCeremony(),
  people: [...PEOPLE],
  parametersFile,
  binding: null,
});

/** The binding screen with a binding. */
export const bindingMade = (binding: BindingView): ScreenView => ({
  kind: 'binding',
  plan: firstCeremony(),
  people: [...PEOPLE],
  parametersFile: null,
  binding,
});

/** The binding of a second session, which brings a new witness and another module. */
export const sessionBinding = (differs = true): ScreenView => ({
  kind: 'binding',
  plan: firstCeremony(),
  people: [],
  parametersFile: null,
  binding: rehearsalBinding(),
  session: {
    number: 2,
    differs: differs
      ? [
          {
            what: 'person',
            name: 'witness',
            before: 'Erin Evans (erin)',
            now: 'Erin Evans (erin), Wilma Wagner (wilma)',
          },
          { what: 'key', name: 'wilma', before: null, now: `ecdsa-p256-sha256 ${hashOf('wilma')}, held in a token` },
          {
            what: 'unit',
            name: 'unit-a',
            before: 'module units',
            now: `module units, serial 4f2a91c07be3d15a, identity ${hashOf('unit-a')}`,
          },
        ]
      : [],
  },
});

/** Every screen of part Home, Review, Binding and Verify, by a name for files and tests. */
export const SCREENS: Readonly<Record<string, () => AppView>> = {
  'home-empty': () => view({ kind: 'home' }, { ceremonies: [], room: [] }),
  'home-full': () => view({ kind: 'home' }),
  'home-paused': () => view({ kind: 'home' }, { ceremonies: [PAUSED, ...CEREMONIES] }),
  'home-busy': () => view({ kind: 'home' }, { busy: 'Making the rehearsal room' }),
  'review-good': () => view({ kind: 'review', plan: firstCeremony() }),
  'review-errors': () => view({ kind: 'review', plan: faultyPlan() }),
  'binding-choice': () => view(bindingChoice()),
  'binding-parameters': () => view(bindingChoice('/media/parameters/payments-root.wrapping-parameters.json')),
  'binding-rehearsal': () => view(bindingMade(rehearsalBinding())),
  'binding-production': () =>
    view(bindingMade(productionBinding()), {
      runtime: {
        ...view({ kind: 'home' }).runtime,
        standing: 'supported',
        electron: '45.4.1',
        packaged: true,
        fit: true,
      },
    }),
  'binding-session': () => view(sessionBinding()),
  'binding-session-same': () => view(sessionBinding(false)),
  'verify-none': () => view(verdictAlone(null)),
  'verify-verified': () => view(verdictAlone(verification('verified'))),
  'verify-consistent': () => view(verdictAlone(verification('consistent'))),
  'verify-incomplete': () => view(verdictAlone(verification('incomplete'))),
  'verify-refused': () => view(verdictAlone(verification('refused'))),
  'verify-unreadable': () => view(verdictAlone(unreadableBundle())),
};
