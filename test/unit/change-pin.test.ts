/**
 * PINs changed, locked and set anew on real tokens. SoftHSM2 never locks, NSS has no security officer, opencryptoki's soft
 * token locks after three wrong tries and shows how many are left. opencryptoki needs root: where these tests fail for that,
 * the words say so.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Module } from '../../ceremony/plan/binding-schema';
import { makeNssStore } from '../../workstation/rehearsal/nss-store';
import { enterStore, makeOpencryptokiStore } from '../../workstation/rehearsal/opencryptoki-store';
import { makeSoftHsmStore } from '../../workstation/rehearsal/softhsm-store';
import { unitTarget } from './people';
import type { PinStep } from './pins-on-module';
import { makeStore, type Store } from './softhsm';
import { StandIns, type Errand } from './stand-in';

const folder = mkdtempSync(join(tmpdir(), 'keyrite-pins-'));
const program = join(folder, 'pins-on-module.mjs');

beforeAll(async () => {
  await build({
    entryPoints: [resolve('test/unit/pins-on-module.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // The companion is looked for beside its sources, and found where the build puts it.
    define: { __dirname: JSON.stringify(resolve('hsm/native')) },
    alias: { pkcs11js: resolve('node_modules/pkcs11js/index.js') },
    external: ['*.node', resolve('node_modules/pkcs11js/index.js')],
  });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What was done, as `what: code`, who was asked in brackets. */
function run(module: Module): string[] {
  const command = [...enterStore(folder, module), process.execPath, program, JSON.stringify(module)];
  const env = { ...process.env, ...Object.fromEntries(module.environment.map(({ name, value }) => [name, value])) };
  const steps = JSON.parse(execFileSync('env', command, { env, encoding: 'utf8' })) as PinStep[];
  return steps.map(({ what, asked, code, flags }) => `${what}: ${[code, ...flags].join(' ')} [${asked.join(', ')}]`);
}

const CHANGED = [
  'change user: ok [old user given, new user made]',
  // An old PIN opens nothing any more: the token counts the try.
  'try old user: does not open [old user given]',
];

it('SoftHSM2 changes and sets anew, says after one wrong PIN that few tries are left, and never locks', () => {
  expect(run(makeSoftHsmStore(folder, 'softhsm'))).toEqual([
    ...CHANGED,
    'read: the unit [user given count-low]',
    // Nobody makes a new PIN before the old one has opened the token.
    'change user: CKR_PIN_INCORRECT [old user given]',
    'change security-officer: ok user-count-low [old security-officer given, new security-officer made]',
    'try new security-officer: opens [new security-officer given]',
    ...[1, 2, 3, 4].map(() => 'try new user: does not open [new user given count-low]'),
    'unlock: ok [security-officer given, new user made]',
    'try new user: opens [new user given]',
    'read: the unit [user given]',
  ]);
});

it('NSS changes the user PIN; it has no security officer, and nothing unlocks it', () => {
  expect(run(makeNssStore(folder, 'nss', ['KR-PINS']))).toEqual([
    ...CHANGED,
    'read: the unit [user given]',
    'change user: CKR_PIN_INCORRECT [old user given]',
    'change security-officer: NO_OFFICER []',
    'try new security-officer: NO_OFFICER []',
    ...[1, 2, 3, 4].map(() => 'try new user: does not open [new user given]'),
    'unlock: NO_OFFICER []',
    'try new user: does not open [new user given]',
    'read: the unit [user given]',
  ]);
});

it('opencryptoki locks the user PIN at the third wrong try: nobody is asked then, and the security officer sets it anew', () => {
  expect(run(makeOpencryptokiStore(folder, 'opencryptoki'))).toEqual([
    ...CHANGED,
    'read: the unit [user given count-low]',
    'change user: CKR_PIN_INCORRECT [old user given]',
    'change security-officer: ok user-count-low [old security-officer given, new security-officer made]',
    'try new security-officer: opens [new security-officer given]',
    'try new user: does not open [new user given count-low]',
    'try new user: does not open [new user given final-try]',
    'try new user: PIN_LOCKED []',
    'try new user: PIN_LOCKED []',
    'unlock: ok [security-officer given, new user made]',
    'try new user: opens [new user given]',
    'read: the unit [user given]',
  ]);
});

describe('where a call goes wrong', () => {
  const PINS = { 'unit-a/security-officer/1': 'officer-pin', 'unit-a/user/1': 'first-', 'unit-a/user/2': 'second' };
  const NEW = {
    'unit-a/user/1/new': 'third-',
    'unit-a/user/2/new': 'fourth',
    'unit-a/security-officer/1/new': 'another',
  };
  let store: Store;
  let workers: StandIns;
  let target = unitTarget('unit-a', { blank: true });
  beforeAll(() => {
    store = makeStore();
    workers = new StandIns(store, { ...PINS, ...NEW });
    const made = workers.get('unit.initialise-token', { target, label: 'KR-A', again: false });
    target = unitTarget('unit-a', { label: 'KR-A', serial: made.serial });
    workers.get('unit.set-user-pin', { target });
    target = { ...target, identitySpki: workers.get('unit.create-identity', { target }).spki };
  });
  afterAll(() => {
    store.remove();
  });

  const entered = (pin: string): boolean => {
    try {
      store.tool('--token-label', 'KR-A', '--login', '--pin', pin, '-O');
      return true;
    } catch {
      return false;
    }
  };
  const changing = (role: 'user' | 'security-officer'): Errand => {
    const makers = role === 'user' ? target.user : target.securityOfficer;
    return { operation: 'unit.change-pin', args: { target, role, makers, step: 'change' } };
  };

  it('a token that says OK and changes nothing is not believed', () => {
    for (const role of ['user', 'security-officer'] as const) {
      const { answers } = workers.run('C_SetPIN:0x0', changing(role));
      expect(answers[0]?.error).toMatchObject({ code: 'PIN_NOT_PROVEN', uncertain: true });
      expect(answers[0]?.error?.message).toContain(`took the new ${role} PIN, and then did not open with it`);
    }
    const lied = workers.run('C_InitPIN:0x0', { operation: 'unit.unlock-pin', args: { target, step: 'unlock' } });
    expect(lied.answers[0]?.error).toMatchObject({ code: 'PIN_NOT_PROVEN', uncertain: true });
    expect(entered('first-second')).toBe(true);
  });

  it('whether a call that broke off did it, one login with the new PIN tells', () => {
    const tryNew: Errand = {
      operation: 'unit.try-pin',
      args: { target, role: 'user', change: { step: 'change', pin: 'new' } },
    };
    expect(workers.run('C_SetPIN:segv', changing('user')).signal).toBe('SIGSEGV');
    expect(workers.run(null, tryNew).answers[0]?.result).toMatchObject({ opens: false });
    expect(workers.run('C_SetPIN:segv-after', changing('user')).signal).toBe('SIGSEGV');
    expect(workers.run(null, tryNew).answers[0]?.result).toMatchObject({ opens: true });
    expect([entered('first-second'), entered('third-fourth')]).toEqual([false, true]);
  });

  it('another token of our label takes no new PIN, and nobody is asked for the old one', () => {
    const other = { ...target, identitySpki: Buffer.alloc(91, 1).toString('base64') };
    const args = { target: other, role: 'user' as const, makers: target.user, step: 'change' };
    const refused = workers.run(null, { operation: 'unit.change-pin', args });
    expect(refused.answers[0]?.error).toMatchObject({ code: 'UNIT_CHANGED', uncertain: false });
  });
});
