/**
 * Attacks that a reviewer tried: bundles in which every signature and hash holds, and which claim more than was done, or
 * by people other than those approved. Both verifiers refuse each.
 */
import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, vi } from 'vitest';
import type { Json, JsonObject } from '../../ceremony/canonical-json';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { PAYLOAD_TYPES, spkiSha256 } from '../../ceremony/command/dsse';
import { imprintState } from '../../ceremony/command/apply';
import { stateSha256, type UnitState } from '../../ceremony/command/unit-state';
import type { Draft } from '../../ceremony/transcript/line';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { verify } from '../../cli/commands/verify';
import { EXIT } from '../../cli/exit';
import { UsageError } from '../../workstation/explain';
import { isForScript } from './for-script';
import { makeBundle, type Variation } from './software-ceremony';
import { removeDirectory, temporaryDirectory } from './temp-folder';
import { sampled } from '../sampled';

const it = sampled(3);

const SCRIPT = fileURLToPath(new URL('../../ceremony/bundle/verify.sh', import.meta.url));

let directory = '';
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  await removeDirectory(directory);
});

/** Exit code and output of verify.sh. */
function runScript(...args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile('sh', [SCRIPT, ...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr });
    });
  });
}

/** Changes the body of the first draft of one type in one step. */
function bodyOf(type: Draft['type'], step: string | null, change: JsonObject): Variation {
  let done = false;
  return {
    draft: (draft) => {
      if (done || draft.type !== type || draft.step !== step) return draft;
      done = true;
      return { ...draft, body: { ...draft.body, ...change } } as unknown as Draft;
    },
  };
}

/** A file that the fact of the pre-flight names. */
function named(name: string): Variation {
  const sha256 = createHash('sha256').update('x').digest('hex');
  return { extra: { [name]: 'x' }, ...bodyOf('fact.recorded', 'preflight', { files: [{ name, sha256 }] }) };
}

/** A plan with another step before the activation. */
const withStep = (step: string): Variation => ({
  planText: (text) =>
    text.replace('  - { id: activate,', `  - { id: more, title: More, ${step} }\n  - { id: activate,`),
});

/** An operational unit whose administrators have the ids of people on the roster, and other keys. */
function foreignUnit(): Variation {
  const spki = (): string =>
    generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const identity = spki();
  const state: UnitState = {
    ...imprintState(spkiSha256(identity), '0001'),
    mode: 'operational',
    administrators: ['ada', 'bela'].map((id) => ({ id, algorithm: 'ed25519', spki: spki() })),
    signatureThreshold: 2,
    revocationThreshold: 2,
    counter: 3,
  };
  const known = `{ identity: ${state.unit}, identitySpki: "${identity}", stateSha256: ${stateSha256(state)}, counter: 3 }`;
  return {
    start: state,
    planText: (text) =>
      text.replace(/ {2}- \{ id: (?:initialise|imprint),.*\n/g, '').replace('begins: blank', 'begins: operational'),
    bindingText: (text) =>
      text.replace('lastKnown: null', `lastKnown: ${known}`).replace('{ blank: true }', '{ serial: "0001" }'),
    ...bodyOf('fact.recorded', 'preflight', {
      fact: 'unit.connected',
      value: {
        unit: 'unit-a',
        identity: state.unit,
        spki: identity,
        algorithm: 'ed25519',
        state: state as unknown as Json,
      },
    }),
  };
}

/** Leaves the approvals out of line 0, and names them later. */
function lateApprovals(): Variation {
  let late: readonly { name: string; sha256: string }[] = [];
  return {
    draft: (draft) => {
      if (draft.type === 'ceremony.opened') {
        const isApproval = (one: { name: string }): boolean => one.name.startsWith('approvals/');
        late = draft.body.files.filter(isApproval);
        return { ...draft, body: { ...draft.body, files: draft.body.files.filter((one) => !isApproval(one)) } };
      }
      if (draft.type !== 'fact.recorded' || draft.step !== 'preflight') return draft;
      return { ...draft, body: { ...draft.body, files: [...late] } };
    },
  };
}

const actMissing = (step: string, act: string): Variation => ({
  draft: (draft) =>
    draft.step === step && (draft.type === 'step.intent' || draft.type === 'step.outcome') && draft.body.act === act
      ? null
      : draft,
});

/** Name, variation, and words of verifyBundle. */
const ATTACKS: readonly (readonly [string, Variation, RegExp])[] = [
  [
    'production under a plan that pins other keys',
    {
      mode: 'production',
      planText: (text) =>
        text.replace(
          'role: crypto-administrator, count: 2 }',
          `role: crypto-administrator, count: 2, pinnedKeys: ["${'f'.repeat(64)}"] }`,
        ),
    },
    /does not pin the key of ada/,
  ],
  [
    'a nonce with a line feed behind it',
    {
      payload: (type, payload) =>
        type === PAYLOAD_TYPES.presence && (payload as JsonObject)['participant'] === 'ada'
          ? { ...(payload as JsonObject), nonce: `${'ab'.repeat(32)}\n` }
          : payload,
    },
    /nonce/,
  ],
  ['an exception waives the roll call', { skip: ['roll-call'] }, /roll-call is never waived/],
  [
    'an exception waives every step',
    {
      skip: [
        'preflight',
        'roll-call',
        'initialise',
        'imprint',
        'halfway',
        'generate',
        'load',
        'commit',
        'activate',
      ].concat('sign-off', 'export'),
    },
    /unit.initialise is never waived/,
  ],
  [
    'an exception waives the comparison of patterns',
    { ...withStep('action: master-key.verify, units: [unit-a], register: new'), skip: ['more'] },
    /master-key.verify is never waived/,
  ],
  ['a unit initialised without its token', actMissing('initialise', 'unit-a/token'), /unit-a\/token was not done/],
  [
    'a unit initialised without a user PIN',
    actMissing('initialise', 'unit-a/user-pin'),
    /unit-a\/user-pin was not done/,
  ],
  ['a unit initialised without an identity', actMissing('initialise', 'unit-a/identity'), /unit-a\/identity was not/],
  ['no set was made', actMissing('generate', 'set'), /no set of shares was made/],
  ['shares nobody read back', withStep('action: shares.distribute'), /share 1 was not read back/],
  [
    'patterns nobody read',
    withStep('action: master-key.verify, units: [unit-a], register: new'),
    /more: no reading of unit-a/,
  ],
  ['units nobody compared', withStep('action: unit.compare, units: [unit-a]'), /more: no reading of unit-a/],
  ['a question nobody answered', withStep('action: fact, ask: Which?, by: [witnesses]'), /more: no answer/],
  ['plan.json holds two documents', { planTail: '\n{"id":"the-real-one"}' }, /plan.json|mean/],
  [
    'a module with another hash than the one approved',
    bodyOf('fact.recorded', 'preflight', { fact: 'module', value: { module: 'software', sha256: 'f'.repeat(64) } }),
    /module is not one/,
  ],
  [
    'somebody leaves, then confirms and signs',
    {
      draft: (draft) =>
        draft.type === 'fact.recorded' && draft.step === 'preflight'
          ? {
              type: 'participant.left',
              step: null,
              by: [],
              body: { participant: 'zeno', reason: 'home' },
            }
          : draft.type === 'step.confirmed'
            ? { ...draft, by: ['otto', 'wanda', 'zeno'] }
            : draft,
    },
    /zeno had left/,
  ],
  [
    'somebody leaves and signs the last checkpoint',
    {
      draft: (draft) =>
        draft.type === 'step.outcome' && draft.step === 'export'
          ? { type: 'participant.left', step: null, by: [], body: { participant: 'wanda', reason: 'home' } }
          : draft,
    },
    /wanda had left, and signed the last checkpoint/,
  ],
  [
    'another statement is confirmed',
    bodyOf('step.confirmed', 'sign-off', { statement: 'Nothing was done.' }),
    /statement is not that of the plan/,
  ],
  ['another wording is signed', bodyOf('ceremony.closed', null, { signOff: 'I saw nothing.' }), /wording is not/],
  ['an addendum that a line names', named('addenda/0001/x.txt'), /no place in an addendum/],
  ['a key of nobody that a line names', named('keys/mallory.pem'), /key of nobody on the roster/],
  ['a file at the top that a line names', named('notes.txt'), /no place in a bundle/],
  ['a folder of its own that a line names', named('notes/x.txt'), /no place in a bundle/],
  ['approvals that line 0 does not name', lateApprovals(), /not named in line 0/],
  ['administrators of a unit with other keys', foreignUnit(), /signature threshold/],
  [
    'a presence told by somebody else',
    { draft: (draft) => (draft.type === 'participant.present' ? { ...draft, by: ['vera'] } : draft) },
    /another moment/,
  ],
];

describe('attacks', () => {
  it.each(ATTACKS)('%s', { timeout: 240_000 }, async (name, variation, words) => {
    const { planHash } = await makeBundle(new FileBundleFolder(directory), variation);
    const report = await verifyBundle(new FileBundleFolder(directory), { planHash });
    expect(report.findings.map(({ where, reason }) => `${where}: ${reason}`).join('\n')).toMatch(words);
    expect(report.verdict).toBe('refused');
    if (!isForScript(ATTACKS.findIndex(([one]) => one === name))) return;
    const { code, output } = await runScript('--plan-hash', planHash, directory);
    expect(output).toMatch(/^exceptions: \d+\nwithheld: 0\nverdict: refused$/mu);
    expect(output).not.toContain('right shape');
    expect(code).toBe(1);
  });

  it.each(['attachments/none', 'bad name'])('an empty folder: %s', { timeout: 240_000 }, async (name) => {
    await makeBundle(new FileBundleFolder(directory));
    mkdirSync(join(directory, name));
    expect((await verifyBundle(new FileBundleFolder(directory))).verdict).toBe('refused');
    expect((await runScript(directory)).output).toContain('verdict: refused');
  });
});

describe('what a crash can leave', () => {
  it('an empty folder of the layout: incomplete', { timeout: 240_000 }, async () => {
    await makeBundle(new FileBundleFolder(directory), { stopBefore: 'commit' });
    mkdirSync(join(directory, 'attachments'));
    expect((await verifyBundle(new FileBundleFolder(directory))).verdict).toBe('incomplete');
    expect((await runScript(directory)).output).toContain('verdict: incomplete');
  });
});

describe('what is given from outside', () => {
  it('verify.sh takes one plan hash, and approvers who must all match', { timeout: 240_000 }, async () => {
    const { planHash } = await makeBundle(new FileBundleFolder(directory));
    const approver = (id: string): string[] => ['--approver', join(directory, `keys/${id}.pem`)];
    expect(await runScript('--plan-hash', planHash, '--plan-hash', planHash, directory)).toMatchObject({ code: 2 });
    expect((await runScript(...approver('vera'), ...approver('zeno'), directory)).output).toContain(
      'verdict: verified',
    );
    expect((await runScript(...approver('ada'), ...approver('vera'), directory)).output).toContain('verdict: refused');
  });

  it('keyrite verify does the same', { timeout: 240_000 }, async () => {
    const { planHash } = await makeBundle(new FileBundleFolder(directory));
    const approver = (id: string): string[] => ['--approver', join(directory, `keys/${id}.pem`)];
    const said = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      await expect(verify([directory, '--plan-hash', planHash, '--plan-hash', planHash])).rejects.toThrow(UsageError);
      expect(await verify([directory, ...approver('vera'), ...approver('zeno')])).toBe(EXIT.good);
      expect(await verify([directory, ...approver('ada'), ...approver('vera')])).toBe(EXIT.findings);
      expect(await verify([directory, ...approver('vera'), ...approver('ada')])).toBe(EXIT.findings);
    } finally {
      said.mockRestore();
    }
  });
});
