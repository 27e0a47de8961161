/**
 * Others' tokens and keys are taken over, and a vendor's tool does what only it may do: the example is rehearsed on real
 * tokens that somebody else filled. Both verifiers accept its bundle, and none in which people were not asked, devices not
 * released, or something else adopted than was found, with all signatures and hashes in order.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { parse, stringify } from 'yaml';
import type { JsonObject } from '../../ceremony/canonical-json';
import { isForScript } from '../bundle/for-script';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles, type Files } from '../bundle/mutation/bundle-files';
import type { Forgery, LooseLine } from '../bundle/mutation/forgery';
import { signedAgain } from '../bundle/mutation/insider';
import { judgeByPython } from '../bundle/mutation/third-verifier';
import { CHECKOUT, SOFTHSM2, keyrite, scratch, start, transcript, type Ended } from './program';
import { sampled } from '../sampled';

const it = sampled(12);

const EXAMPLE = join(CHECKOUT, 'examples', 'taking-over.ceremony.yaml');
const place = scratch();
afterAll(place.leave);
const bundle = join(place.folder, 'bundle');

let ended: Ended;
let files: Files;
beforeAll(async () => {
  ended = await keyrite(['rehearse', EXAMPLE, '--out', bundle]);
  if (ended.code === 0) files = await readFiles(bundle);
});

const valuesOf = (fact: string, folder = bundle): JsonObject[] =>
  transcript(folder)
    .filter((line) => line.body['fact'] === fact)
    .map((line) => line.body['value'] as JsonObject);

interface Seen {
  readonly class: string;
  readonly label: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}
const objectsIn = (value: JsonObject | undefined): Seen[] => (value?.['objects'] ?? []) as unknown as Seen[];

describe('the rehearsal', () => {
  it('ends well, and both verifiers accept its bundle', async () => {
    expect(ended.stderr).toMatch(/The last checkpoint is over/);
    expect(ended.code).toBe(0);
    expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
    expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  });

  it('records what others left before it makes anything, and leaves it as it is', () => {
    const [found] = valuesOf('unit.found');
    expect(found).toMatchObject({ unit: 'unit-a', identity: null, state: null });
    expect(objectsIn(found).map(({ label }) => label)).toEqual([
      'receipt-signing',
      'receipt-signing',
      'pin-blocks',
      'zone-master',
    ]);
    const [adopted] = valuesOf('unit.adopted');
    const rest = objectsIn(adopted).filter(({ label }) => !label.startsWith('keyrite:'));
    expect(rest).toEqual(objectsIn(found));
  });

  it('moves the key to the current register, takes away what a master key must not do, and says what that does not mend', () => {
    const key = objectsIn(valuesOf('inventory').at(-1)).find(({ label }) => label === 'keyrite:mk:current');
    expect(key?.attributes).toMatchObject({
      CKA_DECRYPT: false,
      CKA_ENCRYPT: false,
      CKA_EXTRACTABLE: false,
      CKA_NEVER_EXTRACTABLE: false,
      CKA_WRAP: true,
    });
    const [found] = valuesOf('master-key.found');
    const weaknesses = found?.['weaknesses'] as { weakness: string; found: string }[];
    expect(weaknesses.map(({ weakness }) => weakness)).toEqual([
      'origin-not-proven',
      'master-key-extractable',
      'master-key-wider',
    ]);
    expect(weaknesses[2]?.found).toContain('CKA_DECRYPT true');
    const patterns = valuesOf('master-key.found').map(({ pattern }) => pattern);
    expect(new Set(patterns).size).toBe(1);
  });

  it('lets the devices go before anybody is asked, and reads them again', () => {
    const lines = transcript(bundle).filter(({ step }) => step === 'audit-log');
    const names = lines.map(({ type, body }) => (type === 'fact.recorded' ? String(body['fact']) : type));
    expect(names).toEqual([
      'step.started',
      'procedure.before',
      'procedure.before',
      'step.intent',
      'procedure.released',
      'step.confirmed',
      'step.outcome',
      'procedure.output',
      'procedure.after',
      'procedure.after',
      'step.outcome',
    ]);
  });

  it('calls no origin proven: the report says so', () => {
    const report = readFileSync(join(bundle, 'report.html'), 'utf8');
    expect(report.includes('origin declared by the plan, not proven')).toBe(true);
  });
});

it.each(process.env['KEYRITE_FULL'] === '1' ? ['nss', 'opencryptoki'] : ['nss'])(
  'goes as well on %s',
  async (module) => {
    const other = join(place.folder, module);
    const run = await keyrite(['rehearse', EXAMPLE, '--module', module, '--out', other]);
    expect(run.stderr).toMatch(/The last checkpoint is over/);
    expect(run.code).toBe(0);
    const found = await readFiles(other);
    expect(await judge(found)).toMatchObject({ verdict: 'consistent', said: '' });
    expect(await judgeByScript(found)).toMatchObject({ verdict: 'consistent' });
  },
);

interface Plan {
  units: { id: string; begins: string }[];
  pins: { id: string; for: string; units: string[] }[];
  steps: { id: string; action: string; units?: string[]; after?: object[] | undefined; title: string; phase: string }[];
  phases: { id: string }[];
  endState: { unit: string; mode: string; masterKey: string }[];
}

/** The example with a partition that the tool leaves blank, so that it is initialised; short. */
function writeBlankPlan(file: string): string {
  const plan = parse(readFileSync(EXAMPLE, 'utf8')) as Plan;
  const kept = [
    'preflight',
    'roll-call',
    'make-partition',
    'adopt',
    'imprint',
    'adopt-master-key',
    'checkpoint',
    'export',
  ];
  plan.steps = plan.steps.filter(({ id }) => kept.includes(id));
  for (const step of plan.steps) {
    if (step.id === 'make-partition') step.after = [{ unit: 'unit-b', is: 'blank' }];
    else if (step.units !== undefined) step.units = ['unit-a'];
  }
  const at = plan.steps.findIndex(({ id }) => id === 'adopt');
  plan.steps.splice(at, 0, {
    id: 'initialise',
    phase: 'taking-over',
    title: 'Initialise partition 2',
    action: 'unit.initialise',
    units: ['unit-b'],
  });
  plan.pins.push({
    ...plan.pins[0]!,
    id: 'so-pin',
    for: 'security-officer',
    units: ['unit-b'],
  });
  plan.endState = [
    { unit: 'unit-a', mode: 'operational', masterKey: 'current' },
    { unit: 'unit-b', mode: 'imprint', masterKey: 'none' },
  ];
  writeFileSync(file, stringify(plan, { aliasDuplicateObjects: false }));
  return file;
}

it('killed after each intent, goes on and asks the people again', async () => {
  const plan = writeBlankPlan(join(place.folder, 'blank.ceremony.yaml'));
  const out = join(place.folder, 'killed');
  let running = start(['rehearse', plan, '--out', out, '--keep', join(place.folder, 'killed-room')]);
  for (const act of ['procedure', 'unit-a/identity', 'unit-a/adopt']) {
    const isIntended = (): boolean =>
      running.child.exitCode !== null ||
      running.child.signalCode !== null ||
      new RegExp(`"act":"${act}","attempt":\\d+,"command"`).test(transcriptSoFar(out));
    while (!isIntended()) await sleep(1);
    running.child.kill('SIGKILL');
    expect((await running.ended).signal).toBe('SIGKILL');
    running = start(['resume', out]);
  }
  const last = await running.ended;
  expect(last.code, last.stderr).toBe(0);
  const found = await readFiles(out);
  expect(await judge(found)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(found)).toMatchObject({ verdict: 'consistent' });
  // What was found is what was there before anything was made, whatever was killed since.
  expect(valuesOf('unit.found', out)).toHaveLength(1);
  const answers = transcript(out).filter(({ body }) => body['act'] === 'procedure');
  expect(answers.map(({ type }) => type)).toEqual(['step.intent', 'step.reconciled']);
  expect(valuesOf('procedure.after', out)).toMatchObject([{ unit: 'unit-b', is: 'blank', identity: null }]);
});

/** The example cut down to unit A and some of its steps, otherwise changed; returns the file. */
function writePlan(name: string, steps: readonly string[], change: (plan: Plan) => void): string {
  const plan = parse(readFileSync(EXAMPLE, 'utf8')) as Plan;
  const kept = ['preflight', 'roll-call', ...steps, 'export'];
  plan.steps = plan.steps.filter(({ id }) => kept.includes(id));
  for (const step of plan.steps) {
    if (step.units !== undefined) step.units = ['unit-a'];
    step.after = step.after?.slice(0, 1);
  }
  plan.units = plan.units.filter(({ id }) => id === 'unit-a');
  for (const pin of plan.pins) pin.units = ['unit-a'];
  plan.phases = plan.phases.filter(({ id }) => plan.steps.some(({ phase }) => phase === id));
  plan.endState = [{ unit: 'unit-a', mode: 'imprint', masterKey: 'none' }];
  change(plan);
  const file = join(place.folder, `${name}.ceremony.yaml`);
  writeFileSync(file, stringify(plan, { aliasDuplicateObjects: false }));
  return file;
}

describe('what is found otherwise', () => {
  it('than the plan declares stops the ceremony: the token is blank, and was to be initialised', async () => {
    const plan = writePlan('not-done', ['make-partition', 'adopt'], (changed) => {
      for (const unit of changed.units) unit.begins = 'blank';
      for (const { after } of changed.steps) Object.assign(after?.[0] ?? {}, { unit: 'unit-a' });
    });
    const run = await keyrite(['rehearse', plan, '--out', join(place.folder, 'not-done')]);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toMatch(/no such token|not initialised/);
  });

  it('than a token of others is not adopted', async () => {
    const plan = writePlan('ours', ['adopt', 'adopt-keys'], (changed) => {
      const step = changed.steps.find(({ id }) => id === 'adopt-keys') as unknown as { objects: { label: string }[] };
      step.objects = step.objects.slice(1).map((one) => ({ ...one, label: 'keyrite:mk:current' }));
    });
    const run = await keyrite(['rehearse', plan, '--out', join(place.folder, 'ours')]);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain(
      'the token is not one of others, for Keyrite’s objects are on it: secret-key keyrite:mk:current',
    );
    expect(run.stderr).toContain('Nothing was changed.');
    expect(transcriptSoFar(join(place.folder, 'ours'))).not.toContain('step.intent');
  });

  it('than before the procedure: an object is gone, and nobody can waive that', async () => {
    const plan = writePlan('changed', ['adopt', 'adopt-keys', 'audit-log'], () => undefined);
    const [out, room] = [join(place.folder, 'changed'), join(place.folder, 'changed-room')];
    const running = start(['rehearse', plan, '--out', out, '--keep', room]);
    while (running.child.exitCode === null && !transcriptSoFar(out).includes('"procedure.released"')) await sleep(1);
    running.child.kill('SIGKILL');
    await running.ended;
    const memory = JSON.parse(readFileSync(join(room, 'player.json'), 'utf8')) as {
      pins: { of: string; role: string; part: number; pin: string }[];
    };
    const parts = memory.pins.filter(({ of, role }) => of === 'unit-a' && role === 'user');
    const pin = parts
      .toSorted((one, other) => one.part - other.part)
      .map((one) => one.pin)
      .join('');
    const about = ['--token-label', 'cards-1', '--login', '--pin', pin, '--type', 'secrkey', '--label', 'pin-blocks'];
    execFileSync('pkcs11-tool', ['--module', SOFTHSM2, '--delete-object', ...about], {
      env: { ...process.env, SOFTHSM2_CONF: join(room, 'units', 'softhsm2.conf') },
      stdio: 'pipe',
    });
    const resumed = await keyrite(['resume', out]);
    expect(resumed.code).not.toBe(0);
    expect(resumed.stderr).toContain('its objects are not those that were there before');
    const failed = transcript(out).findLast(({ type }) => type === 'step.failed');
    expect(failed?.body['error']).toMatchObject({ code: 'NOT_AS_DECLARED' });
    // What is there now is on record all the same.
    expect(objectsIn(valuesOf('procedure.after', out).at(-1)).map(({ label }) => label)).not.toContain('pin-blocks');
  });
});

function transcriptSoFar(folder: string): string {
  try {
    return readFileSync(join(folder, 'transcript.jsonl'), 'utf8');
  } catch {
    return '';
  }
}

type Change = (line: LooseLine) => LooseLine | null;

const lines = (change: Change): Forgery => ({
  lines: (all) => all.flatMap((line) => change(line) ?? []),
});
const isFact = ({ type, body }: LooseLine, fact: string): boolean => type === 'fact.recorded' && body['fact'] === fact;
const withoutFact = (fact: string, step?: string): Forgery =>
  lines((line) => (isFact(line, fact) && (step === undefined || line.step === step) ? null : line));
const value = (fact: string, step: string, change: (value: JsonObject) => JsonObject): Forgery =>
  lines((line) =>
    isFact(line, fact) && line.step === step
      ? { ...line, body: { ...line.body, value: change(line.body['value'] as JsonObject) } }
      : line,
  );
const command = (
  change: (payload: JsonObject) => JsonObject,
  keep = (signers: readonly string[]) => signers,
): Forgery => ({
  sign: (one) => {
    const payload = one.payload['payload'] as JsonObject | undefined;
    if (payload?.['command'] !== 'master-key.adopt') return one;
    return { payload: { ...one.payload, payload: change(payload) }, signers: keep(one.signers) };
  },
});
const object = (value: JsonObject, label: string): JsonObject => ({
  ...(value['objects'] as JsonObject[])[0]!,
  label,
});

type Lie = readonly [name: string, forgery: () => Forgery, reason: RegExp];

const LIES: readonly Lie[] = [
  ['nothing', () => ({}), /^$/],
  [
    'nobody confirms',
    () => lines((line) => (line.step === 'audit-log' && line.type === 'step.confirmed' ? null : line)),
    /two people of different roles/,
  ],
  [
    'one role alone confirms',
    () =>
      lines((line) =>
        line.step === 'audit-log' && line.type === 'step.confirmed' ? { ...line, by: ['alice', 'bob'] } : line,
      ),
    /two people of different roles/,
  ],
  [
    'something else is confirmed',
    () =>
      lines((line) =>
        line.step === 'audit-log' && line.type === 'step.confirmed'
          ? { ...line, body: { ...line.body, statement: 'All is well.' } }
          : line,
      ),
    /two people of different roles/,
  ],
  ['the devices are not released', () => withoutFact('procedure.released', 'audit-log'), /devices were released/],
  [
    'the devices of another unit are released',
    () => value('procedure.released', 'audit-log', (told) => ({ ...told, units: ['unit-a'] })),
    /devices were released/,
  ],
  [
    'other commands are announced',
    () =>
      lines((line) =>
        line.type === 'step.intent' && line.step === 'audit-log'
          ? {
              ...line,
              body: { ...line.body, parameters: { tool: "The vendor's audit tool", commands: ['audit clear'] } },
            }
          : line,
      ),
    /not done as the plan lists it/,
  ],
  [
    'no output is brought',
    () =>
      lines((line) =>
        isFact(line, 'procedure.output')
          ? { ...line, body: { fact: 'procedure.output', value: line.body['value'] ?? null } }
          : line,
      ),
    /no file with the output/,
  ],
  ['no unit is read before', () => withoutFact('procedure.before'), /was not read before people were asked/],
  ['no unit is read after', () => withoutFact('procedure.after', 'audit-log'), /was not read after the procedure/],
  [
    'an object is gone after the procedure',
    () =>
      value('procedure.after', 'audit-log', (told) => ({
        ...told,
        objects: (told['objects'] as JsonObject[]).slice(1),
      })),
    /objects are not those that were there before/,
  ],
  [
    'a register holds another key after the procedure',
    () =>
      value('procedure.after', 'audit-log', (told) => {
        const registers = told['registers'] as { current: JsonObject };
        return { ...told, registers: { ...registers, current: { ...registers.current, pattern: '1'.repeat(64) } } };
      }),
    /registers do not hold what they held/,
  ],
  [
    'the tool left something of Keyrite',
    () =>
      value('procedure.after', 'make-partition', (told) => ({
        ...told,
        objects: [...(told['objects'] as JsonObject[]), object(told, 'keyrite:mk:current')],
      })),
    /was not found foreign/,
  ],
  [
    'the tool left a blank token',
    () =>
      value('procedure.after', 'make-partition', (told) => ({
        ...told,
        token: { ...(told['token'] as JsonObject), initialised: false },
      })),
    /was not found foreign/,
  ],
  [
    'a module is said to be steered otherwise',
    () => value('module', 'preflight', (told) => ({ ...told, environment: [{ name: 'HSM', value: 'another' }] })),
    /other environment than the binding says/,
  ],
  [
    'a link is told of that the binding lacks',
    () => value('module', 'preflight', (told) => ({ ...told, links: [{ interface: 'eth9', peer: 'x', port: 1 }] })),
    /other links than the binding says/,
  ],
  ['nothing tells what was found', () => withoutFact('unit.found'), /nothing tells what unit-a was/],
  [
    'another origin is told',
    () => value('unit.found', 'adopt', (told) => ({ ...told, origin: 'Made here today.' })),
    /nothing tells what unit-a was/,
  ],
  [
    'more was found than is there',
    () =>
      value('unit.found', 'adopt', (told) => ({
        ...told,
        objects: [...(told['objects'] as JsonObject[]), object(told, 'gone')],
      })),
    /is there still/,
  ],
  [
    'something else is made beside the identity',
    () =>
      value('unit.adopted', 'adopt', (told) => ({
        ...told,
        objects: [...(told['objects'] as JsonObject[]), object(told, 'backdoor')],
      })),
    /is there still/,
  ],
  [
    'one alone adopts the master key',
    () =>
      command(
        (payload) => payload,
        (signers) => signers.slice(0, 1),
      ),
    /2 valid signatures needed, 1 given/,
  ],
  [
    'another key is adopted',
    () => command((payload) => ({ ...payload, label: 'pin-blocks' })),
    /another key than the plan names/,
  ],
  [
    'a key of another pattern is adopted',
    () => command((payload) => ({ ...payload, pattern: '1'.repeat(64) })),
    /not done to the key that was found/,
  ],
  [
    'nothing is taken away from it',
    () => command((payload) => ({ ...payload, harden: false })),
    /another key than the plan names, or otherwise/,
  ],
  ['nothing tells what the key was', () => withoutFact('master-key.found'), /nothing tells what the key on unit-a was/],
  [
    'the keys on the units are not one',
    () =>
      value('master-key.found', 'adopt-master-key', (told) =>
        told['unit'] === 'unit-b' ? { ...told, pattern: '2'.repeat(64) } : told,
      ),
    /do not show one pattern/,
  ],
  ['the register is not read', () => withoutFact('register'), /current register of unit-a does not show/],
  [
    'another key goes on record',
    () =>
      value('keys.adopted', 'adopt-keys', (told) => ({ ...told, keys: (told['keys'] as JsonObject[]).toReversed() })),
    /what the keys are that were adopted/,
  ],
  [
    'keys are called made here',
    () => value('keys.adopted', 'adopt-keys', (told) => ({ ...told, origin: 'Made here today.' })),
    /what the keys are that were adopted/,
  ],
];

describe('an insider who has all keys', () => {
  it.each(LIES.map((lie, number) => [...lie, number] as const))(
    'is believed in nothing: %s',
    async (name, forgery, reason, number) => {
      const forged = signedAgain(files, forgery());
      const ours = await judge(forged);
      expect(ours.said).toMatch(reason);
      expect(ours.verdict).toBe(name === 'nothing' ? 'consistent' : 'refused');
      if (!isForScript(number)) return;
      expect((await judgeByScript(forged)).verdict).toBe(ours.verdict);
      expect(await judgeByPython(forged)).toBe(ours.verdict);
    },
  );
});
