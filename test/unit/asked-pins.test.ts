/** Whom the making of a unit asks for PINs, for how long ones, and that nothing of what they gave stays. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { moduleHandlers } from '../../hsm/unit/operations';
import { FakeLink, unitTarget } from './people';
import { SOFTHSM, fileSha256, makeStore, type Store } from './softhsm';

const handlers = moduleHandlers();
const link = new FakeLink({
  'unit-a/security-officer/1': 'officer-pin',
  'unit-a/user/1': 'first-',
  'unit-a/user/2': 'second',
});
let store: Store;
beforeAll(async () => {
  store = makeStore();
  const files = [{ path: store.conf, sha256: fileSha256(store.conf) }];
  const module = { module: 'units', path: SOFTHSM, sha256: fileSha256(SOFTHSM), libraryParameters: null, files };
  await handlers['module.load'](module, link);
});
afterAll(() => {
  store.remove();
});

it('the officer makes a PIN for a blank token, and gives the same where a crash left it half made', async () => {
  const blank = unitTarget('unit-a', { blank: true });
  const made = await handlers['unit.initialise-token']({ target: blank, label: 'KR-A', again: false }, link);
  const asked = { role: 'security-officer', holder: 'carl', minimum: 4, maximum: 255 };
  expect(link.asked).toMatchObject([{ ...asked, make: true }]);
  const target = unitTarget('unit-a', { label: 'KR-A', serial: made.serial });
  const again = await handlers['unit.initialise-token']({ target, label: 'KR-A', again: true }, link);
  expect(again.serial).toBe(made.serial);
  expect(link.asked.at(-1)).toMatchObject({ make: false });
});

it('two people make the user PIN, each half of what the token takes; every part is zero afterwards', async () => {
  const target = unitTarget('unit-a', { label: 'KR-A' });
  expect(await handlers['unit.set-user-pin']({ target }, link)).toMatchObject({ userPinSet: true });
  expect(link.asked.slice(-2)).toMatchObject([
    { role: 'user', part: 1, parts: 2, holder: 'anna', make: true, minimum: 2, maximum: 127 },
    { role: 'user', part: 2, parts: 2, holder: 'bert', make: true },
  ]);
  expect(link.given.every((pin) => pin.length > 0 && pin.every((byte) => byte === 0))).toBe(true);
  expect(store.tool('--token-label', 'KR-A', '--login', '--pin', 'first-second', '--list-objects')).toBe('');
});

it('a token of another identity is refused before anybody is asked', async () => {
  const asked = link.asked.length;
  const target = unitTarget('unit-a', { label: 'KR-A' }, Buffer.from('another key').toString('base64'));
  const read = Promise.resolve(handlers['unit.read']({ target, nonce: 'ab'.repeat(32) }, link));
  await expect(read).rejects.toMatchObject({ code: 'UNIT_CHANGED' });
  expect(link.asked).toHaveLength(asked);
});
