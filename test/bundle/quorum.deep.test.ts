/**
 * Whose signature counts for what: by role, by person and by key. Every signature in these bundles holds; both verifiers
 * refuse each for want of people.
 */
import { execFile } from 'node:child_process';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyBundle } from '../../ceremony/bundle/verify';
import type { JsonObject } from '../../ceremony/canonical-json';
import {
  PAYLOAD_TYPES,
  envelope,
  preAuthenticationEncoding,
  validSigners,
  type SigningKey,
} from '../../ceremony/command/dsse';
import { makeBundle, type Variation } from './software-ceremony';
import { folderAt, removeDirectory, temporaryDirectory } from './temp-folder';

const SCRIPT = fileURLToPath(new URL('../../ceremony/bundle/verify.sh', import.meta.url));

let directory = '';
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  await removeDirectory(directory);
});

/** Findings of `keyrite verify`; and of verify.sh the first, its verdict and exit code. */
async function judge(): Promise<{ ours: string; theirs: string; verdict: string; code: number }> {
  const report = await verifyBundle(folderAt(directory));
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    execFile('sh', [SCRIPT, directory], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr });
    });
  });
  const ours = report.findings.map(({ reason }) => reason).join('\n');
  expect(output).not.toContain('right shape');
  return { ours, theirs: output, verdict: report.verdict, code };
}

const ofException = (signers: readonly string[]): Variation => ({
  signers: (type, _, usual) => (type === PAYLOAD_TYPES.exception ? signers : usual),
});
const ofCommand = (name: string, signers: readonly string[]): Variation => ({
  signers: (type, payload, usual) =>
    type === PAYLOAD_TYPES.command && ((payload as JsonObject)['payload'] as JsonObject)['command'] === name
      ? signers
      : usual,
});

const WITNESS = /1 [×x] witness must sign/;
const OPERATORS = /2 [×x] crypto-administrator must sign/;
const ONE_KEY = /same key|two people have one key/;
const EXCEPTION = /not signed by an operator and by a witness/;

const CASES: readonly (readonly [name: string, variation: Variation, words: RegExp])[] = [
  ['both operators, and no witness', { finalSigners: ['ada', 'bela'] }, WITNESS],
  ['everybody but the witness', { finalSigners: ['ada', 'bela', 'carl', 'dora', 'otto'] }, WITNESS],
  ['one operator, and the witness', { finalSigners: ['ada', 'wanda'] }, OPERATORS],
  ['everybody but an operator', { finalSigners: ['ada', 'carl', 'dora', 'otto', 'wanda'] }, OPERATORS],
  ['custodians instead of operators', { finalSigners: ['carl', 'dora', 'wanda'] }, OPERATORS],
  ['approvers instead of operators', { finalSigners: ['vera', 'wanda', 'zeno'] }, OPERATORS],
  [
    'the checkpoint of a step by operators alone',
    { halfwaySigners: ['ada', 'bela'] },
    /no checkpoint of (?:this step|it has the signatures)/,
  ],
  ['an exception signed by an operator and a custodian', ofException(['ada', 'carl']), EXCEPTION],
  ['an exception signed by a custodian and the witness', ofException(['carl', 'wanda']), EXCEPTION],
  ['an exception signed by an approver and the witness', ofException(['vera', 'wanda']), EXCEPTION],
  ['a commit by an operator and the witness', ofCommand('master-key.commit', ['ada', 'wanda']), /signature threshold/],
  ['one key for both operators', { keyOf: { bela: 'ada' } }, ONE_KEY],
  ['one key for an operator and the witness', { keyOf: { wanda: 'ada' } }, ONE_KEY],
  ['one key for both approvers', { keyOf: { zeno: 'vera' } }, ONE_KEY],
  ['one key for an operator and an approver', { keyOf: { vera: 'bela' } }, ONE_KEY],
];

describe('too few people', () => {
  it.each(CASES)('%s', { timeout: 240_000 }, async (_name, variation, words) => {
    await makeBundle(folderAt(directory), variation);
    const { ours, theirs, verdict, code } = await judge();
    expect(ours).toMatch(words);
    expect(verdict).toBe('refused');
    expect(theirs).toMatch(words);
    expect(theirs).toMatch(/^verdict: refused$/m);
    expect(code).toBe(1);
  });

  it('the witness’s signature made by an operator does not hold', { timeout: 240_000 }, async () => {
    const { people } = await makeBundle(folderAt(directory));
    const path = (name: string): string => join(directory, name);
    const body = readFileSync(path('checkpoints/0002.checkpoint'));
    const ada = people.get('ada');
    if (ada === undefined) throw new Error('no ada');
    const forged = sign('sha256', preAuthenticationEncoding(PAYLOAD_TYPES.checkpoint, body), ada.key);
    const dsse = path('checkpoints/0002.dsse.json');
    const sealed = JSON.parse(readFileSync(dsse, 'utf8')) as { signatures: { keyid: string; sig: string }[] };
    for (const one of sealed.signatures) if (one.keyid === 'wanda') one.sig = forged.toString('base64');
    writeFileSync(dsse, `${JSON.stringify(sealed)}\n`);
    writeFileSync(path('checkpoints/0002.wanda.sig'), forged);
    if (readFileSync(path('SHA256SUMS'), 'utf8').includes('0003.checkpoint')) throw new Error('not the last one');
    const sums = readFileSync(path('SHA256SUMS'), 'utf8').replace(
      /^[0-9a-f]{64}( {2}checkpoints\/0002\.(?:dsse\.json|wanda\.sig))$/gm,
      (_line, name: string) => `${sha256(readFileSync(path(name.trim())))}${name}`,
    );
    writeFileSync(path('SHA256SUMS'), sums);
    const { ours, theirs, verdict, code } = await judge();
    expect(ours).toMatch(/signature of wanda/);
    expect(verdict).toBe('refused');
    expect(theirs).toMatch(/wanda/);
    expect(code).toBe(1);
  });

  it('the same bundle with all of them is consistent', { timeout: 240_000 }, async () => {
    await makeBundle(folderAt(directory));
    expect(await judge()).toMatchObject({ ours: '', verdict: 'consistent', code: 0 });
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('an envelope', () => {
  const pair = generateKeyPairSync('ed25519');
  const other = generateKeyPairSync('ed25519');
  const keyOf = (one: typeof pair): SigningKey => ({
    algorithm: 'ed25519',
    spki: one.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  });
  const payload = { format: 'test' };
  const message = preAuthenticationEncoding(PAYLOAD_TYPES.command, Buffer.from(JSON.stringify(payload)));
  const by = (one: typeof pair): Buffer => sign(null, message, one.privateKey);

  it('counts one key once, whatever ids it signs under, and one id once', () => {
    const keys = new Map([
      ['ada', keyOf(pair)],
      ['bela', keyOf(pair)],
      ['carl', keyOf(other)],
    ]);
    const sealed = envelope(
      PAYLOAD_TYPES.command,
      payload,
      new Map([
        ['ada', by(pair)],
        ['bela', by(pair)],
        ['carl', by(other)],
      ]),
    );
    expect(validSigners(sealed, PAYLOAD_TYPES.command, keys)).toEqual(['ada', 'carl']);
    const twice = { ...sealed, signatures: [...sealed.signatures, ...sealed.signatures] };
    expect(validSigners(twice, PAYLOAD_TYPES.command, keys)).toEqual(['ada', 'carl']);
  });

  it('counts nobody who is unknown, signed with another key, or signed something of another type', () => {
    const keys = new Map([
      ['ada', keyOf(pair)],
      ['carl', keyOf(other)],
    ]);
    const mistaken = envelope(
      PAYLOAD_TYPES.command,
      payload,
      new Map([
        ['ada', by(other)],
        ['carl', by(pair)],
        ['zeno', by(pair)],
      ]),
    );
    expect(validSigners(mistaken, PAYLOAD_TYPES.command, keys)).toEqual([]);
    const right = envelope(PAYLOAD_TYPES.command, payload, new Map([['ada', by(pair)]]));
    expect(validSigners(right, PAYLOAD_TYPES.exception, keys)).toEqual([]);
    expect(validSigners({ ...right, payloadType: PAYLOAD_TYPES.exception }, PAYLOAD_TYPES.exception, keys)).toEqual([]);
    expect(validSigners(right, PAYLOAD_TYPES.command, keys)).toEqual(['ada']);
  });
});
