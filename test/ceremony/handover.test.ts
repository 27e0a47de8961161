/**
 * A unit changes hands and is zeroised: a real rehearsal clears a loaded and a committed master key, adds successors,
 * changes the thresholds, removes those who imprinted the unit and destroys everything on it. Both verifiers accept its bundle, and none in which a command was
 * signed by too few, by people who are gone, or about somebody else, with all signatures and hashes in order.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { JsonObject } from '../../ceremony/canonical-json';
import { isForScript } from '../bundle/for-script';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles, type Files } from '../bundle/mutation/bundle-files';
import type { Forgery, LooseLine, ToSign } from '../bundle/mutation/forgery';
import { signedAgain } from '../bundle/mutation/insider';
import { keyrite, scratch, transcript, type Ended } from './program';
import { writeHandoverPlan } from './small-plans';
import { sampled } from '../sampled';

const it = sampled(3);

const place = scratch();
afterAll(place.leave);
const bundle = join(place.folder, 'bundle');

let ended: Ended;
let files: Files;
beforeAll(async () => {
  const plan = writeHandoverPlan(join(place.folder, 'handover.ceremony.yaml'));
  ended = await keyrite(['rehearse', plan, '--out', bundle]);
  if (ended.code === 0) files = await readFiles(bundle);
});

interface State {
  readonly administrators: readonly { readonly id: string }[];
  readonly signatureThreshold: number;
  readonly revocationThreshold: number;
  readonly registers: { readonly new: string; readonly current: string };
}

/** The unit's state after each act of a step. */
function statesAfter(step: string): State[] {
  return transcript(bundle)
    .filter((line) => line.type === 'step.outcome' && line.step === step && line.body['act'] !== null)
    .map((line) => (line.body['result'] as { readonly state: State }).state);
}

const idsIn = (state: State | undefined): string[] => (state?.administrators ?? []).map(({ id }) => id);

/** Who signed the command of an act. */
function signersOf(act: string): string[] {
  const intent = transcript(bundle).find((line) => line.type === 'step.intent' && line.body['act'] === `unit-a/${act}`);
  const { signatures } = intent?.body['command'] as { readonly signatures: { readonly keyid: string }[] };
  return signatures.map(({ keyid }) => keyid);
}

describe('the rehearsal', () => {
  it('ends well, and both verifiers accept its bundle', async () => {
    expect(ended.stderr).toMatch(/The last checkpoint is over/);
    expect(ended.code).toBe(0);
    expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
    expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  });

  it('empties the new register, whether it was committed or not, and the same set is loaded again', () => {
    expect(statesAfter('clear-loaded').at(-1)?.registers).toEqual({ new: 'empty', current: 'empty' });
    expect(statesAfter('load-again').at(-1)?.registers.new).toBe('full-uncommitted');
    expect(statesAfter('commit').at(-1)?.registers.new).toBe('full-committed');
    expect(statesAfter('clear-committed').at(-1)?.registers).toEqual({ new: 'empty', current: 'empty' });
    const clears = transcript(bundle).filter(
      (line) => line.type === 'step.intent' && line.body['operation'] === 'master-key.clear',
    );
    expect(clears.map(({ by }) => by.length)).toEqual([1, 2]);
  });

  it('adds the successors with their own proof, and lets those go who are not needed any more', () => {
    const [first, second] = statesAfter('add');
    expect(idsIn(first)).toHaveLength(3);
    expect(idsIn(second)).toHaveLength(4);
    const [alice = '', bob = '', ...successors] = idsIn(second);
    for (const id of successors) expect(signersOf(`add-${id}`)).toEqual([alice, bob, id].toSorted());
    expect(statesAfter('three').at(-1)).toMatchObject({ signatureThreshold: 3, revocationThreshold: 2 });
    expect(statesAfter('two').at(-1)).toMatchObject({ signatureThreshold: 2, revocationThreshold: 1 });
    expect(idsIn(statesAfter('remove').at(-1))).toEqual(successors);
    expect(statesAfter('zeroise').at(-1)).toMatchObject({
      mode: 'zeroised',
      administrators: [],
      signatureThreshold: 0,
    });
    // Somebody who stays signs, though those who go are there too.
    expect(signersOf(`remove-${alice}`)).toEqual([successors[0]]);
  });
});

it('destroys everything on the token, which its owner sees as well', () => {
  const told = transcript(bundle).find((line) => line.type === 'step.outcome' && line.body['act'] === 'unit-a/zeroise');
  expect(told?.body['result']).toMatchObject({ objects: [] });
  const before = transcript(bundle).findLast((line) => line.step === 'zeroise' && line.body['fact'] === 'inventory');
  const { objects } = before?.body['value'] as { readonly objects: readonly { readonly label: string }[] };
  expect(objects.map(({ label }) => label)).toEqual(['keyrite:state', 'keyrite:identity', 'keyrite:identity']);
});

it.each(process.env['KEYRITE_DEEP'] === '1' ? ['nss', 'opencryptoki'] : ['nss'])(
  'ends as well on %s',
  async (module) => {
    const other = join(place.folder, module);
    const plan = join(place.folder, 'handover.ceremony.yaml');
    const run = await keyrite(['rehearse', plan, '--module', module, '--out', other]);
    expect(run.stderr).toMatch(/The last checkpoint is over/);
    expect(run.code).toBe(0);
    const found = await readFiles(other);
    expect(await judge(found)).toMatchObject({ verdict: 'consistent', said: '' });
    expect(await judgeByScript(found)).toMatchObject({ verdict: 'consistent' });
    const told = transcript(other).find(
      (line) => line.type === 'step.outcome' && line.body['act'] === 'unit-a/zeroise',
    );
    // NSS keeps no data objects, so no state; the others do.
    expect(told?.body['result']).toMatchObject({ objects: [], stateKept: module === 'nss' ? 'none' : 'token' });
  },
);

/** Changes who signs the commands of a kind, or what they say. */
function commandsOf(
  command: string,
  change: (one: ToSign, payload: JsonObject) => { readonly payload?: JsonObject; readonly signers?: readonly string[] },
): Forgery {
  return {
    sign: (one) => {
      const payload = one.payload['payload'] as JsonObject | undefined;
      if (payload?.['command'] !== command) return one;
      const changed = change(one, payload);
      return {
        payload: changed.payload === undefined ? one.payload : { ...one.payload, payload: changed.payload },
        signers: changed.signers ?? one.signers,
      };
    },
  };
}

/** Leaves the acts out whose key fits. */
function withoutActs(fits: (act: string) => boolean): Forgery {
  const isLeftOut = ({ type, body }: LooseLine): boolean =>
    (type === 'step.intent' || type === 'step.outcome') && typeof body['act'] === 'string' && fits(body['act']);
  return { lines: (lines) => lines.filter((line) => !isLeftOut(line)) };
}

type Lie = readonly [name: string, forgery: () => Forgery, reason: RegExp];

const LIES: readonly Lie[] = [
  ['nothing', () => ({}), /^$/],
  [
    'a successor is added by one administrator',
    () =>
      commandsOf('administrator.add', ({ signers }) => ({ signers: signers.length < 3 ? signers : signers.slice(1) })),
    /signature threshold: 2 valid signatures needed, 1 given|proof that the new administrator/,
  ],
  [
    'somebody is removed whom no administrator gave up',
    () => commandsOf('administrator.remove', () => ({ signers: ['frank'] })),
    /revocation threshold: 1 valid signatures needed, 0 given/,
  ],
  [
    'another than the plan says is removed',
    () => {
      const [last] = statesAfter('add').slice(-1);
      const other = last?.administrators.at(-1);
      return commandsOf('administrator.remove', (_, payload) => ({
        payload: { ...payload, administrator: { ...(other as unknown as JsonObject) } },
      }));
    },
    /is not of the position that the step names|is no administrator/,
  ],
  ['one of two is removed', () => withoutActs((act) => act === 'unit-a/remove-bob'), /no commands led unit-a there/],
  ['nobody is removed', () => withoutActs((act) => act.startsWith('unit-a/remove-')), /no commands led unit-a there/],
  [
    'thresholds are changed by too few for the old ones',
    () =>
      commandsOf('thresholds.set', ({ signers }) => ({ signers: signers.length < 3 ? signers : signers.slice(0, 2) })),
    /the new signature threshold: 3 valid signatures needed, 2 given/,
  ],
  [
    'thresholds are not those of the plan',
    () =>
      commandsOf('thresholds.set', (_, payload) => ({
        payload: payload['signatureThreshold'] === 3 ? { ...payload, revocationThreshold: 1 } : payload,
      })),
    /thresholds are not the plan's/,
  ],
  [
    'a committed key is cleared by one',
    () => commandsOf('master-key.clear', ({ signers }) => ({ signers: signers.slice(0, 1) })),
    /signature threshold: 2 valid signatures needed, 1 given/,
  ],
  [
    'another key is cleared',
    () => commandsOf('master-key.clear', (_, payload) => ({ payload: { ...payload, pattern: '1'.repeat(64) } })),
    /another verification pattern/,
  ],
  [
    'a key is cleared without its pattern',
    () => commandsOf('master-key.clear', (_, payload) => ({ payload: { ...payload, pattern: null } })),
    /names no pattern/,
  ],
  [
    'one alone zeroises',
    () => commandsOf('unit.zeroise', ({ signers }) => ({ signers: signers.slice(0, 1) })),
    /signature threshold: 2 valid signatures needed, 1 given/,
  ],
  [
    'those who are gone zeroise',
    () => commandsOf('unit.zeroise', () => ({ signers: ['alice', 'bob'] })),
    /signature threshold: 2 valid signatures needed, 0 given/,
  ],
  [
    'something is left on the token',
    () => ({
      lines: (lines) =>
        lines.map((line) =>
          line.type === 'step.outcome' && line.body['act'] === 'unit-a/zeroise'
            ? { ...line, body: { ...line.body, result: { ...(line.body['result'] as JsonObject), objects: [{}] } } }
            : line,
        ),
    }),
    /no empty inventory of unit-a/,
  ],
  ['nothing is cleared', () => withoutActs((act) => act === 'unit-a/clear'), /no commands led unit-a there|is full/],
];

describe('an insider who has all keys', () => {
  it.each(LIES.map((lie, place) => [...lie, place] as const))(
    'is believed in nothing: %s',
    async (name, forgery, reason, place) => {
      const forged = signedAgain(files, forgery());
      const ours = await judge(forged);
      expect(ours.said).toMatch(reason);
      expect(ours.verdict).toBe(name === 'nothing' ? 'consistent' : 'refused');
      if (isForScript(place)) expect((await judgeByScript(forged)).verdict).toBe(ours.verdict);
    },
  );
});
