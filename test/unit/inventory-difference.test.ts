/** What an inventory shows beside, or instead of, what belongs on a unit: on a real token that others wrote to, and by the rules alone. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imprintState } from '../../ceremony/command/apply';
import { objectDifferences, type ObjectSeen } from '../../ceremony/command/unit-objects';
import type { UnitState } from '../../ceremony/command/unit-state';
import type { UnitTarget } from '../../hsm/contract';
import { unitTarget } from './people';
import { makeStore, type Store } from './softhsm';
import { StandIns } from './stand-in';

const PINS = { 'unit-a/security-officer/1': 'officer-pin', 'unit-a/user/1': 'first-', 'unit-a/user/2': 'second' };

describe('a unit on SoftHSM2', () => {
  let store: Store;
  let workers: StandIns;
  let target: UnitTarget;
  let state: UnitState;

  beforeAll(() => {
    store = makeStore();
    workers = new StandIns(store, PINS);
    const blank = unitTarget('unit-a', { blank: true });
    const { serial } = workers.get('unit.initialise-token', { target: blank, label: 'KR-A', again: false });
    target = unitTarget('unit-a', { label: 'KR-A', serial });
    workers.get('unit.set-user-pin', { target });
    const made = workers.get('unit.create-identity', { target });
    state = made.state;
    target = { ...target, identitySpki: made.spki };
  });
  afterAll(() => {
    store.remove();
  });

  const found = (also: Parameters<typeof objectDifferences>[3] = []): string[] => {
    const { objects } = workers.get('unit.read', { target, nonce: 'ab'.repeat(32) });
    return objectDifferences(objects ?? [], state, true, also).map(({ what, found: words }) => `${what}: ${words}`);
  };
  const tool = (...args: string[]): string =>
    store.tool('--token-label', 'KR-A', '--login', '--pin', 'first-second', ...args);

  it('shows nothing else where nobody wrote to it', () => {
    expect(found()).toEqual([]);
  });

  it('names what another program left there, until the plan says that it belongs there', () => {
    const file = join(store.folder, 'left.bin');
    writeFileSync(file, 'left behind');
    tool('--write-object', file, '--type', 'data', '--label', 'left', '--private');
    tool('--keygen', '--key-type', 'AES:32', '--label', 'old key', '--id', '0a0b');
    expect(found().toSorted()).toEqual([
      'unexpected: nobody expects the data “left”',
      'unexpected: nobody expects the secret key “old key”, id 0a0b',
    ]);
    expect(found([{ class: 'secret-key', label: 'old key' }])).toEqual(['unexpected: nobody expects the data “left”']);
    expect(
      found([
        { class: 'data', label: 'left' },
        { class: 'secret-key', label: 'gone' },
      ]),
    ).toContain('missing: there is no secret key “gone”');
  });

  it('names a master key that no record tells of', () => {
    tool('--keygen', '--key-type', 'AES:32', '--label', 'keyrite:mk:current', '--id', '0c');
    expect(found()).toContain('unexpected: nobody expects the secret key “keyrite:mk:current”, id 0c');
  });
});

describe('by the rules', () => {
  const identity: readonly ObjectSeen[] = [
    {
      class: 'private-key',
      label: 'keyrite:identity',
      id: '01',
      attributes: {
        CKA_SENSITIVE: true,
        CKA_EXTRACTABLE: false,
        CKA_SIGN: true,
        CKA_DECRYPT: false,
        CKA_UNWRAP: false,
        CKA_DERIVE: false,
      },
    },
    { class: 'public-key', label: 'keyrite:identity', id: '01', attributes: { CKA_VERIFY: true, CKA_WRAP: false } },
  ];
  const key = (label: string, attributes: ObjectSeen['attributes'] = {}): ObjectSeen => ({
    class: 'secret-key',
    label,
    id: '02',
    attributes: {
      CKA_SENSITIVE: true,
      CKA_EXTRACTABLE: false,
      CKA_WRAP: true,
      CKA_UNWRAP: true,
      CKA_SIGN: true,
      CKA_DECRYPT: false,
      CKA_DERIVE: false,
      ...attributes,
    },
  });
  const imprint = imprintState('1'.repeat(64), '0001');
  const active: UnitState = { ...imprint, mode: 'operational', registers: { new: 'empty', current: 'valid' } };
  const words = (...args: Parameters<typeof objectDifferences>): string[] =>
    objectDifferences(...args).map(({ found }) => found);

  it('each register that the state calls full holds one key', () => {
    expect(words([...identity, key('keyrite:mk:current')], active, false)).toEqual([]);
    expect(words(identity, active, false)).toEqual(['there is no secret key “keyrite:mk:current”']);
    const twice = [...identity, key('keyrite:mk:current'), key('keyrite:mk:current')];
    expect(words(twice, active, false)).toEqual(['there are 2 of secret key “keyrite:mk:current”']);
    expect(words([...identity, key('keyrite:mk:committed')], imprint, false)).toEqual([
      'nobody expects the secret key “keyrite:mk:committed”, id 02',
    ]);
  });

  it.each([
    [{ CKA_EXTRACTABLE: true }, 'CKA_EXTRACTABLE true'],
    [{ CKA_SENSITIVE: null }, 'CKA_SENSITIVE not told'],
    [{ CKA_DECRYPT: true, CKA_DERIVE: true }, 'CKA_DECRYPT true, CKA_DERIVE true'],
  ])('a master key with %j is not as it was made', (attributes, told) => {
    expect(words([...identity, key('keyrite:mk:current', attributes)], active, false)).toEqual([
      `secret key “keyrite:mk:current” has ${told}`,
    ]);
  });

  it('a token that keeps data objects keeps the state, and one that was zeroised keeps nothing', () => {
    expect(words(identity, imprint, true)).toEqual(['there is no data “keyrite:state”']);
    expect(words([], { ...imprint, mode: 'zeroised' }, true)).toEqual([]);
    expect(words(identity.slice(0, 1), { ...imprint, mode: 'zeroised' }, true)).toEqual([
      'nobody expects the private key “keyrite:identity”, id 01',
    ]);
  });

  it('a label cannot break or turn round the line that is read aloud', () => {
    expect(words([...identity, key('a\nb\u202Ec')], imprint, false)).toEqual([
      'nobody expects the secret key “a?b?c”, id 02',
    ]);
  });
});
