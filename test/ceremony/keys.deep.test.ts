/**
 * Ceremonies whose people hold keys of every algorithm, on tokens and in files: to a bundle that both verifiers accept,
 * whoever has which.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { SIGNATURE_ALGORITHMS } from '../../ceremony/command/dsse';
import type { Binding } from '../../ceremony/plan/binding-schema';
import { CHECKOUT, FIRST_CEREMONY, childrenOf, keyrite, scratch, start, tool, transcript, type Ended } from './program';
import { writeUnitPlan } from './small-plans';

/** RSA keys take their time, in milliseconds. */
const SLOW = 300_000;

const place = scratch();
afterAll(place.leave);
const at = (...names: string[]): string => join(place.folder, ...names);

interface PlanText {
  positions: { id: string; role: string; count: number; keyFiles?: boolean }[];
}

/** Rewrites a plan. */
function change(file: string, to: string, how: (plan: PlanText) => void): string {
  const plan = parse(readFileSync(file, 'utf8')) as PlanText;
  how(plan);
  writeFileSync(to, stringify(plan));
  return to;
}

const bindingOf = (bundle: string): Binding => parse(readFileSync(join(bundle, 'binding.yaml'), 'utf8')) as Binding;

async function expectConsistent(bundle: string): Promise<void> {
  const ours = await keyrite(['verify', bundle, '--json']);
  expect(JSON.parse(ours.stdout)).toMatchObject({ verdict: 'consistent', findings: [], exceptions: 0 });
  expect(tool('sh', [join(CHECKOUT, 'ceremony', 'bundle', 'verify.sh'), bundle]).toString()).toMatch(
    /^verdict: consistent/m,
  );
}

/** Who signed the last checkpoint, with their algorithms. */
function signersOf(bundle: string): string[] {
  const last =
    readdirSync(join(bundle, 'checkpoints'))
      .filter((name) => name.endsWith('.dsse.json'))
      .sort()
      .at(-1) ?? '';
  const { signatures } = JSON.parse(readFileSync(join(bundle, 'checkpoints', last), 'utf8')) as {
    signatures: { keyid: string }[];
  };
  const { people } = bindingOf(bundle);
  return signatures.map(({ keyid }) => people.find(({ id }) => id === keyid)?.key.algorithm ?? '');
}

describe('the first ceremony, every algorithm on tokens', () => {
  const bundle = at('tokens');
  let ended: Ended;
  beforeAll(async () => {
    ended = await keyrite(['rehearse', '--keys', 'mixed', '--out', bundle]);
  }, SLOW);

  it('ends in a bundle that verifies', async () => {
    expect(ended.code, ended.stderr).toBe(0);
    await expectConsistent(bundle);
  });

  it('goes round the algorithms, and each of them gave presence', () => {
    const people = bindingOf(bundle).people;
    expect(people.map(({ key }) => key.algorithm)).toEqual(people.map((_, index) => SIGNATURE_ALGORITHMS[index % 5]));
    expect(new Set(people.map(({ key }) => key.holder))).toEqual(new Set(['token']));
    const present = transcript(bundle).filter(({ type }) => type === 'participant.present');
    const algorithms = present.map(({ by }) => people.find(({ id }) => by.includes(id))?.key.algorithm);
    expect(new Set(algorithms)).toEqual(new Set(SIGNATURE_ALGORITHMS));
  });
});

describe('a ceremony with key files', () => {
  const plan = at('files.yaml');
  const [bundle, room] = [at('files'), at('files-room')];
  let ended: Ended;
  beforeAll(async () => {
    // In this order RSA and Ed25519 sign the last checkpoint, and Ed25519 commands the unit.
    const order = ['custodians', 'witness', 'administrators', 'auditor', 'approvers'];
    change(writeUnitPlan(at('unit.yaml')), plan, ({ positions }) => {
      positions.sort((one, other) => order.indexOf(one.id) - order.indexOf(other.id));
      for (const one of positions) if (one.role !== 'approver') one.keyFiles = true;
    });
    ended = await keyrite(['rehearse', plan, '--keys', 'mixed', '--out', bundle, '--keep', room]);
  }, SLOW);

  it('ends in a bundle that verifies', async () => {
    expect(ended.code, ended.stderr).toBe(0);
    await expectConsistent(bundle);
  });

  it('has files where the plan allows them, and tokens elsewhere; line 0 says which', () => {
    const holders = bindingOf(bundle).people.map(({ id, position, key, keyFile, token }) => {
      expect(key.holder === 'file' ? keyFile : token, id).toBeDefined();
      expect(key.holder === 'file' ? token : keyFile, id).toBeUndefined();
      return `${position} ${key.holder}`;
    });
    expect([...new Set(holders)].sort()).toEqual([
      'administrators file',
      'approvers token',
      'auditor file',
      'custodians file',
      'witness file',
    ]);
    const roster = transcript(bundle)[0]?.body['roster'] as { key: { holder: string } }[];
    expect(roster.map(({ key }) => key.holder)).toEqual(bindingOf(bundle).people.map(({ key }) => key.holder));
    expect(readFileSync(join(bundle, 'report.html'), 'utf8')).toContain('copied');
  });

  it('the last checkpoint has signatures of the other algorithms', () => {
    expect(signersOf(bundle).sort()).toEqual(['ecdsa-p256-sha256', 'ed25519', 'rsa-pss-sha256']);
  });

  it('the files are encrypted, for their owner alone, and nothing of a passphrase is in the bundle', () => {
    const files = readdirSync(join(room, 'key-files'));
    expect(files).toHaveLength(7);
    for (const name of files) {
      const path = join(room, 'key-files', name);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readFileSync(path, 'utf8')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    }
    const { pins } = JSON.parse(readFileSync(join(room, 'player.json'), 'utf8')) as {
      pins: { role: string; pin: string }[];
    };
    const passphrases = pins.filter(({ role }) => role === 'key-file').map(({ pin }) => pin);
    expect(passphrases).toHaveLength(7);
    for (const passphrase of passphrases) {
      expect(() => execFileSync('grep', ['-rF', '--', passphrase, bundle])).toThrow();
    }
  });

  it('is killed and resumed, and a wrong passphrase in between is asked for again', { timeout: SLOW }, async () => {
    const [killed, kept] = [at('killed'), at('killed-room')];
    const running = start(['rehearse', plan, '--keys', 'mixed', '--out', killed, '--keep', kept]);
    expect(await running.says('4/6'), 'it ended before').toBe(true);
    running.child.kill('SIGKILL');
    await running.ended;
    const player = join(kept, 'player.json');
    const memory = JSON.parse(readFileSync(player, 'utf8')) as object;
    const faults = [{ match: { kind: 'passphrase', make: false }, do: 'wrong-pin', times: 2 }];
    writeFileSync(player, JSON.stringify({ ...memory, faults }));
    const resumed = await keyrite(['resume', killed]);
    expect(resumed.code, resumed.stderr).toBe(0);
    await expectConsistent(killed);
    const left = JSON.parse(readFileSync(player, 'utf8')) as { faults: { times: number }[] };
    expect(left.faults.map(({ times }) => times)).toEqual([0]);
    expect(childrenOf(killed, 'key-file.cjs')).toEqual([]);
  });
});

describe('what is refused', () => {
  it('a key file where the plan allows none, in a rehearsal too, before anything is begun', async () => {
    const plan = at('refused.yaml');
    change(FIRST_CEREMONY, plan, ({ positions }) => {
      for (const one of positions) one.keyFiles = one.role === 'witness';
    });
    const binding = bindingOf(at('files'));
    const checked = await keyrite(['check', plan, '--json']);
    const { planSha256 } = JSON.parse(checked.stdout) as { planSha256: string };
    const file = at('refused.binding.yaml');
    writeFileSync(file, stringify({ ...binding, plan: planSha256 }));
    const ended = await keyrite(['run', plan, '--binding', file, '--out', at('refused')]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /would sign with a key file, which the plan does not allow for position administrators/,
    );
    expect(ended.stderr).not.toMatch(/does not allow for position witness/);
  });

  it('keys that nobody knows', async () => {
    const ended = await keyrite(['rehearse', '--keys', 'p384', '--out', at('never')]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('--keys knows p256 and mixed, not “p384”');
  });
});
