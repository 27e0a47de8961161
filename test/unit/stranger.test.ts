/** What a stranger's C program, with no code of ours, finds on a unit; and wrong PINs, told truthfully. */
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isValidSignature } from '../../ceremony/command/dsse';
import { unitTarget } from './people';
import { cmac } from './reference-cmac';
import { SOFTHSM, makeStore, type Store } from './softhsm';
import { StandIns } from './stand-in';

const PINS = { 'unit-a/security-officer/1': 'officer-pin', 'unit-a/user/1': 'first-', 'unit-a/user/2': 'second' };
let store: Store;
let workers: StandIns;
beforeAll(() => {
  store = makeStore();
  workers = new StandIns(store, PINS);
  workers.get('unit.initialise-token', { target: unitTarget('unit-a', { blank: true }), label: 'KR-A', again: false });
  workers.get('unit.set-user-pin', { target: unitTarget('unit-a', { label: 'KR-A' }) });
});
afterAll(() => {
  store.remove();
});

const target = unitTarget('unit-a', { label: 'KR-A' });

describe('test/verification-pattern.c', () => {
  const program = (): string => join(store.folder, 'verification-pattern');
  const runIt = (...args: string[]) => spawnSync(program(), args, { input: 'first-second\n', encoding: 'utf8' });

  it('computes the pattern that software computes, and that the worker reads', () => {
    execFileSync('cc', [
      '-std=c11',
      '-Wall',
      '-Werror',
      '-o',
      program(),
      resolve('test/verification-pattern.c'),
      '-ldl',
    ]);
    const key = randomBytes(32);
    const file = join(store.folder, 'key.bin');
    writeFileSync(file, key);
    store.tool(
      '--token-label',
      'KR-A',
      '--login',
      '--pin',
      'first-second',
      '--write-object',
      file,
      '--type',
      'secrkey',
      '--key-type',
      'AES:32',
      '--label',
      'keyrite:mk:current',
      '--sensitive',
      '--usage-sign',
      '--usage-wrap',
    );
    const pattern = Buffer.concat([cmac(key, Buffer.alloc(16, 1)), cmac(key, Buffer.alloc(16, 2))]).toString('hex');
    const ended = runIt(SOFTHSM, 'KR-A', 'keyrite:mk:current');
    expect(ended.stderr).toBe('');
    expect(ended.stdout).toContain(`pattern ${pattern}\nCKA_KEY_TYPE AES\n`);
    expect(ended.stdout).toContain('CKA_SENSITIVE true');
    expect(ended.stdout).toContain('CKA_VALUE sensitive');
    const reading = workers.get('unit.read', { target, nonce: 'cd'.repeat(32) });
    expect(reading.registers?.current.pattern).toBe(pattern);
  });

  it('fails when the key or the token is not there', () => {
    expect(runIt(SOFTHSM, 'KR-A', 'keyrite:mk:committed')).toMatchObject({
      status: 1,
      stderr: 'expected exactly one secret key with this label\n',
    });
    expect(runIt(SOFTHSM, 'KR-B', 'x')).toMatchObject({
      status: 1,
      stderr: 'expected exactly one token with this label\n',
    });
  });
});

describe('a wrong PIN', () => {
  it('is tried once, and the error says how low the count is', () => {
    const mistaken = new StandIns(store, { ...PINS, 'unit-a/user/2': 'third' });
    const ended = mistaken.run(
      null,
      { operation: 'unit.read', args: { target, nonce: 'ef'.repeat(32) } },
      { operation: 'unit.glance', args: { target } },
    );
    expect(ended.answers[0]?.error).toMatchObject({
      code: 'CKR_PIN_INCORRECT',
      message: 'unit unit-a: the user PIN was refused (CKR_PIN_INCORRECT). The token says that few tries are left.',
      uncertain: false,
    });
    expect(ended.answers[1]?.result).toMatchObject({ token: { pinFlags: ['user-count-low'] } });
    expect(JSON.stringify(ended.answers)).not.toContain('third');
  });

  it('is not tried again: of a token that refuses one login only, the refusal stands', () => {
    const ended = workers.run('C_Login:0xa0:1', { operation: 'unit.read', args: { target, nonce: 'ef'.repeat(32) } });
    expect(ended.answers[0]?.error?.code).toBe('CKR_PIN_INCORRECT');
  });

  it('is told apart from a locked one', () => {
    const ended = workers.run('C_Login:0xa4', { operation: 'unit.read', args: { target, nonce: 'ef'.repeat(32) } });
    expect(ended.answers[0]?.error?.code).toBe('CKR_PIN_LOCKED');
  });

  it('on a person’s token is tried once, too; the right one signs in a worker that did not make the token', () => {
    const { serial, algorithm, spki } = cards('anna-pin').get('card.prepare', {
      participant: 'anna',
      label: 'ANNA',
      keyLabel: 'sign',
      algorithm: 'ecdsa-p256-sha256',
    });
    const address = { blank: false, label: 'ANNA', serial };
    const args = { card: { participant: 'anna', address, keyLabel: 'sign', algorithm, spki }, message: 'AAAA' };
    const ended = cards('wrong-pin').run(null, { operation: 'card.sign', args });
    expect(ended.answers[0]?.error?.code).toBe('CKR_PIN_INCORRECT');
    const signature = Buffer.from(cards('anna-pin').get('card.sign', args), 'base64');
    expect(isValidSignature({ algorithm, spki }, Buffer.from('AAAA', 'base64'), signature)).toBe(true);
  });
});

const cards = (pin: string): StandIns => new StandIns(store, { 'anna/card/1': pin });
