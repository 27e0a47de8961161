/** Asking for PINs: who is asked, who is not, and that nothing of what they gave stays. */
import { describe, expect, it } from 'vitest';
import type { TokenInfo } from '../../hsm/pkcs11/token-info';
import { withPin, type PinQuestion } from '../../hsm/unit/pin';
import { FakeLink } from './people';

const INITIALISED = 0x400;
const token = (flags: number): TokenInfo => ({
  label: 'KR-A',
  serial: '1',
  manufacturer: 'M',
  model: 'M',
  firmware: '1.0',
  flags: INITIALISED | flags,
  minPin: 4,
  maxPin: 9,
});
const question: PinQuestion = { of: 'unit-a', role: 'user', parts: 2, holders: ['anna', 'bert'], make: false };
const link = () => new FakeLink({ 'unit-a/user/1': 'first-', 'unit-a/user/2': 'second' });
const isZero = (bytes: Uint8Array): boolean => bytes.length > 0 && bytes.every((byte) => byte === 0);

describe('asking for a PIN', () => {
  it('joins the parts for one use, and zeroes parts and whole', async () => {
    const people = link();
    let seen: Uint8Array = new Uint8Array();
    await withPin(question, token(0), people, (pin) => {
      expect(Buffer.from(pin!).toString()).toBe('first-second');
      // In memory of its own: what is zeroed is the only copy.
      expect(pin!.buffer.byteLength).toBe('first-second'.length);
      seen = pin!;
    });
    expect([seen, ...people.given].every(isZero)).toBe(true);
  });

  it('zeroes them when the use fails, and when the second person does not answer', async () => {
    const people = link();
    const failing = withPin(question, token(0), people, () => {
      throw new Error('refused by the token');
    });
    await expect(failing).rejects.toThrow('refused by the token');
    expect(people.given.every(isZero)).toBe(true);
    const half = new FakeLink({ 'unit-a/user/1': 'first-' });
    await expect(withPin(question, token(0), half, () => null)).rejects.toThrow('no PIN for unit-a/user/2');
    expect(half.given).toHaveLength(1);
    expect(half.given.every(isZero)).toBe(true);
  });

  it('warns of a last try, and asks nobody once the PIN is locked', async () => {
    const people = link();
    await withPin(question, token(0x30000), people, () => null);
    expect(people.asked.map(({ warning }) => warning)).toEqual(['final-try', 'final-try']);
    const silent = link();
    await expect(withPin(question, token(0x70000), silent, () => null)).rejects.toMatchObject({ code: 'PIN_LOCKED' });
    await expect(withPin(question, token(0x70100), silent, () => null)).rejects.toMatchObject({ code: 'PIN_LOCKED' });
    expect([silent.asked, silent.atPads]).toEqual([[], []]);
  });

  it('asks nobody where the token has a pad of its own: whoever holds the PIN types it there, in one go', async () => {
    const people = link();
    expect(await withPin(question, token(0x10100), people, (pin) => pin)).toBeNull();
    const once = { ...question, holders: ['anna', 'anna'], make: true };
    await withPin(once, token(0x10100), people, () => null);
    expect(people.asked).toEqual([]);
    const entry = { of: 'unit-a', role: 'user' };
    expect(people.atPads).toEqual([
      { ...entry, holders: ['anna', 'bert'], make: false, warning: 'count-low' },
      { ...entry, holders: ['anna'], make: true, warning: null },
    ]);
    expect(people.finalTries).toEqual([]);
    await withPin(question, token(0x30100), people, () => null);
    expect([people.finalTries, people.atPads.at(-1)?.warning]).toEqual([['anna'], 'final-try']);
    const failing = withPin(question, token(0x100), people, () => {
      throw new Error('refused at the pad');
    });
    await expect(failing).rejects.toThrow('refused at the pad');
  });

  it('asks for halves that fit together when a PIN is made, and for anything the token takes otherwise', async () => {
    const people = link();
    await withPin({ ...question, make: true }, token(0), people, () => null);
    expect(people.asked[0]).toMatchObject({ minimum: 2, maximum: 4, make: true, warning: null });
    await withPin(question, token(0), people, () => null);
    expect(people.asked[2]).toMatchObject({ minimum: 1, maximum: 9 });
  });

  it('refuses a PIN in more parts than there are holders', async () => {
    const one = { ...question, holders: ['anna'] };
    await expect(withPin(one, token(0), link(), () => null)).rejects.toMatchObject({ code: 'PIN_HOLDER_MISSING' });
  });
});
