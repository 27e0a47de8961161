/**
 * Bad input, one case after another, to the built program: each ends with words that say what happened and what to do,
 * with the exit code of DESIGN.md section 10, and leaves what was there before as it was.
 */
import { createHash } from 'node:crypto';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { canonicalJson, type JsonObject } from '../../ceremony/canonical-json';
import { writeKeyPlan, writeUnitPlan } from './small-plans';
import {
  CHECKOUT,
  FIRST_CEREMONY,
  PROGRAM,
  SOFTHSM2,
  childrenOf,
  keyrite,
  scratch,
  start,
  tool,
  transcript,
  type Ended,
  type Running,
} from './program';
import { sampled } from '../sampled';

const it = sampled(10);

const PLAN = readFileSync(FIRST_CEREMONY, 'utf8');
const { place, leave } = ((made) => ({ place: made.folder, leave: made.leave }))(scratch());
afterAll(leave);

const UNIT_PLAN = writeUnitPlan(join(place, 'unit.ceremony.yaml'));
const KEY_PLAN = writeKeyPlan(join(place, 'key.ceremony.yaml'));
const DEEP = process.env['KEYRITE_DEEP'] === '1';

let room = scratch();
beforeEach(() => {
  room = scratch();
});
afterEach(() => {
  room.leave();
});
const at = (...names: string[]): string => join(room.folder, ...names);

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(at(name), content);
  return at(name);
}

/** SHA-256 of every file below a folder, by its path. */
function contentOf(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    found[path] = entry.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : 'a folder or link';
  }
  return found;
}

/** The program said what happened and what to do, in words for people, and ended with the code. */
function expectWords(ended: Ended, code: 1 | 2, ...words: readonly (string | RegExp)[]): void {
  expect({ code: ended.code, signal: ended.signal }, ended.stderr).toEqual({ code, signal: null });
  const said = ended.stderr.slice(`\n${ended.stderr}`.lastIndexOf('\nkeyrite: '));
  for (const word of words) expect(said).toMatch(word);
  expect(said.trimEnd().split('\n').length, 'no remedy').toBeGreaterThan(1);
  expect(ended.stderr).not.toMatch(/^ {4}at /m);
  expect(ended.stderr).not.toMatch(/A fault in Keyrite|undefined|\[object/);
}

/** Runs the program on bad input; nothing in the room may have changed but what `may` names. */
async function expectRefused(
  args: readonly string[],
  code: 1 | 2,
  ...words: readonly (string | RegExp)[]
): Promise<void> {
  const before = contentOf(room.folder);
  expectWords(await keyrite(args), code, ...words);
  expect(contentOf(room.folder)).toEqual(before);
}

interface Plan {
  steps: { id: string; action: string }[];
}
/** The plan with something changed in it. */
function planWith(change: (plan: Plan) => void): string {
  const plan = parse(PLAN) as Plan;
  change(plan);
  return stringify(plan);
}

describe('a plan that is no use', () => {
  const cases: readonly (readonly [name: string, content: () => string | Uint8Array, code: 1 | 2, words: RegExp[]])[] =
    [
      [
        'an unknown key',
        () => PLAN.replace('\nregime:', '\ncolour: red\nregime:'),
        2,
        [/line \d+, column \d+/, /colour/],
      ],
      [
        'an impossible order',
        () =>
          planWith(({ steps }) => {
            const commit = steps.findIndex(({ action }) => action === 'master-key.commit');
            const load = steps.findIndex(({ action }) => action === 'master-key.load');
            const [moved] = steps.splice(commit, 1);
            if (moved !== undefined) steps.splice(load, 0, moved);
          }),
        1,
        [/cannot be carried out/, /commit/],
      ],
      ['two megabytes of it', () => `${PLAN}\n# ${'x'.repeat(2_000_000)}`, 2, [/larger than 1048576 bytes/]],
      ['a nesting without end', () => `keyrite: plan/1\nid: ${'['.repeat(50_000)}`, 2, [/cannot be read/]],
      ['bytes that are no text', () => Buffer.from([0x6b, 0x00, 0xff, 0xfe, 0x80, 0x81]), 2, [/not UTF-8/]],
      ['control characters', () => 'keyrite: plan/1\nid: \u0007\u001b[2J\n', 2, [/cannot be read/]],
      ['aliases that multiply', () => `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n`, 2, [/cannot be read/]],
      ['nothing', () => '', 2, [/cannot be read/]],
      ['a list', () => '- plan\n', 2, [/cannot be read/]],
      ['JSON that is no plan', () => '{"keyrite":"binding/1"}', 2, [/cannot be read/]],
      ['itself continued', () => PLAN.replace('\ntitle:', '\ncontinues: plan\ntitle:'), 2, [/continue/]],
    ];

  it.each(cases)('%s: rehearse says so and makes nothing', async (_, content, code, words) => {
    const plan = file('plan.ceremony.yaml', content());
    await expectRefused(['rehearse', plan, '--out', at('out'), '--keep', at('room')], code, ...words);
  });

  it('check and dry-run say the same, check on standard output for a plan that can be read', async () => {
    for (const [name, content, code, words] of cases) {
      if (name === 'itself continued') continue;
      await expectRefused(['dry-run', file('plan.yaml', content())], code, ...words);
      const { code: found, stdout, stderr } = await keyrite(['check', file('plan.yaml', content())]);
      expect(found, name).toBe(code);
      expect(code === 1 ? stdout : stderr).toMatch(code === 1 ? /this plan cannot be carried out/ : /^keyrite: /);
    }
  });

  it('a folder, a missing file, or a link to nowhere instead of a file', async () => {
    mkdirSync(at('folder'));
    symlinkSync(at('nowhere'), at('link'));
    for (const command of ['check', 'dry-run', 'inspect', 'rehearse']) {
      // inspect takes bundles too.
      const folder = command === 'inspect' ? /cannot be read as a bundle/ : /is not a file/;
      await expectRefused([command, at('folder')], 2, folder);
      await expectRefused([command, at('missing')], 2, /does not exist/);
      await expectRefused([command, at('link')], 2, /does not exist/);
    }
    await expectRefused(['script', at('folder'), '-o', at('out.html')], 2, /is not a file/);
    await expectRefused(['check', '/dev/zero'], 2, /is not a file/);
  });
});

describe('a command line that is no use', () => {
  it.each([
    [['rehearze'], /there is no command rehearze/],
    [['rehearse', '--keap', 'x'], /--keap/],
    [['rehearse', '--out'], /--out/],
    [['check'], /PLAN is missing/],
    [['check', '--from', 'blank'], /--from and --to go together/],
    [['check', '--from', 'blank', '--to', 'lost'], /lost is no condition of a unit/],
    [['check', 'a', 'b'], /too many arguments/],
    [['run', 'plan.yaml'], /--binding is missing/],
    [['resume'], /DIR is missing/],
    [['verify', '/nonexistent', '--plan-hash', 'zz'], /does not exist/],
    [['__proto__'], /there is no command/],
  ] as const)('%s', async (args, words) => {
    await expectRefused(args, 2, words);
  });

  it('says it in one JSON object too', async () => {
    for (const args of [
      ['verify', at('missing'), '--json'],
      ['rehearse', '--keap', '--json'],
      ['check', at('missing'), '--json'],
    ]) {
      const { code, stdout, stderr } = await keyrite(args);
      expect(code).toBe(2);
      const { error, exit } = JSON.parse(stdout) as { error: string; exit: number };
      expect(exit).toBe(2);
      expect(stderr).toBe(`keyrite: ${error}\n`);
      expect(stdout.trimEnd()).not.toContain('\n');
    }
  });
});

describe('an output that cannot be', () => {
  it('a folder that is not empty, a file, or one within a file', async () => {
    mkdirSync(at('full'));
    file('full/precious', 'do not touch');
    for (const option of ['--out', '--keep']) {
      await expectRefused(['rehearse', option, at('full')], 2, /not empty/, /nothing is overwritten/);
      await expectRefused(['rehearse', option, at('full', 'precious')], 2, /is not a folder/);
    }
    await expectRefused(['rehearse', '--out', at('full', 'precious', 'deeper')], 2, /cannot be made/);
    await expectRefused(['rehearse', '--out', at('x'), '--keep', at('x')], 2, /are the same/);
    await expectRefused(['rehearse', '--out', at('x'), '--keep', at('x', 'room')], 2, /one holds the other/);
    file('full/precious.html', 'do not touch');
    await expectRefused(['script', FIRST_CEREMONY, '-o', at('full', 'precious.html')], 2, /exists already/);
    await expectRefused(['script', FIRST_CEREMONY, '-o', at('full', 'precious')], 2, /neither .html nor .pdf/);
    await expectRefused(['script', FIRST_CEREMONY, '-o', at('no', 'where.html')], 2, /cannot be written/);
  });
});

describe('a module that is no use', () => {
  it('a wrong path, a folder, something else than a module', async () => {
    const rehearse = ['rehearse', '--out', at('out'), '--keep', at('room'), '--module'];
    await expectRefused([...rehearse, '/nonexistent/libhsm.so'], 2, /no PKCS#11 module at \/nonexistent/);
    await expectRefused([...rehearse, 'no/whole/path.so'], 2, /no PKCS#11 module/);
    await expectRefused([...rehearse, CHECKOUT], 2, /is not a file/);
    await expectRefused([...rehearse, file('text.so', 'not a library')], 2, /cannot be rehearsed on/, /text\.so/);
  });

  it('an initialised token: one with the planned label, or nothing but initialised ones', async () => {
    const store = at('store');
    mkdirSync(join(store, 'tokens'), { recursive: true });
    const conf = join(store, 'softhsm2.conf');
    writeFileSync(
      conf,
      `directories.tokendir = ${join(store, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
    const environment = { SOFTHSM2_CONF: conf };
    const pins = ['--so-pin', '12345678', '--pin', '12345678'];
    tool('softhsm2-util', ['--init-token', '--free', '--label', 'payments-unit-b', ...pins], '', environment);
    const shim = join(place, 'no-blank-tokens.so');
    tool('cc', ['-std=c11', '-shared', '-fPIC', '-o', shim, join(CHECKOUT, 'test/ceremony/no-blank-tokens.c'), '-ldl']);
    const rehearse = ['rehearse', '--out', at('out'), '--keep', at('room'), '--module'];
    const before = contentOf(room.folder);
    const taken = await keyrite([...rehearse, SOFTHSM2], environment);
    expectWords(
      taken,
      2,
      /labelled “payments-unit-b” already \(serial [0-9a-f]+\)/,
      /Nothing was touched/,
      /never wipes/,
    );
    const other = file('other.yaml', PLAN.replaceAll('label: payments-unit', 'label: other-unit'));
    const used = await keyrite(['rehearse', other, ...rehearse.slice(1), shim], environment);
    expectWords(used, 2, /every token .* is initialised already: “payments-unit-b”/, /Nothing was touched/);
    rmSync(other);
    expect(contentOf(room.folder)).toEqual(before);
  });
});

/** Wrapping parameters as the service gives them, with something changed. */
function parameters(change: JsonObject = {}): string {
  const good = JSON.parse(readFileSync(join(place, 'parameters.json'), 'utf8')) as JsonObject;
  return `${canonicalJson({ ...good, ...change })}\n`;
}

const PAST = { expires: '2020-01-01T00:00:00.000Z' };
const ROTATE = { purpose: { do: 'rotate', key: '11111111-2222-4333-8444-555555555555' } };

/** One rehearsal to its end: its bundle, room and parameters are copied by the tests that need them. */
let finished: string;
beforeAll(async () => {
  finished = join(place, 'finished');
  const kept = join(place, 'finished-room');
  const { code, stderr } = await keyrite(['rehearse', '--out', finished, '--keep', kept]);
  expect(code, stderr).toBe(0);
  const name = readdirSync(join(kept, 'connected')).find((one) => one.endsWith('.key-protect.json')) ?? '';
  cpSync(join(kept, 'connected', name), join(place, 'parameters.json'));
});

describe('wrapping parameters that are no use', () => {
  it.each<[string, () => string, 1 | 2, RegExp[]]>([
    ['expired', () => parameters(PAST), 1, [/expired at 2020/, /Collect new/]],
    ['for another purpose', () => parameters(ROTATE), 1, [/“rotate”/, /“create”/, /Collect/]],
    [
      'with another key than their hash',
      () => parameters({ publicKeySha256: 'ab'.repeat(32) }),
      2,
      [/publicKeySha256/, /Bring the file again/],
    ],
    ['with an unknown member', () => parameters({ extra: 1 }), 2, [/extra/, /Bring the file again/]],
    ['not JSON', () => 'dear colleague', 2, [/Bring the file again/]],
    ['cut short', () => parameters().slice(0, 400), 2, [/Bring the file again/]],
    ['a megabyte', () => 'x'.repeat(1_000_000), 2, [/larger than 65536 bytes/]],
  ])('%s: found before anything begins', async (_, content, code, words) => {
    const given = file('wrapping-parameters.json', content());
    await expectRefused(['rehearse', '--out', at('out'), '--keep', at('room'), '--params', given], code, ...words);
  });

  it('replaced during the ceremony: it stops at the step, and goes on with good ones', async () => {
    const given = file('wrapping-parameters.json', parameters());
    await killedEarly(KEY_PLAN, '--params', given);
    writeFileSync(given, parameters(PAST));
    const stopped = await keyrite(['resume', at('bundle')]);
    expectWords(stopped, 1, /stopped in step package/, /expired/, /Collect new/, /keyrite resume/);
    writeFileSync(given, parameters());
    await expectGoesOn();
  });
});

interface BoundParts {
  plan: string;
  people: { position: string }[];
  modules: { path: string; sha256: string; files: { path: string; sha256: string }[] }[];
  wrappingParameters: { id: string; file: string }[];
  mode: string;
  room?: string;
}

describe('a binding that is no use', () => {
  const run = (binding: string): string[] => ['run', FIRST_CEREMONY, '--binding', binding, '--out', at('out')];
  function bindingWith(change: (binding: BoundParts) => void): string {
    const binding = parse(readFileSync(join(finished, 'binding.yaml'), 'utf8')) as BoundParts;
    change(binding);
    return file('binding.yaml', stringify(binding));
  }
  const first = <T>(list: T[]): T => {
    const [one] = list;
    if (one === undefined) throw new Error('the binding has none');
    return one;
  };

  it.each<[string, (binding: BoundParts) => void, 1 | 2, RegExp[]]>([
    ['of another plan', (b) => (b.plan = 'ab'.repeat(32)), 2, [/binds another plan/, /abababab/]],
    ['with a plan hash that is none', (b) => (b.plan = 'abc'), 2, [/binding cannot be read/, /line \d+/]],
    [
      'without the witness',
      (b) => (b.people = b.people.filter((p) => p.position !== 'witness')),
      1,
      [/Position witness needs 1 person, and 0 are bound/],
    ],
    [
      'without a custodian',
      (b) =>
        b.people.splice(
          b.people.findIndex((p) => p.position === 'custodians'),
          1,
        ),
      1,
      [/custodians needs 3 people, and 2/],
    ],
    [
      'with a wrong module path',
      (b) => (first(b.modules).path = '/nonexistent.so'),
      2,
      [/module units: \/nonexistent\.so does not exist/, /Correct the path/],
    ],
    [
      'with a wrong module hash',
      (b) => (first(b.modules).sha256 = 'ab'.repeat(32)),
      1,
      [/is not the bound file/, /not loaded/, /Find out who changed/],
    ],
    [
      'with a wrong hash of a configuration file',
      (b) => (first(first(b.modules).files).sha256 = 'ab'.repeat(32)),
      1,
      [/softhsm2\.conf/, /is not the bound file/],
    ],
    [
      'with no parameters at its path',
      (b) => (first(b.wrappingParameters).file = '/nonexistent.json'),
      2,
      [/nonexistent\.json does not exist/],
    ],
    ['for production', (b) => (b.mode = 'production'), 2, [/packaged app/]],
    ['without a terminal for real people', (b) => delete b.room, 2, [/terminal/, /Nothing was begun/]],
    ['of a room that is gone', (b) => (b.room = '/nonexistent'), 2, [/room .* is gone/]],
  ])('%s', async (_, change, code, words) => {
    await expectRefused(run(bindingWith(change)), code, ...words);
  });

  it('that is a folder, or a plan', async () => {
    await expectRefused(run(place), 2, /is not a file/);
    await expectRefused(run(FIRST_CEREMONY), 2, /binding cannot be read/);
  });
});

describe('a bundle that is none', () => {
  it('verify and report say so', async () => {
    mkdirSync(at('empty'));
    const plain = file('file', 'x');
    for (const more of [[], ['--json']]) {
      expect((await keyrite(['verify', at('missing'), ...more])).code).toBe(2);
      expect((await keyrite(['verify', at('empty'), ...more])).code).toBe(1);
    }
    await expectRefused(['verify', plain], 2, /is not a folder/);
    await expectRefused(['report', plain, '-o', at('r.html')], 2, /is not a folder/);
    await expectRefused(['report', at('missing'), '-o', at('r.html')], 2, /does not exist/);
    await expectRefused(['verify', finished, '--approver', plain], 2, /public key/);
    await expectRefused(['verify', finished, '--plan-hash', '123'], 2, /64 hex digits/);
    const other = await keyrite(['verify', finished, '--plan-hash', 'ab'.repeat(32)]);
    expect(other).toMatchObject({ code: 1 });
    expect(other.stdout).toMatch(/plan hash given is not that of the bundle/);
  });

  it('resume refuses what is sealed, empty, elsewhere or altered, and changes nothing', async () => {
    mkdirSync(at('empty'));
    await expectRefused(['resume', at('empty')], 2, /holds no ceremony/);
    await expectRefused(['resume', at('missing')], 2, /does not exist/);
    await expectRefused(['resume', file('plain', 'x')], 2, /is not a folder/);
    const before = contentOf(finished);
    expectWords(await keyrite(['resume', finished]), 2, /closed and sealed/, /keyrite verify/);
    expect(contentOf(finished)).toEqual(before);
  });

  it.each([
    ['a changed line', 'transcript.jsonl', (text: string) => text.replace('"by":[]', '"by":["mallory"]'), /transcript/],
    ['a line taken out', 'transcript.jsonl', (text: string) => text.replace(/\n[^\n]+\n/, '\n'), /transcript/],
    [
      'another plan',
      'plan.yaml',
      (text: string) => text.replace('signatureThreshold: 2', 'signatureThreshold: 1'),
      /plan\.yaml is another plan/,
    ],
    [
      'another binding',
      'binding.yaml',
      (text: string) => text.replace('Alice Adler', 'Mallory Meyer'),
      /binding\.yaml is another binding/,
    ],
    [
      'an approval replaced',
      'approvals/heidi.dsse.json',
      (text: string) => `${text}\n`,
      /approvals\/heidi\.dsse\.json is not what the record says/,
    ],
    [
      'an approval gone',
      'approvals/heidi.dsse.json',
      () => null,
      /approvals\/heidi\.dsse\.json is named in the record and is not there/,
    ],
  ] as const)('resume refuses a record with %s', async (_, name, change, words) => {
    cpSync(finished, at('bundle'), { recursive: true });
    rmSync(at('bundle', 'SHA256SUMS'));
    const changed = change(readFileSync(at('bundle', name), 'utf8'));
    if (changed === null) rmSync(at('bundle', name));
    else writeFileSync(at('bundle', name), changed);
    await expectRefused(['resume', at('bundle')], 1, words, /A crash does not do that/, /auditor/);
  });
});

/** Starts a rehearsal that keeps its room, and kills it once line 0 is written, before anybody acted on a unit. */
async function killedEarly(plan: string, ...more: readonly string[]): Promise<void> {
  const running = start(['rehearse', plan, '--out', at('bundle'), '--keep', at('room'), ...more]);
  while (linesIn(at('bundle')) < 1) await sleep(2);
  await kill(running);
}

/** Kills a rehearsal, and waits until its children are gone too, who could still write. */
async function kill(running: Running): Promise<void> {
  running.child.kill('SIGKILL');
  expect((await running.ended).signal).toBe('SIGKILL');
  while (['person.cjs', 'worker.cjs'].some((script) => childrenOf(at('bundle'), script).length > 0)) await sleep(2);
}

function linesIn(bundle: string): number {
  const path = join(bundle, 'transcript.jsonl');
  return existsSync(path) ? readFileSync(path).filter((byte) => byte === 0x0a).length : 0;
}

interface Fault {
  match: Record<string, string | number | boolean>;
  do: string;
  times?: number;
  milliseconds?: number;
}

function playerFaults(...faults: readonly Fault[]): void {
  const player = JSON.parse(readFileSync(at('room', 'player.json'), 'utf8')) as { faults: unknown };
  writeFileSync(at('room', 'player.json'), JSON.stringify({ ...player, faults }));
}

const faultsLeft = (): number[] =>
  (JSON.parse(readFileSync(at('room', 'player.json'), 'utf8')) as { faults: { times: number }[] }).faults.map(
    ({ times }) => times,
  );

/** What stopped is resumed to a bundle that verifies. */
async function expectGoesOn(bundle = at('bundle')): Promise<void> {
  const resumed = await keyrite(['resume', bundle]);
  expect(resumed.code, resumed.stderr).toBe(0);
  const { verdict, findings } = JSON.parse((await keyrite(['verify', bundle, '--json'])).stdout) as Record<
    string,
    unknown
  >;
  expect({ verdict, findings }).toEqual({ verdict: 'consistent', findings: [] });
}

const failures = (): { step: string | null; code: string; message: string }[] =>
  transcript(at('bundle'))
    .filter(({ type }) => type === 'step.failed')
    .map(({ step, body }) => ({ step, ...(body['error'] as { code: string; message: string }) }));

describe('people who err', () => {
  it('a wrong PIN and a wrong character, once each: they are asked again, and it goes on', async () => {
    await killedEarly(KEY_PLAN);
    playerFaults(
      { match: { kind: 'pin', of: 'alice', role: 'card' }, do: 'wrong-pin' },
      { match: { kind: 'pin', of: 'unit-a', role: 'user', make: false }, do: 'wrong-pin' },
      { match: { kind: 'share-enter', custodian: 'dave' }, do: 'wrong-character' },
    );
    const resumed = await keyrite(['resume', at('bundle')]);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(faultsLeft()).toEqual([0, 0, 0]);
    // The program itself never tries a PIN again: each wrong one is a failure on record, after which people decided.
    expect(failures().map(({ code }) => code)).toEqual(['CKR_PIN_INCORRECT', 'CKR_PIN_INCORRECT']);
    expect(failures()[0]?.message).toMatch(/alice/);
    expect(failures()[1]?.message).toMatch(/unit-a/);
    expect((await keyrite(['verify', at('bundle')])).code).toBe(0);
  });

  it('a PIN that is always wrong: asked for three times by decision, then it stops and can be resumed', async () => {
    await killedEarly(UNIT_PLAN);
    playerFaults({ match: { kind: 'pin', of: 'alice', role: 'card' }, do: 'wrong-pin', times: 50 });
    const stopped = await keyrite(['resume', at('bundle')]);
    expectWords(
      stopped,
      1,
      /stopped in step roll-call/,
      /alice/,
      /CKR_PIN_INCORRECT/,
      /Do not guess/,
      /keyrite resume/,
    );
    expect(faultsLeft()).toEqual([47]);
    expect(failures()).toHaveLength(3);
    playerFaults();
    await expectGoesOn();
  });

  it('an approver whose PIN is wrong is asked again before there is a record', async () => {
    const running = start(['rehearse', UNIT_PLAN, '--out', at('bundle'), '--keep', at('room')]);
    while (!existsSync(at('bundle', 'keys'))) await sleep(1);
    await kill(running);
    expect(linesIn(at('bundle')), 'killed too late').toBe(0);
    rmSync(at('bundle', 'approvals'), { recursive: true, force: true });
    playerFaults({ match: { kind: 'pin', of: 'heidi', role: 'card' }, do: 'wrong-pin', times: 50 });
    const stopped = await keyrite(['resume', at('bundle')]);
    expectWords(stopped, 1, /Heidi Huang approves plan and binding/, /CKR_PIN_INCORRECT/, /keyrite resume/);
    expect(faultsLeft()).toEqual([47]);
    playerFaults();
    await expectGoesOn();
  });

  it('a component that is always typed wrong: the row is named, it stops, and can be resumed', async () => {
    await killedEarly(KEY_PLAN);
    playerFaults({ match: { kind: 'share-enter', custodian: 'erin' }, do: 'wrong-character', times: 500 });
    const stopped = await keyrite(['resume', at('bundle')]);
    expectWords(
      stopped,
      1,
      /Share 3 of set/,
      /entered by erin 5 times and is wrong each time/,
      /row \d/,
      /Compare what the custodian has/,
      /keyrite resume/,
    );
    expect(failures().every(({ code }) => code === 'SHARE_WRONG')).toBe(true);
    playerFaults();
    await expectGoesOn();
  });

  it('the process that asks people is killed: it says so, stops, and can be resumed', async () => {
    await killedEarly(KEY_PLAN);
    playerFaults({ match: { kind: 'share-show', custodian: 'dave' }, do: 'die' });
    const stopped = await keyrite(['resume', at('bundle')]);
    expectWords(stopped, 1, /process that asks people for PINs and shares has ended/, /keyrite resume/);
    await expectGoesOn();
  });
});

describe('two programs for one ceremony', () => {
  it('resume while the run is alive, and two resumes at once', async () => {
    await killedEarly(UNIT_PLAN);
    playerFaults({ match: { kind: 'pin', of: 'carol', role: 'card' }, do: 'delay', milliseconds: 3000 });
    const alive = start(['resume', at('bundle')]);
    expect(await alive.says('Carol Castro proves presence')).toBe(true);
    for (const second of await Promise.all([keyrite(['resume', at('bundle')]), keyrite(['resume', at('bundle')])])) {
      expectWords(second, 1, new RegExp(`process ${String(alive.child.pid)}\\) is working on`), /Go on there/);
    }
    expect((await alive.ended).code).toBe(0);
    expect((await keyrite(['verify', at('bundle')])).code).toBe(0);
    expect(failures()).toEqual([]);
  });

  it('of two resumes begun at the same moment at most one goes on', async () => {
    await killedEarly(UNIT_PLAN);
    const both = await Promise.all([keyrite(['resume', at('bundle')]), keyrite(['resume', at('bundle')])]);
    const refused = both.filter(({ code }) => code !== 0);
    expect(refused.length).toBeGreaterThanOrEqual(1);
    for (const one of refused) expectWords(one, 1, /Another keyrite/, /Nothing was changed/);
    if (refused.length === 2) await expectGoesOn();
    else expect((await keyrite(['verify', at('bundle')])).code).toBe(0);
  });
});

describe('a clock that goes back', () => {
  it('stops resume, and nothing is written', async () => {
    const later = file(
      'later.cjs',
      'const R = Date; globalThis.Date = class extends R { constructor(...a) { super(...(a.length ? a : [R.now() + 600000])); } static now() { return R.now() + 600000; } };',
    );
    const running = start(['rehearse', UNIT_PLAN, '--out', at('bundle'), '--keep', at('room')], {
      NODE_OPTIONS: `--require ${later}`,
    });
    while (linesIn(at('bundle')) < 3) await sleep(2);
    await kill(running);
    const before = contentOf(at('bundle'));
    const back = await keyrite(['resume', at('bundle')]);
    expectWords(back, 1, /clock went back/, /Set the clock right/, /keyrite resume/);
    const after = contentOf(at('bundle'));
    expect(after).toEqual(before);
  });
});

/** A mount that only the programs run in it see: a namespace of its own, held by a sleeping process. */
class Mount {
  readonly point: string;
  readonly #holder: ChildProcess;

  private constructor(point: string, holder: ChildProcess) {
    this.point = point;
    this.#holder = holder;
  }

  /** Mounts a tmpfs with the options. Fails, and does not skip, where the machine does not allow it: CI is root. */
  static async make(options: string): Promise<Mount> {
    expect(process.getuid?.(), 'this test mounts file systems, and must run as root').toBe(0);
    const point = at('medium');
    mkdirSync(point);
    const script = `mount -t tmpfs -o ${options} tmpfs "$0" && echo mounted && exec sleep 600`;
    const holder = spawn('unshare', ['-m', '--propagation', 'private', 'sh', '-c', script, point], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = await new Promise<string>((resolve) => {
      holder.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString()));
      holder.once('exit', (code) => resolve(`unshare and mount ended with ${String(code)}`));
    });
    expect(said, 'a tmpfs in a mount namespace of its own').toBe('mounted\n');
    return new Mount(point, holder);
  }

  /** The path by which this process sees what is in the mount. */
  outside(...names: readonly string[]): string {
    return join(`/proc/${String(this.#holder.pid)}/root`, this.point, ...names);
  }

  run(...args: readonly string[]): Promise<Ended> {
    const into = ['-m', '-t', String(this.#holder.pid), process.execPath, PROGRAM, ...args];
    return new Promise((resolve) => {
      const child = spawn('nsenter', into, { stdio: ['ignore', 'pipe', 'pipe'] });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
      child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
      child.on('close', (code, signal) => {
        resolve({ code, signal, stdout, stderr });
      });
    });
  }

  remount(options: string): void {
    tool('nsenter', ['-m', '-t', String(this.#holder.pid), 'mount', '-o', `remount,${options}`, this.point]);
  }

  async leave(): Promise<void> {
    const gone = new Promise((resolve) => this.#holder.once('exit', resolve));
    this.#holder.kill('SIGKILL');
    await gone;
  }
}

describe('a medium that is full or read-only', () => {
  let medium: Mount;
  afterEach(() => medium.leave());

  it('a read-only one is refused before anything begins', async () => {
    medium = await Mount.make('size=1m');
    mkdirSync(medium.outside('empty'));
    medium.remount('ro');
    for (const option of ['--out', '--keep']) {
      for (const name of ['empty', 'new']) {
        const ended = await medium.run('rehearse', option, join(medium.point, name));
        expectWords(ended, 2, name === 'empty' ? /cannot be written to/ : /cannot be made/, /that you may write to/);
      }
    }
  });

  it('one with too little room is found at the pre-flight; with more, it goes on', async () => {
    medium = await Mount.make('size=4m');
    const bundle = join(medium.point, 'bundle');
    const ended = await medium.run('rehearse', UNIT_PLAN, '--out', bundle, '--keep', at('room'));
    expectWords(
      ended,
      1,
      /stopped in step preflight/,
      /3 MiB free, and 16 MiB must be free/,
      /Free some space/,
      /keyrite resume/,
    );
    expect(readFileSync(medium.outside('bundle', 'transcript.jsonl'), 'utf8')).not.toContain('C_InitToken');
    medium.remount('size=100m');
    expect((await medium.run('resume', bundle)).code).toBe(0);
    expect((await medium.run('verify', bundle)).code).toBe(0);
  });

  it('one that has no room for the first file', async () => {
    medium = await Mount.make('size=4k,nr_inodes=3');
    const ended = await medium.run('rehearse', '--out', join(medium.point, 'bundle'), '--keep', at('room'));
    expectWords(ended, 1, /medium is full/, /Free some space/);
  });

  it('one without any room for the tokens', async () => {
    medium = await Mount.make('size=4k,nr_inodes=4');
    const ended = await medium.run('rehearse', '--out', at('bundle'), '--keep', join(medium.point, 'room'));
    expectWords(ended, 2, /medium is full/, /Free some space/);
  });

  it.each(DEEP ? [5, 20, 35, 50, 65, 75] : [65])(
    'one that fills up at line %d: it stops, and after room was made it goes on',
    async (line) => {
      medium = await Mount.make('size=80m');
      const bundle = join(medium.point, 'bundle');
      const ended = medium.run('rehearse', KEY_PLAN, '--out', bundle, '--keep', at('room'));
      while (linesIn(medium.outside('bundle')) < line) await sleep(2);
      spawnSync('dd', ['if=/dev/zero', `of=${medium.outside('ballast')}`, 'bs=64k'], { stdio: 'ignore' });
      expectWords(await ended, 1, /medium is full|must be free before/, /Free some space/, /keyrite resume/);
      const text = readFileSync(medium.outside('bundle', 'transcript.jsonl'), 'utf8');
      expect(text.endsWith('\n'), 'the last line was cut').toBe(true);
      rmSync(medium.outside('ballast'));
      const resumed = await medium.run('resume', bundle);
      expect(resumed.code, resumed.stderr).toBe(0);
      const verdict = await medium.run('verify', bundle, '--json');
      expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [] });
    },
  );
});
