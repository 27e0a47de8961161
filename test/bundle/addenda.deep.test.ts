/**
 * Addenda: what comes after the close. Those that hold are accepted by both verifiers; those that lie, with every signature
 * and hash in order, are refused by both, for the reason that is given here.
 */
import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { JsonObject } from '../../ceremony/canonical-json';
import { canonicalBytes } from '../../ceremony/canonical-json';
import type { ClosedCheckpoint } from '../../ceremony/bundle/cosignature';
import { cosignatureMessage } from '../../ceremony/bundle/cosignature';
import { timestampRequest } from '../../ceremony/bundle/timestamp-request';
import { readTimestamp } from '../../ceremony/bundle/timestamp-token';
import { verifyBundle, type VerifyReport } from '../../ceremony/bundle/verify';
import { PAYLOAD_TYPES, envelope } from '../../ceremony/command/dsse';
import { checkpointFiles } from '../../ceremony/transcript/checkpoint';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { isForScript } from './for-script';
import { cosignatureFact, destruction, lastCheckpoint, sha256, sumAnew, writeAddendum } from './addendum-maker';
import type { AddendumChange } from './addendum-maker';
import { makeBundle, type Made } from './software-ceremony';
import { removeDirectory, temporaryDirectory } from './temp-folder';
import { TimeStampingAuthority } from './time-stamping';
import { sampled } from '../sampled';

const it = sampled(12);

const SCRIPT = fileURLToPath(new URL('../../ceremony/bundle/verify.sh', import.meta.url));

/** Work folders, a closed bundle that every test takes a copy of, and another one. */
let home = '';
let made: Made;
let closed: ClosedCheckpoint;
let other: ClosedCheckpoint;
let authority: TimeStampingAuthority;
let token: Buffer;
let foreignToken: Buffer;
let copies = 0;

beforeAll(async () => {
  home = await temporaryDirectory();
  const bundle = new FileBundleFolder(join(home, 'closed'));
  made = await makeBundle(bundle);
  closed = await lastCheckpoint(bundle);
  const elsewhere = new FileBundleFolder(join(home, 'other'));
  await makeBundle(elsewhere, { ceremony: 'software-2' });
  other = await lastCheckpoint(elsewhere);
  authority = await TimeStampingAuthority.make(home);
  token = await authority.answer(timestampRequest(await bundle.read(checkpointFiles(closed.number).body)));
  foreignToken = await authority.answer(timestampRequest(await bundle.read(checkpointFiles(1).body)));
}, 240_000);
afterAll(async () => {
  await removeDirectory(home);
});

/** A copy of the closed bundle. */
async function copy(): Promise<FileBundleFolder> {
  const path = join(home, `copy-${String((copies += 1))}`);
  await cp(join(home, 'closed'), path, { recursive: true });
  return new FileBundleFolder(path);
}

/** Exit code and output of verify.sh. */
function runScript(...args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile('sh', [SCRIPT, ...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr });
    });
  });
}

const words = (report: VerifyReport): string =>
  report.findings.map(({ where, reason }) => `${where}: ${reason}`).join('\n');

async function expectBoth(
  folder: FileBundleFolder,
  verdict: string,
  reason: RegExp,
  script: RegExp,
  place = 0,
): Promise<void> {
  const report = await verifyBundle(folder, {});
  expect(words(report)).toMatch(reason);
  expect(report.verdict).toBe(verdict);
  if (!isForScript(place)) return;
  const { output } = await runScript(folder.path);
  expect(output).toMatch(script);
  expect(output).not.toContain('right shape');
  expect(output).toContain(`verdict: ${verdict}`);
}

const file = (name: string, content: Uint8Array | string): JsonObject => ({
  name: `addenda/0001/attachments/${name}`,
  sha256: sha256(content),
});
const timestampFact = (answer: Uint8Array, change: JsonObject = {}): JsonObject => ({
  fact: 'timestamp',
  value: { checkpoint: closed.sha256, genTime: readTimestamp(answer)?.genTime ?? '', text: 'The answer.', ...change },
  files: [file('answer.tsr', answer)],
});
const stamped = (answer: Uint8Array, change: JsonObject = {}): AddendumChange => ({
  facts: [timestampFact(answer, change)],
  files: { 'attachments/answer.tsr': answer },
});
const PACKAGE = '{"keyrite":"key-package/1"}';
const receipt = (change: JsonObject = {}): string =>
  JSON.stringify({
    format: 'keyrite-receipt/1',
    ceremony: 'software-1',
    package: { sha256: sha256(PACKAGE) },
    target: 'ibm-key-protect',
    service: { instance: '12345678-1234-4123-8123-123456789012', region: 'us-south' },
    purpose: { do: 'create', name: 'root-key-1' },
    publicKeySha256: '0'.repeat(64),
    key: { id: '12345678-1234-4123-8123-123456789012', version: null },
    outcome: 'accepted',
    at: '2026-11-24T10:00:00.000Z',
    response: { status: 201, sha256: '0'.repeat(64), correlation: 'abc' },
    signature: null,
    ...change,
  });
const received = (content: string, change: JsonObject = {}): AddendumChange => ({
  facts: [
    {
      fact: 'receipt',
      value: {
        package: { name: 'packages/root-key.keypackage.json', sha256: sha256(PACKAGE) },
        text: 'Uploaded.',
        ...change,
      },
      files: [file('receipt.json', content)],
    },
  ],
  files: { 'attachments/receipt.json': content },
});

describe('addenda that hold', () => {
  it('every kind of fact, in two addenda', { timeout: 240_000 }, async () => {
    const folder = await copy();
    const first = await writeAddendum(folder, made, closed, null, {
      facts: [
        cosignatureFact(made, closed, 'otto'),
        timestampFact(token),
        { fact: 'correction', value: { line: 3, text: 'The clock was an hour late.' }, files: [] },
        { fact: 'correction', value: { line: null, text: 'The seal has number 17.' }, files: [] },
        { fact: 'attachment', value: { text: 'A photograph.' }, files: [file('photo.jpg', 'x')] },
        ...(received(receipt()).facts ?? []),
      ],
      files: {
        'attachments/answer.tsr': token,
        'attachments/photo.jpg': 'x',
        'attachments/receipt.json': receipt(),
      },
    });
    const second = await writeAddendum(folder, made, closed, first, { number: 2, signers: ['bela', 'otto', 'carl'] });
    await expectBoth(folder, 'consistent', /^$/u, /^addenda: 2\ncosigned: otto\ntimestamp: \d{14}Z$/mu);
    const { summary } = await verifyBundle(folder, {});
    expect(summary?.root).toBe(closed.root);
    expect(summary?.addenda.map(({ number, root, signers }) => ({ number, root, signers }))).toEqual([
      { number: 1, root: first, signers: ['ada', 'wanda'] },
      { number: 2, root: second, signers: ['bela', 'carl', 'otto'] },
    ]);
    expect(summary?.addenda[0]?.facts.map(({ fact }) => fact)).toEqual([
      ...['cosignature', 'timestamp', 'correction', 'correction', 'attachment', 'receipt'],
    ]);
    expect(summary?.cosigners).toEqual([
      {
        participant: 'otto',
        at: '2026-11-25T08:00:00.000Z',
        verdict: 'consistent',
        app: { name: 'keyrite', version: '0.0.0', sha256: '0'.repeat(64) },
      },
    ]);
    expect(summary?.timestamps).toEqual([
      { addendum: 1, file: 'addenda/0001/attachments/answer.tsr', genTime: readTimestamp(token)?.genTime },
    ]);
    const under = await runScript('--plan-hash', made.planHash, '--tsa-ca', authority.ca, folder.path);
    expect(under.output).toContain('verdict: verified');
    expect(under.code).toBe(0);
  });

  it('an abandoned ceremony stays incomplete, with what came after it', { timeout: 240_000 }, async () => {
    const folder = new FileBundleFolder(join(home, 'abandoned'));
    const abandoned = await makeBundle(folder, { outcome: 'abandoned' });
    await writeAddendum(folder, abandoned, await lastCheckpoint(folder), null);
    await expectBoth(folder, 'incomplete', /^$/u, /addenda: 1/u);
  });
});

/** Name, what is made wrong, words of verifyBundle, and of verify.sh. */
const LIES: readonly (readonly [string, () => AddendumChange, RegExp, RegExp?])[] = [
  ['of another ceremony', () => ({ opened: { ceremony: 'software-2' } }), /another ceremony or mode/],
  ['of another mode', () => ({ opened: { mode: 'production' } }), /another ceremony or mode/],
  [
    'of another bundle, with its closed root',
    () => ({ opened: { ceremony: other.ceremony, closed: { size: other.size, root: other.root } } }),
    /another ceremony or mode/,
  ],
  [
    'wrong closed root',
    () => ({ opened: { closed: { size: closed.size, root: '1'.repeat(64) } } }),
    /another closed root/,
  ],
  [
    'wrong closed size',
    () => ({ opened: { closed: { size: closed.size - 1, root: closed.root } } }),
    /another closed root/,
  ],
  ['a gap in the numbers', () => ({ number: 2 }), /without a gap/],
  ['number zero', () => ({ number: 0, told: 1 }), /without a gap/],
  ['another number than its folder', () => ({ told: 2 }), /another number than its folder/],
  ['cites an addendum before that is not there', () => ({ opened: { previous: '1'.repeat(64) } }), /addendum before/],
  ['another format', () => ({ opened: { format: 'keyrite-addendum/2' } }), /does not open an addendum/],
  ['a member too many', () => ({ opened: { more: 1 } }), /does not open an addendum/],
  ['no reason', () => ({ opened: { reason: '' } }), /does not open an addendum/],
  ['one signer', () => ({ signers: ['ada'] }), /operator and by a witness/],
  ['operators only', () => ({ signers: ['ada', 'bela'] }), /operator and by a witness/],
  ['a custodian instead of a witness', () => ({ signers: ['ada', 'carl'] }), /operator and by a witness/],
  ['no operator', () => ({ signers: ['otto', 'wanda'] }), /operator and by a witness/],
  ['nobody signs', () => ({ signers: [], by: ['ada'] }), /operator and by a witness/],
  ['a stranger signs', () => ({ signers: ['ada', 'mallory', 'wanda'], by: ['ada'] }), /not on the roster/],
  [
    'the operator twice, once in the name of the witness',
    () => {
      let first: Buffer = Buffer.alloc(0);
      // Asked in the order of the names: what Ada signed stands under Wanda's name too.
      return { signature: (_, bytes) => (first.length === 0 ? (first = bytes) : first) };
    },
    /signature of wanda does not hold/,
    /signature of wanda is not as long as its key|signature of wanda does not hold/,
  ],
  [
    'a signature with a changed bit',
    () => ({ signature: (id, bytes) => (id === 'wanda' ? Buffer.from(bytes).fill(1, 20, 24) : bytes) }),
    /signature of wanda does not hold/,
  ],
  ['its transcript lacks its end', () => ({ transcript: (bytes) => bytes.subarray(0, -1) }), /whole lines/],
  [
    'its transcript lacks its close',
    () => ({ transcript: (bytes) => bytes.subarray(0, bytes.lastIndexOf(0x0a, -2) + 1) }),
    /whole lines/,
  ],
  ['it tells of nothing', () => ({ facts: [] }), /whole lines/],
  [
    'a line that is not canonical',
    () => ({ transcript: (bytes) => Buffer.from(bytes.toString().replace('"seq":1,', '"seq":1 ,')) }),
    /canonical form/,
  ],
  [
    'a broken chain',
    () => ({ line: (line, seq) => (seq === 1 ? { ...line, prev: '0'.repeat(64) } : line) }),
    /chain is broken/,
  ],
  ['a wrong seq', () => ({ line: (line, seq) => (seq === 1 ? { ...line, seq: 2 } : line) }), /seq is not 1/],
  [
    'a line of a step',
    () => ({ line: (line, seq) => (seq === 1 ? { ...line, step: 'load' } : line) }),
    /the steps are over/,
  ],
  [
    'a line before the close',
    () => ({ line: (line) => ({ ...line, at: '2026-11-23T08:00:00.000Z' }) }),
    /what it comes after/,
  ],
  [
    'a clock that goes back',
    () => ({ line: (line, seq) => (seq === 1 ? { ...line, at: '2026-11-24T08:00:00.000Z' } : line) }),
    /earlier than the line before/,
  ],
  ['by somebody who is not on the roster', () => ({ by: ['mallory'] }), /not on the roster/],
  [
    'another type in the middle',
    () => ({ line: (line, seq) => (seq === 1 ? { ...line, type: 'ceremony.closed' } : line) }),
    /which stands in its place/,
    /another type than its place has/,
  ],
  ['another wording', () => ({ closing: { signOff: 'I saw nothing.' } }), /closes? the addendum as/],
  [
    'a fact of the ceremony',
    () => ({ facts: [{ fact: 'register', value: { text: 'x' }, files: [] }] }),
    /no fact that/,
  ],
  ['a fact without its text', () => ({ facts: [{ ...destruction, value: {} }] }), /no fact that/],
  [
    'a fact without files',
    () => ({ facts: [{ fact: 'attachment', value: { text: 'x' }, files: [] }] }),
    /no fact that/,
  ],
  [
    'a correction of a line that is not there',
    () => ({ facts: [{ fact: 'correction', value: { line: closed.size, text: 'x' }, files: [] }] }),
    /line that is not there/,
  ],
  [
    'a file that is not there',
    () => ({ facts: [{ fact: 'attachment', value: { text: 'x' }, files: [file('none', 'x')] }] }),
    /is not there/,
  ],
  [
    'a file with another hash',
    () => ({
      facts: [{ fact: 'attachment', value: { text: 'x' }, files: [file('one', 'x')] }],
      files: { 'attachments/one': 'y' },
    }),
    /by hash|another hash/,
  ],
  [
    'a file of the ceremony',
    () => ({
      facts: [{ fact: 'attachment', value: { text: 'x' }, files: [{ name: 'plan.json', sha256: sha256('') }] }],
    }),
    /not its own/,
  ],
  ['a file that no line names', () => ({ files: { 'attachments/one': 'x' } }), /no line of its addendum names it/],
  ['a file with no place', () => ({ files: { 'notes.txt': 'x' } }), /no place in an addendum/],
  ['a second checkpoint', () => ({ files: { 'checkpoints/0002.checkpoint': 'x' } }), /no place in an addendum/],
  [
    'a checkpoint of another addendum',
    () => ({ checkpoint: (text) => text.replace('/0001\n', '/0002\n') }),
    /not the checkpoint over every line/,
  ],
  [
    'a checkpoint of fewer lines',
    () => ({ checkpoint: (text) => text.replace('\n3\n', '\n2\n') }),
    /not the checkpoint over every line/,
  ],
  [
    'an envelope in another form',
    () => ({ envelope: (bytes) => Buffer.concat([bytes, Buffer.from('\n')]) }),
    /does not hold exactly/,
  ],
  [
    'a cosignature by a stranger',
    () => ({ facts: [strangersCosignature('mallory')] }),
    /mallory/,
    /not of the one whom it names/,
  ],
  [
    'a cosignature with another key',
    () => ({ facts: [strangersCosignature('otto')] }),
    /signature of otto does not hold/,
  ],
  ['a cosignature by an operator', () => ({ facts: [cosignatureFact(made, closed, 'ada')] }), /operator, who cannot/],
  [
    'a cosignature over another root',
    () => ({ facts: [cosignatureFact(made, closed, 'otto', { root: '1'.repeat(64) })] }),
    /over another checkpoint/,
  ],
  [
    'a cosignature over another checkpoint file',
    () => ({ facts: [cosignatureFact(made, closed, 'otto', { checkpoint: '1'.repeat(64) })] }),
    /over another checkpoint/,
  ],
  [
    'a cosignature of another ceremony',
    () => ({ facts: [cosignatureFact(made, closed, 'otto', { ceremony: 'software-2' })] }),
    /cosignature is of another ceremony/,
  ],
  [
    'a cosignature that found the bundle refused',
    () => ({ facts: [cosignatureFact(made, closed, 'otto', { verdict: 'refused' })] }),
    /cosignature: payload: verdict/,
    /something else than cosignatures/,
  ],
  [
    'a cosignature told of somebody else',
    () => {
      const fact = cosignatureFact(made, closed, 'otto');
      return { facts: [{ ...fact, value: { ...(fact['value'] as JsonObject), participant: 'wanda' } }] };
    },
    /names another than the one who cosigned/,
    /not of the one whom it names/,
  ],
  ['a timestamp of another checkpoint', () => stamped(foreignToken), /timestamp is of another checkpoint/],
  [
    'a timestamp told of another checkpoint',
    () => stamped(token, { checkpoint: '1'.repeat(64) }),
    /of another checkpoint/,
  ],
  ['a timestamp told of another time', () => stamped(token, { genTime: '20200101000000Z' }), /another time/],
  [
    'a timestamp that is none',
    () => stamped(Buffer.from('0\u0003no'), { genTime: '20200101000000Z' }),
    /no granted timestamp/,
  ],
  [
    'a timestamp with something behind it',
    () => stamped(Buffer.concat([token, Buffer.alloc(1)]), { genTime: genTime() }),
    /no granted/,
  ],
  ['a timestamp of more than 64 KiB', () => stamped(Buffer.alloc(65_537, 0x30), { genTime: genTime() }), /no granted/],
  ['a timestamp that was rejected', () => stamped(rejected(), { genTime: genTime() }), /no granted timestamp/],
  [
    'a receipt of another package',
    () => received(receipt({ package: { sha256: '1'.repeat(64) } })),
    /another package or/,
  ],
  ['a receipt of another ceremony', () => received(receipt({ ceremony: 'software-2' })), /another package or ceremony/],
  ['a receipt of another mode', () => received(receipt({ mode: 'production' })), /another package or ceremony/],
  ['a receipt that is none', () => received('{}'), /no receipt/],
  [
    'a receipt of a package that is not there',
    () => received(receipt(), { package: { name: 'packages/none.keypackage.json', sha256: sha256(PACKAGE) } }),
    /no key package of the bundle/,
  ],
];

function genTime(): string {
  return readTimestamp(token)?.genTime ?? '';
}

/** The token with another PKIStatus. */
function rejected(): Buffer {
  const bytes = Buffer.from(token);
  const status = bytes.indexOf(Buffer.from('3003020100', 'hex'));
  bytes[status + 4] = 2;
  return bytes;
}

/** A cosignature in somebody's name by a key that is on no roster. */
function strangersCosignature(participant: string): JsonObject {
  const fact = cosignatureFact(made, closed, 'otto', { participant });
  const sealed = (fact['value'] as JsonObject)['envelope'] as JsonObject;
  const payload = JSON.parse(Buffer.from(sealed['payload'] as string, 'base64').toString()) as JsonObject;
  const key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  const message = cosignatureMessage(payload as unknown as Parameters<typeof cosignatureMessage>[0]);
  const signed = envelope(PAYLOAD_TYPES.cosignature, payload, new Map([[participant, sign('sha256', message, key)]]));
  return { ...fact, value: { participant, envelope: signed, text: 'x' } };
}

describe('addenda that lie', () => {
  it.each(LIES.map((lie, place) => ({ what: lie[0], lie, place })))(
    '$what',
    { timeout: 60_000 },
    async ({ lie: [, change, reason, script], place }) => {
      const folder = await copy();
      await writeAddendum(folder, made, closed, null, change());
      await expectBoth(folder, 'refused', reason, script ?? reason, place);
    },
  );

  it('a second addendum that does not cite the first', { timeout: 240_000 }, async () => {
    const folder = await copy();
    await writeAddendum(folder, made, closed, null);
    await writeAddendum(folder, made, closed, null, { number: 2 });
    await expectBoth(folder, 'refused', /root of the addendum before/u, /root of the addendum before/u);
  });

  it('a second addendum that is older than the first', { timeout: 240_000 }, async () => {
    const folder = await copy();
    const first = await writeAddendum(folder, made, closed, null);
    await writeAddendum(folder, made, closed, first, {
      number: 2,
      line: (line) => ({ ...line, at: '2026-11-25T09:00:00.000Z' }),
    });
    await expectBoth(folder, 'refused', /what it comes after/u, /what it comes after/u);
  });

  it('an addendum to a ceremony that is not closed', { timeout: 240_000 }, async () => {
    const folder = new FileBundleFolder(join(home, 'open'));
    const open = await makeBundle(folder, { stopBefore: 'commit' });
    await writeAddendum(folder, open, closed, null);
    await expectBoth(folder, 'refused', /not closed: nothing can come after it/u, /nothing can come after it/u);
  });

  it('an addendum without its envelope, or without its transcript', { timeout: 240_000 }, async () => {
    for (const name of ['checkpoints/0001.dsse.json', 'transcript.jsonl', 'checkpoints/0001.checkpoint']) {
      const folder = await copy();
      await writeAddendum(folder, made, closed, null);
      await folder.remove(`addenda/0001/${name}`);
      await sumAnew(folder);
      await expectBoth(folder, 'refused', /addenda\/0001/u, /finding: addenda\/0001/u);
    }
  });

  it('a line of the ceremony that names a file in addenda/', { timeout: 240_000 }, async () => {
    const folder = new FileBundleFolder(join(home, 'named'));
    const name = 'addenda/0001/x.txt';
    await makeBundle(folder, {
      extra: { [name]: 'x' },
      draft: (draft) =>
        draft.type === 'fact.recorded'
          ? { ...draft, body: { ...draft.body, files: [{ name, sha256: sha256('x') }] } }
          : draft,
    });
    await expectBoth(folder, 'refused', /no place in an addendum/u, /no place in an addendum/u);
  });
});

describe('the request for a timestamp', () => {
  const request = async (
    folder: FileBundleFolder,
    change = (bytes: Buffer): Buffer => bytes,
    number = closed.number,
  ) => {
    const body = await folder.read(checkpointFiles(closed.number).body);
    await folder.create(checkpointFiles(number).timestampRequest, change(Buffer.from(timestampRequest(body))));
    await sumAnew(folder);
  };

  it('is the one of openssl, and accepted', { timeout: 240_000 }, async () => {
    const folder = await copy();
    await request(folder);
    await expectBoth(folder, 'consistent', /^$/u, /verdict/u);
    const args = ['ts', '-query', '-data', join(folder.path, checkpointFiles(closed.number).body)];
    const made = join(home, 'made.tsq');
    await new Promise((resolve) =>
      execFile('openssl', [...args, '-sha256', '-cert', '-no_nonce', '-out', made], resolve),
    );
    expect(await new FileBundleFolder(home).read('made.tsq')).toEqual(
      await folder.read(checkpointFiles(closed.number).timestampRequest),
    );
  });

  it.each([0, 2, 4, 20, 30, 56, 58])('with a bit changed in byte %i', { timeout: 240_000 }, async (at) => {
    const folder = await copy();
    await request(folder, (bytes) => {
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      return bytes;
    });
    await expectBoth(folder, 'refused', /not the request for a timestamp/u, /not the request for a timestamp/u, at);
  });

  it('is for the last checkpoint alone', { timeout: 240_000 }, async () => {
    const folder = await copy();
    await request(folder, (bytes) => bytes, 1);
    await expectBoth(folder, 'refused', /only the last checkpoint/u, /only the last checkpoint/u);
  });
});

describe('verify.sh --tsa-ca', () => {
  it('refuses a token of somebody else, a changed token, and a bundle without one', { timeout: 240_000 }, async () => {
    const without = await copy();
    expect((await runScript('--tsa-ca', authority.ca, without.path)).output).toContain('no timestamp is there');
    const good = await copy();
    await writeAddendum(good, made, closed, null, stamped(token));
    expect((await runScript('--tsa-ca', authority.ca, good.path)).output).toContain('verdict: consistent');
    const elsewhere = await temporaryDirectory();
    const another = await TimeStampingAuthority.make(elsewhere);
    expect((await runScript('--tsa-ca', another.ca, good.path)).output).toMatch(/openssl ts -verify does not accept/u);
    await removeDirectory(elsewhere);
    // The signature at its end: what is read of the token is the same.
    const changed = Buffer.from(token);
    changed[changed.length - 8] = (changed[changed.length - 8] ?? 0) ^ 1;
    const bad = await copy();
    await writeAddendum(bad, made, closed, null, stamped(changed));
    expect((await runScript(bad.path)).output).toContain('verdict: consistent');
    expect((await runScript('--tsa-ca', authority.ca, bad.path)).output).toContain('verdict: refused');
  });

  it('could not be started with what is no certificate', { timeout: 240_000 }, async () => {
    await writeFile(join(home, 'no-ca.pem'), 'no');
    expect(await runScript('--tsa-ca', join(home, 'no-ca.pem'), home)).toMatchObject({ code: 2 });
  });
});

describe('readTimestamp', () => {
  it('never throws, and finds no token in what was cut or changed in its structure', () => {
    for (let length = 0; length < token.length; length += 1)
      expect(readTimestamp(token.subarray(0, length))).toBeNull();
    const whole = readTimestamp(token);
    expect(whole?.imprint).toBe(closed.sha256);
    for (let at = 0; at < token.length; at += 1) {
      const changed = Buffer.from(token);
      changed[at] = (changed[at] ?? 0) ^ 0x20;
      const read = readTimestamp(changed);
      // Head, status, types and TSTInfo come first; certificates and signature behind them are for openssl.
      if (at < 9) expect(read, `byte ${String(at)}`).toBeNull();
      else if (read !== null) expect(typeof read.genTime).toBe('string');
    }
    expect(readTimestamp(canonicalBytes({}))).toBeNull();
  });
});
