/**
 * Bundles that lie with every signature and hash in order: made by the real writer, signed by the right keys. What is
 * wrong with them is what they say. Both verifiers refuse each.
 */
import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import type { Json, JsonObject } from '../../ceremony/canonical-json';
import { PAYLOAD_TYPES, spkiSha256, type PayloadType } from '../../ceremony/command/dsse';
import { identityChallenge } from '../../ceremony/command/statements';
import { verifyBundle } from '../../ceremony/bundle/verify';
import type { Draft } from '../../ceremony/transcript/line';
import { isForScript } from './for-script';
import { makeBundle, type Variation } from './software-ceremony';
import { folderAt, removeDirectory, temporaryDirectory } from './temp-folder';
import { sampled } from '../sampled';

const it = sampled(9);

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

/** Changes the members of a signed payload of one type (where `when` holds). */
function payloadOf(type: PayloadType, change: JsonObject, when = (_: JsonObject): boolean => true): Variation {
  return {
    payload: (given, payload: Json) =>
      given === type && when(payload as JsonObject) ? { ...(payload as JsonObject), ...change } : payload,
  };
}

/** Changes the body of drafts of one type in one step. */
function bodyOf(type: Draft['type'], step: string | null, change: JsonObject, nth = 0): Variation {
  let seen = 0;
  return {
    draft: (draft) => {
      if (draft.type !== type || draft.step !== step || (seen += 1) !== nth + 1) return draft;
      return { ...draft, body: { ...draft.body, ...change } } as unknown as Draft;
    },
  };
}

const without = (drop: (draft: Draft) => boolean): Variation => ({ draft: (draft) => (drop(draft) ? null : draft) });
const isCommand = (name: string) => (payload: JsonObject) => (payload['payload'] as JsonObject)['command'] === name;
const commandChange = (name: string, change: JsonObject): Variation => ({
  payload: (type, payload) => {
    const command = payload as JsonObject;
    if (type !== PAYLOAD_TYPES.command || !isCommand(name)(command)) return payload;
    return { ...command, payload: { ...(command['payload'] as JsonObject), ...change } };
  },
});
const signersOf = (name: string, chosen: readonly string[]): Variation => ({
  signers: (type, payload, signers) =>
    type === PAYLOAD_TYPES.command && isCommand(name)(payload as JsonObject) ? chosen : signers,
});
const witnessed = (step: string, witness: readonly string[]): Variation =>
  bodyOf('step.started', step, { witness: [...witness] });
const inStep = (draft: Draft, step: string): boolean => draft.step === step;

/** A first state of a unit that is none. */
const STATE = {
  format: 'keyrite-unit-state/1',
  unit: '1'.repeat(64),
  serial: '',
  mode: 'imprint',
  administrators: [],
  signatureThreshold: 0,
  revocationThreshold: 0,
  counter: 0,
  loading: null,
  registers: { new: 'empty', current: 'empty' },
  previous: '0'.repeat(64),
  command: '0'.repeat(64),
};
const read = (inventory: NonNullable<Variation['inventory']>): Variation => ({ inventory });

/** The identity of a device that no ceremony knows. */
function strangersKey(): { readonly identity: JsonObject; readonly sign: (nonce: string) => string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return {
    identity: { id: spkiSha256(spki), spki, algorithm: 'ed25519' },
    sign: (nonce) => signBytes(null, identityChallenge(nonce), privateKey).toString('base64'),
  };
}

/** Name, variation, and words that verifyBundle must say. */
const LIES: readonly (readonly [string, Variation, RegExp])[] = [
  ['an operator is named as a witness', witnessed('commit', ['wanda', 'bela']), /bela is named as a witness/],
  ['a witness is named before the roll call', witnessed('roll-call', ['wanda']), /wanda is named as a witness/],
  ['a stranger is named as a witness', witnessed('commit', ['mallory']), /mallory is named as a witness/],
  [
    'a witness is named who acted',
    {
      draft: (draft) =>
        draft.type === 'step.started' && draft.step === 'commit'
          ? { ...draft, by: ['otto'], body: { ...draft.body, witness: ['otto'] } }
          : draft,
    },
    /otto is named as a witness/,
  ],
  ['a witness is named twice', witnessed('commit', ['wanda', 'wanda']), /names a witness twice/],
  ['too few sign the last checkpoint', { finalSigners: ['ada', 'wanda'] }, /2 × crypto-administrator must sign/],
  ['an auditor signs instead of the witness', { finalSigners: ['ada', 'bela', 'otto'] }, /1 × witness must sign/],
  ['too few sign the checkpoint of a step', { halfwaySigners: ['ada'] }, /no checkpoint of this step/],
  ['an approval is missing', { approvers: ['vera'] }, /2 approvals needed/],
  ['somebody approves who is no approver', { approvers: ['vera', 'ada'] }, /not this approver's approval/],
  ['an approval is of another plan', payloadOf(PAYLOAD_TYPES.approval, { plan: '1'.repeat(64) }), /approval/],
  ['an approval is of another ceremony', payloadOf(PAYLOAD_TYPES.approval, { ceremony: 'other' }), /approval/],
  ['presence is of another ceremony', payloadOf(PAYLOAD_TYPES.presence, { ceremony: 'other' }), /another moment/],
  ['presence is of another mode', payloadOf(PAYLOAD_TYPES.presence, { mode: 'production' }), /another moment/],
  ['presence is over another head', payloadOf(PAYLOAD_TYPES.presence, { head: '1'.repeat(64) }), /another moment/],
  ['presence is over another line 0', payloadOf(PAYLOAD_TYPES.presence, { line0: '1'.repeat(64) }), /another moment/],
  ['presence nonces are alike', payloadOf(PAYLOAD_TYPES.presence, { nonce: '1'.repeat(64) }), /another moment/],
  [
    'somebody proves the presence of another',
    { signers: (type, _, signers) => (type === PAYLOAD_TYPES.presence && signers[0] === 'carl' ? ['dora'] : signers) },
    /another moment/,
  ],
  [
    'somebody is missing at roll call',
    without((draft) => draft.type === 'participant.present' && draft.by[0] === 'carl'),
    /custodians prove presence/,
  ],
  [
    'an exception is signed by operators alone',
    { signers: (type, _, signers) => (type === PAYLOAD_TYPES.exception ? ['ada', 'bela'] : signers) },
    /not signed by an operator and by a witness/,
  ],
  [
    'an exception is signed by observers alone',
    { signers: (type, _, signers) => (type === PAYLOAD_TYPES.exception ? ['otto', 'wanda'] : signers) },
    /not signed by an operator and by a witness/,
  ],
  [
    'an exception is about another step',
    payloadOf(PAYLOAD_TYPES.exception, { step: 'commit' }),
    /another ceremony, step or kind/,
  ],
  [
    'an exception waives what is never waived',
    payloadOf(PAYLOAD_TYPES.exception, { kind: 'command-signatures' }),
    /payload: kind/,
  ],
  [
    'a step has no outcome',
    without((draft) => draft.type === 'step.outcome' && inStep(draft, 'sign-off')),
    /step sign-off/,
  ],
  ['a step is left out', without((draft) => inStep(draft, 'sign-off')), /step sign-off (?:comes first|has no outcome)/],
  [
    'the exception of a skipped step is missing',
    without((draft) => draft.type === 'exception.recorded'),
    /step inventory/,
  ],
  [
    'a step is of another action',
    bodyOf('step.started', 'generate', { action: 'export' }),
    /the plan says master-key.generate/,
  ],
  ['an attempt is counted wrongly', bodyOf('step.started', 'generate', { attempt: 2 }), /attempt: expected 1/],
  [
    'an act has no outcome',
    without((draft) => draft.type === 'step.outcome' && draft.body.act === 'unit-a/commit'),
    /not answered/,
  ],
  [
    'an act has no intent',
    without((draft) => draft.type === 'step.intent' && draft.body.act === 'unit-a/commit'),
    /was not announced/,
  ],
  [
    'a statement is confirmed by one only',
    { draft: (draft) => (draft.type === 'step.confirmed' ? { ...draft, by: ['wanda'] } : draft) },
    /auditors confirm/,
  ],
  ['exceptions are counted wrongly', bodyOf('ceremony.closed', null, { exceptions: 0 }), /counts exceptions/],
  [
    'withheld facts are counted that are none',
    bodyOf('ceremony.closed', null, { withheld: 1 }),
    /counts exceptions or withheld/,
  ],
  [
    'a stranger acts',
    { draft: (draft) => (draft.type === 'step.confirmed' ? { ...draft, by: ['mallory', ...draft.by] } : draft) },
    /mallory is not on the roster/,
  ],
  [
    'a file is named that is not there',
    bodyOf('step.outcome', 'export', { files: [{ name: 'packages/other.json', sha256: '1'.repeat(64) }] }),
    /named here and not there|no line of the transcript names it/,
  ],
  [
    'a commit lacks a signature',
    signersOf('master-key.commit', ['ada']),
    /signature threshold: 2 valid signatures needed, 1 given/,
  ],
  [
    'custodians commit',
    signersOf('master-key.commit', ['carl', 'dora']),
    /signature threshold: 2 valid signatures needed, 0 given/,
  ],
  ['an administrator loads a share', signersOf('master-key.load', ['ada']), /custodian/],
  ['one custodian loads both shares', signersOf('master-key.load', ['carl']), /two different shares/],
  ['a custodian activates', signersOf('master-key.activate', ['carl']), /an administrator: 1 valid/],
  [
    'an administrator is added without proof',
    signersOf('administrator.add', ['ada']),
    /proof that the new administrator/,
  ],
  ['thresholds are set by one', signersOf('thresholds.set', ['ada']), /the new signature threshold: 2/],
  [
    'thresholds are not those of the plan',
    commandChange('thresholds.set', { signatureThreshold: 1 }),
    /thresholds are not the plan's/,
  ],
  [
    'another pattern is committed',
    commandChange('master-key.commit', { pattern: '1'.repeat(64) }),
    /another verification pattern/,
  ],
  [
    'another share is loaded',
    commandChange('master-key.load', { commitment: '1'.repeat(64) }),
    /not one of a set on record/,
  ],
  [
    'a counter is skipped',
    payloadOf(PAYLOAD_TYPES.command, { counter: 9 }, isCommand('master-key.commit')),
    /has counter 9/,
  ],
  [
    'a command acts on another state',
    payloadOf(PAYLOAD_TYPES.command, { previous: '1'.repeat(64) }, isCommand('master-key.commit')),
    /acts on another state/,
  ],
  [
    'a command is for another unit',
    payloadOf(PAYLOAD_TYPES.command, { unit: '1'.repeat(64) }, isCommand('master-key.commit')),
    /another identity/,
  ],
  [
    'a command is of another ceremony',
    payloadOf(PAYLOAD_TYPES.command, { ceremony: 'other' }, isCommand('master-key.commit')),
    /another ceremony or mode/,
  ],
  [
    'a command is of another mode',
    payloadOf(PAYLOAD_TYPES.command, { mode: 'production' }, isCommand('master-key.commit')),
    /another ceremony or mode/,
  ],
  [
    'a commit never happened',
    without(
      (draft) => (draft.type === 'step.intent' || draft.type === 'step.outcome') && draft.body.act === 'unit-a/commit',
    ),
    /no commands led unit-a there/,
  ],
  [
    'an identity is not the hash of its key',
    bodyOf('step.outcome', 'initialise', { result: { id: '1'.repeat(64), spki: 'AAAA', state: STATE } }),
    /not the SHA-256 of its key|another identity/,
  ],
  [
    'a new unit has no state',
    {
      draft: (draft) =>
        draft.type === 'step.outcome' && draft.body.act === 'unit-a/identity'
          ? { ...draft, body: { ...draft.body, result: { ...draft.body.result, state: null } } }
          : draft,
    },
    /unit-a\/identity was not done/,
  ],
  [
    'a new unit is in operation at once',
    {
      draft: (draft) => {
        if (draft.type !== 'step.outcome' || draft.body.act !== 'unit-a/identity') return draft;
        const result = draft.body.result as unknown as { readonly state: JsonObject };
        const state = { ...result.state, mode: 'operational', signatureThreshold: 1, revocationThreshold: 1 };
        return { ...draft, body: { ...draft.body, result: { ...draft.body.result, state } } };
      },
    },
    /unit-a does not begin in imprint mode/,
  ],
  [
    'the roster has another key',
    { roster: (roster) => roster.map((one) => (one.id === 'carl' ? { ...one, key: roster[7]?.key ?? one.key } : one)) },
    /roster is not the one|same key/,
  ],
  [
    'the roster has another role',
    { roster: (roster) => roster.map((one) => (one.id === 'carl' ? { ...one, roles: ['witness'] } : one)) },
    /roster is not the one/,
  ],
  [
    'somebody has two roles of the quorum',
    {
      roster: (roster) =>
        roster.map((one) => (one.id === 'ada' ? { ...one, roles: ['crypto-administrator', 'witness'] } : one)),
    },
    /holds two roles/,
  ],
  [
    'the quorum is not that of the plan',
    bodyOf('ceremony.opened', null, { quorum: [{ role: 'witness', count: 1 }] }),
    /quorum is not the plan's/,
  ],
  [
    'the mode is not that of the binding',
    bodyOf('ceremony.opened', null, { mode: 'production', keysFrom: 'plan' }),
    /mode is not the one of the binding/,
  ],
  [
    'the plan hash is another',
    bodyOf('ceremony.opened', null, { plan: { id: 'software-plan', sha256: '1'.repeat(64) } }),
    /not the one that line 0 names/,
  ],
  [
    'plan.yaml is not named',
    {
      draft: (draft) =>
        draft.type === 'ceremony.opened'
          ? { ...draft, body: { ...draft.body, files: draft.body.files.filter(({ name }) => name !== 'plan.yaml') } }
          : draft,
    },
    /plan.yaml|not named in line 0/,
  ],
  [
    'production with a threshold of one',
    {
      mode: 'production',
      planText: (text) => text.replaceAll('signatureThreshold: 2', 'signatureThreshold: 1'),
      ...commandChange('thresholds.set', { signatureThreshold: 1 }),
    },
    /at least 2/,
  ],
  [
    'a key in production that the plan does not pin',
    {
      mode: 'production',
      planText: (text) =>
        text.replace(
          'count: 1 }\n  - { id: auditors',
          `count: 1, pinnedKeys: ["${'1'.repeat(64)}"] }\n  - { id: auditors`,
        ),
    },
    /does not pin the key of wanda/,
  ],
  [
    'another device is read than the one commanded',
    read((reading) => {
      const other = strangersKey();
      const { nonce } = reading['challenge'] as { readonly nonce: string };
      return { ...reading, identity: other.identity, challenge: { nonce, signature: other.sign(nonce) } };
    }),
    /unit-a was read with another identity than the record tells/,
  ],
  [
    'a unit is read in another state than its commands led to',
    read((reading) => ({ ...reading, state: { ...(reading['state'] as JsonObject), counter: 99 } })),
    /unit-a was read in another state than its commands lead to/,
  ],
  [
    'a unit is read with a key that nobody loaded',
    read((reading) => ({
      ...reading,
      registers: {
        new: { status: 'full-committed', pattern: '1'.repeat(64), set: '1'.repeat(32), attributes: null },
        current: { status: 'empty', pattern: null, set: null, attributes: null },
      },
    })),
    /unit-a was read with other registers than its state has/,
  ],
  [
    'a reading is signed over another nonce',
    read((reading, sign) => ({
      ...reading,
      challenge: { nonce: '1'.repeat(64), signature: sign('2'.repeat(64)) },
    })),
    /unit-a did not prove its identity/,
  ],
  [
    'a reading is of no unit of the plan',
    read((reading) => ({ ...reading, unit: 'unit-z' })),
    /unit-z is no unit of the plan/,
  ],
  [
    'a reading has no identity',
    read((reading) => ({ ...reading, identity: null })),
    /holds a reading of a unit that cannot be read/,
  ],
];

const forScript = (name: string): boolean =>
  /witness is named|named as a witness/u.test(name) || isForScript(LIES.findIndex(([one]) => one === name));

describe('bundles that name who watched', () => {
  const named = (draft: Draft): boolean => draft.type === 'step.started' && draft.step === 'commit';
  it.each([
    ['from the roll call on', {}],
    ['in a second session', { realLife: true }],
  ] as const)('truthfully, %s', { timeout: 240_000 }, async (_, variation) => {
    const folder = folderAt(directory);
    // In real life the first witness has left by then, and two were enrolled or bound later.
    const witness = 'realLife' in variation ? ['emil', 'nora'] : ['wanda', 'otto'];
    await makeBundle(folder, {
      ...variation,
      draft: (draft) =>
        named(draft) ? ({ ...draft, by: ['ada', 'bela'], body: { ...draft.body, witness } } as Draft) : draft,
    });
    expect((await verifyBundle(folder)).findings).toEqual([]);
    expect((await runScript(directory)).output).toMatch(/^verdict: consistent/mu);
  });

  it('who left before, or is not there in this session, are refused', { timeout: 240_000 }, async () => {
    for (const [step, witness] of [
      ['sign-off', 'wanda'],
      ['roll-call-2', 'otto'],
    ] as const) {
      const folder = folderAt(`${directory}/${step}`);
      await makeBundle(folder, { realLife: true, ...witnessed(step, [witness]) });
      const said = (await verifyBundle(folder)).findings.map(({ reason }) => reason);
      expect(said.join('\n')).toContain(`${witness} is named as a witness`);
      expect((await runScript(`${directory}/${step}`)).output).toMatch(/names a witness who was not there/u);
    }
  });
});

describe('bundles that lie', () => {
  it.each(LIES)('%s', { timeout: 240_000 }, async (name, variation, words) => {
    const folder = folderAt(directory);
    await makeBundle(folder, variation);
    const report = await verifyBundle(folder);
    expect(report.findings.map(({ reason }) => reason).join('\n')).toMatch(words);
    expect(report.verdict).toBe('refused');
    if (!forScript(name)) return;
    const { code, output } = await runScript(directory);
    expect(output).toMatch(/^verdict: refused$/mu);
    expect(output).not.toContain('right shape');
    expect(code).toBe(1);
  });
});

describe('bundles that are not finished', () => {
  it.each(['roll-call', 'halfway', 'generate', 'export'])(
    'stopped before %s: incomplete',
    { timeout: 60_000 },
    async (stopBefore) => {
      const folder = folderAt(directory);
      await makeBundle(folder, { stopBefore });
      const report = await verifyBundle(folder);
      expect(report.findings).toEqual([]);
      expect(report.verdict).toBe('incomplete');
      const { code, output } = await runScript(directory);
      expect(output).toContain('verdict: incomplete');
      expect(code).toBe(1);
    },
  );

  it('abandoned: incomplete, never consistent', { timeout: 240_000 }, async () => {
    const folder = folderAt(directory);
    await makeBundle(folder, {
      outcome: 'abandoned',
      draft: (draft) => (draft.step === 'sign-off' || draft.step === 'export' ? null : draft),
    });
    const report = await verifyBundle(folder);
    // The package that the export step would have named is there all the same.
    expect(report.findings.map(({ where }) => where)).toEqual(['packages/root-key.keypackage.json']);
    await folder.remove('packages/root-key.keypackage.json');
    await folder.remove('SHA256SUMS');
    expect((await verifyBundle(folder)).verdict).toBe('incomplete');
    expect((await runScript(directory)).output).toContain('verdict: incomplete');
  });

  it('with a torn last line: incomplete', { timeout: 240_000 }, async () => {
    const folder = folderAt(directory);
    await makeBundle(folder, { stopBefore: 'generate' });
    await folder.append('transcript.jsonl', Buffer.from('{"at":"2026'));
    expect((await verifyBundle(folder)).verdict).toBe('incomplete');
    expect((await runScript(directory)).output).toContain('verdict: incomplete');
  });
});

describe('bundles in production, and what is given from outside', () => {
  it('both verifiers give the same four verdicts and exit codes', { timeout: 240_000 }, async () => {
    const folder = folderAt(directory);
    const { planHash, people } = await makeBundle(folder, { mode: 'production' });
    const vera = Buffer.from(await folder.read('keys/vera.pem')).toString('utf8');
    const wanda = people.get('wanda')?.spki ?? '';
    const pem = (id: string): string => `${directory}/keys/${id}.pem`;
    expect((await verifyBundle(folder)).verdict).toBe('consistent');
    expect(await runScript(directory)).toMatchObject({ code: 0 });
    expect((await verifyBundle(folder, { planHash: planHash.toUpperCase() })).verdict).toBe('verified');
    expect((await runScript('--plan-hash', planHash.toUpperCase(), directory)).output).toContain('verdict: verified');
    expect((await verifyBundle(folder, { approverKeys: [vera] })).verdict).toBe('verified');
    expect(await runScript('--approver', pem('vera'), directory)).toMatchObject({
      code: 0,
      output: expect.stringContaining('verdict: verified') as string,
    });
    expect((await verifyBundle(folder, { planHash, approverKeys: [vera, wanda] })).verdict).toBe('refused');
    expect(await runScript('--plan-hash', planHash, '--approver', pem('wanda'), directory)).toMatchObject({ code: 1 });
    expect((await verifyBundle(folder, { planHash: '1'.repeat(64) })).verdict).toBe('refused');
    expect(await runScript('--plan-hash', '1'.repeat(64), directory)).toMatchObject({ code: 1 });
    expect(await runScript('--plan-hash', 'x', directory)).toMatchObject({ code: 2 });
    expect(await runScript('--approver', `${directory}/plan.json`, directory)).toMatchObject({ code: 2 });
    expect(await runScript('--what', directory)).toMatchObject({ code: 2 });
    expect(await runScript(`${directory}/no-such-folder`)).toMatchObject({ code: 2 });
  });
});
