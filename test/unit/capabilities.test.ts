/** A capability report on a token that is in use: nothing on it is touched; and what the table says of tokens worse than any here. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capabilityRows } from '../../ceremony/capability/rows';
import type { CapabilityReport } from '../../ceremony/command/capability-report';
import type { UnitTarget } from '../../hsm/contract';
import { StandIns } from './stand-in';
import { makeStore, type Store } from './softhsm';
import { unitTarget } from './people';

const PINS = { 'unit-a/user/1': 'first-', 'unit-a/user/2': 'second', 'unit-a/security-officer/1': 'officer-pin' };

let store: Store;
let workers: StandIns;
let target: UnitTarget;
beforeAll(() => {
  store = makeStore();
  workers = new StandIns(store, PINS);
  const blank = unitTarget('unit-a', { blank: true });
  const { label, serial } = workers.get('unit.initialise-token', { target: blank, label: 'USED', again: false });
  target = unitTarget('unit-a', { label, serial });
  workers.get('unit.set-user-pin', { target });
  const { spki } = workers.get('unit.create-identity', { target });
  target = { ...target, identitySpki: spki };
});
afterAll(() => {
  store.remove();
});

const listed = (): string => store.tool('--token-label', 'USED', '--login', '--pin', 'first-second', '--list-objects');

describe('a token that is in use', () => {
  it('keeps every object as it was, and the report says how many there are', () => {
    const before = listed();
    const report = workers.get('unit.capabilities', { target });
    expect(listed()).toBe(before);
    expect(report.objects).toEqual({ before: 3, after: 3, appeared: [], gone: [] });
    expect(report.token).toMatchObject({ label: 'USED', serial: target.address.serial });
  });

  it('that fails in the midst of the questions keeps them, too', () => {
    const before = listed();
    const ended = workers.run('C_CopyObject:segv', { operation: 'unit.capabilities', args: { target } });
    expect(ended).toMatchObject({ answers: [], signal: 'SIGSEGV' });
    expect(listed()).toBe(before);
  });

  it('that answers one question with an error of the device is asked the others', () => {
    const ended = workers.run('C_DeriveKey:0x30:1', { operation: 'unit.capabilities', args: { target } });
    const { findings } = ended.answers[0]?.result as CapabilityReport;
    expect(findings).toMatchObject({ CKM_ECDH1_DERIVE: 'CKR_DEVICE_ERROR', C_GenerateRandom: 'works' });
  });
});

describe('what the table says of a token', () => {
  const report = (findings: CapabilityReport['findings'], more: Partial<CapabilityReport> = {}): CapabilityReport => ({
    format: 'keyrite-capabilities/1',
    library: { manufacturer: '', description: '', version: '', cryptoki: '' },
    token: { label: '', serial: '', manufacturer: '', model: '', firmware: '' },
    pin: { shortest: 0, longest: 0 },
    findings,
    objects: { before: 0, after: 0, appeared: [], gone: [] },
    ...more,
  });
  const row = (of: CapabilityReport, feature: string) =>
    capabilityRows(of).find((one) => one.feature.startsWith(feature));

  it('that was asked nothing: what a ceremony cannot do without is refused', () => {
    const refused = capabilityRows(report({})).filter(({ by }) => by === 'refused');
    expect(refused.map(({ feature }) => feature)).toEqual([
      'verification pattern (AES-CMAC)',
      'master key in: RSA-OAEP, unwrapping',
      'root key out: RSA-OAEP, wrapping',
      'AES key wrap, 0x2109',
      'AES key wrap, 0x2109, unwrapping',
      'AES key wrap with padding, 0x210b',
      'identity key and signatures (ECDSA)',
      'people’s keys: RSA-PSS',
      'people’s keys: Ed25519',
      'HMAC-SHA-256',
      'random bytes (C_GenerateRandom)',
      'value of a sensitive key is not told',
      'attributes of an unwrapped key',
    ]);
  });

  it('that means something of its own by 0x210a', () => {
    const found = report({
      'CKM_AES_KEY_WRAP_PAD as RFC 5649': 'wrong-answer',
      'CKM_AES_KEY_WRAP_PAD as RFC 3394 with PKCS #7': 'wrong-answer',
    });
    expect(row(found, 'AES key wrap with padding, 0x210a')?.does).toBe(
      'something that is neither RFC 5649 nor RFC 3394 with PKCS #7',
    );
  });

  it('that tells the values of sensitive keys, or leaves objects behind', () => {
    expect(row(report({ 'CKA_SENSITIVE true': 'wrong-answer' }), 'value of a sensitive key')).toMatchObject({
      does: 'the value is told',
      by: 'refused',
    });
    const left = { before: 0, after: 1, appeared: ['class 4, on the token'], gone: [] };
    expect(row(report({}, { objects: left }), 'session objects')).toMatchObject({
      does: 'left: class 4, on the token',
      by: 'keyrite',
    });
  });
});
