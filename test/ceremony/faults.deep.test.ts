/**
 * Calls that go wrong in the middle of a ceremony: a module that dies before or after it acted, or that answers with an
 * error although it acted, several in one run. What the transcript says afterwards is what is on the token. Each by itself is a
 * cell of fault-matrix.test.ts.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { keyrite, scratch, tool, transcript, type TranscriptLine } from './program';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const tools = scratch();
const shim = join(tools.folder, 'fault-shim.so');
let room = scratch();

beforeAll(() => {
  execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', shim, resolve('test/fault-shim.c'), '-ldl']);
});
afterEach(() => {
  room.leave();
  room = scratch();
});
afterAll(() => {
  tools.leave();
  room.leave();
});

/** What must be on record of an act in whose middle a call went wrong. */
interface Expected {
  readonly act: string;
  readonly verdict: 'applied' | 'not-applied';
  /** Words of the note in what was observed; null when there must be none. */
  readonly note: RegExp | null;
}

/** A fault for the shim, and what must become of it. */
interface Fault extends Expected {
  readonly fault: string;
}

const HALF_DONE = /^it was half done: the key had moved and the state had not/;
const STATE_HALF_DONE = /^it was half done: its state was written, and the one before it had not gone/;
const IDENTITY_HALF_DONE = /^it was half done: the key pair was there and the first state was not/;

/** Calls by which something irreversible happens, the act they are part of, and what is found when they were made. */
const CALLS = [
  { call: 'C_InitToken', act: 'unit-a/token', made: null },
  { call: 'C_InitPIN', act: 'unit-a/user-pin', made: null },
  { call: 'C_GenerateKeyPair[keyrite:identity]', act: 'unit-a/identity', made: IDENTITY_HALF_DONE },
  { call: 'C_UnwrapKey[keyrite:mk:uncommitted]', act: 'unit-a/load-3', made: HALF_DONE },
  { call: 'C_SetAttributeValue[keyrite:mk:committed]', act: 'unit-a/commit', made: HALF_DONE },
  { call: 'C_SetAttributeValue[keyrite:mk:current]', act: 'unit-a/activate', made: HALF_DONE },
] as const;

const wentWrongBefore = (how: string): Fault[] =>
  CALLS.map(({ call, act }) => ({ fault: `${call}:${how}`, act, verdict: 'not-applied', note: null }));
const wentWrongAfter = (how: string): Fault[] =>
  CALLS.map(({ call, act, made }) => ({ fault: `${call}:${how}-after`, act, verdict: 'applied', note: made }));

/** State objects: the first is part of the identity, the ninth in the life of the second worker is the activation's. */
const STATE = 'C_CreateObject[keyrite:state]';
const stateWentWrong = (how: string): Fault[] => [
  { fault: `${STATE}:${how}:1`, act: 'unit-a/identity', verdict: 'applied', note: IDENTITY_HALF_DONE },
  { fault: `${STATE}:${how}:9`, act: 'unit-a/activate', verdict: 'applied', note: HALF_DONE },
];
const stateWrittenAndLost = (how: string): Fault[] => [
  { fault: `${STATE}:${how}-after:1`, act: 'unit-a/identity', verdict: 'applied', note: null },
  { fault: `${STATE}:${how}-after:9`, act: 'unit-a/activate', verdict: 'applied', note: STATE_HALF_DONE },
];

/** Rehearses with faults, each of which happens once. Returns the transcript of a bundle that must be whole. */
async function rehearseWith(faults: readonly string[]): Promise<TranscriptLine[]> {
  const bundle = join(room.folder, 'bundle');
  const conf = join(room.folder, 'softhsm2.conf');
  const tokens = join(room.folder, 'tokens');
  mkdirSync(tokens);
  writeFileSync(conf, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  const done = await keyrite(['rehearse', '--module', shim, '--out', bundle], {
    SOFTHSM2_CONF: conf,
    KEYRITE_FAULT: faults.join(','),
    KEYRITE_FAULT_ONCE: join(room.folder, 'happened'),
  });
  expect(done.code, done.stderr).toBe(0);
  const verdict = await keyrite(['verify', bundle, '--json']);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [], exceptions: 0 });
  expect(tool('sh', [join(bundle, 'verify.sh')]).toString()).toMatch(/^verdict: consistent/m);
  return transcript(bundle);
}

/** Each fault must have happened, been told to the people, and been read again to the verdict that is true. */
function expectTruth(lines: readonly TranscriptLine[], faults: readonly Expected[]): void {
  const reconciled = lines.filter(({ type }) => type === 'step.reconciled').map(({ body }) => body);
  expect(reconciled.map(({ act, verdict }) => ({ act, verdict }))).toEqual(
    faults.map(({ act, verdict }) => ({ act, verdict })),
  );
  for (const [index, { note, act }] of faults.entries()) {
    const observed = reconciled[index]?.['observed'] as { note?: string };
    if (note === null) expect(observed.note, act).toBeUndefined();
    else expect(observed.note, act).toMatch(note);
  }
  const failed = lines.filter(({ type }) => type === 'step.failed').map(({ body }) => body['act']);
  expect(failed).toEqual(faults.map(({ act }) => act));
}

const inOrder = (faults: readonly Fault[]): Fault[] => {
  const acts = CALLS.map(({ act }) => act as string);
  return [...faults].sort((left, right) => acts.indexOf(left.act) - acts.indexOf(right.act));
};

/** Some faults of several kinds in one run; no more than two in a step are not applied, or the rehearsal stops. */
const SAMPLES: Readonly<Record<string, readonly Fault[]>> = {
  'dies after each irreversible call': wentWrongAfter('segv'),
  'answers with CKR_DEVICE_ERROR after each irreversible call': wentWrongAfter('0x30'),
  'dies before the calls of the master key': wentWrongBefore('segv').slice(3),
  'answers with CKR_DEVICE_REMOVED before calls': wentWrongBefore('0x32').slice(1),
  'refuses a state for certain, when the key has moved already': stateWentWrong('0xe2'),
  'dies when a state is written, and when it has been': [
    ...stateWentWrong('segv').slice(0, 1),
    ...stateWrittenAndLost('kill').slice(1),
  ],
};

describe('a module that', () => {
  // Of the six `npm test` takes every other. Each fault by itself is a cell of fault-matrix.test.ts.
  it.each(Object.entries(SAMPLES).filter((_, place) => DEEP || place % 2 === 0))('%s', async (_, faults) => {
    expectTruth(await rehearseWith(faults.map(({ fault }) => fault)), inOrder(faults));
  });
});
