/** People's tokens on a real SoftHSM2. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import { isValidSignature } from '../../ceremony/command/dsse';
import type { CardTarget } from '../../hsm/contract';
import { moduleHandlers } from '../../hsm/unit/operations';
import { FakeLink } from './people';
import { SOFTHSM, fileSha256, makeStore, type Store } from './softhsm';

const handlers = moduleHandlers();
const link = new FakeLink({ 'anna/card/1': 'anna-pin', 'bert/card/1': 'bert-pin' });
const message = Buffer.from('DSSEv1 4 test 0 ');
let store: Store;
let anna: CardTarget;

beforeAll(async () => {
  store = makeStore();
  await handlers['module.load'](
    { module: 'cards', path: SOFTHSM, sha256: fileSha256(SOFTHSM), libraryParameters: null, files: [] },
    link,
  );
});
afterAll(() => {
  store.remove();
});

const sign = (card: CardTarget) => handlers['card.sign']({ card, message: message.toString('base64') }, link);
const codeOf = async (act: () => unknown): Promise<string> => {
  try {
    await act();
    return 'none';
  } catch (error) {
    return error instanceof DeviceError ? error.code : String(error);
  }
};

describe('a person’s token', () => {
  it('is made from a blank one, with a key that only signs', async () => {
    const made = await handlers['card.prepare'](
      { participant: 'anna', label: 'ANNA', keyLabel: 'sign', algorithm: 'ecdsa-p256-sha256' },
      link,
    );
    anna = {
      participant: 'anna',
      address: { blank: false, label: 'ANNA', serial: made.serial },
      keyLabel: 'sign',
      algorithm: made.algorithm,
      spki: made.spki,
    };
    expect(link.asked).toMatchObject([{ role: 'card', of: 'anna', holder: 'anna', parts: 1, make: true }]);
    expect(link.given.every((pin) => pin.every((byte) => byte === 0))).toBe(true);
    const listed = store.tool(
      '--token-label',
      'ANNA',
      '--login',
      '--pin',
      'anna-pin',
      '--list-objects',
      '--type',
      'privkey',
    );
    expect(listed).toMatch(/Usage:\s+sign\n/);
  });

  it('signs what holds under the bound key, and asks for no PIN again', async () => {
    const before = link.asked.length;
    const signature = Buffer.from(await sign(anna), 'base64');
    expect(isValidSignature(anna, message, signature)).toBe(true);
    expect(isValidSignature(anna, Buffer.from('another'), signature)).toBe(false);
    await sign(anna);
    expect(link.asked.length).toBe(before);
  });

  it('is refused when its key is not the bound one, or is not there', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    expect(await codeOf(() => sign({ ...anna, spki }))).toBe('CARD_CHANGED');
    expect(await codeOf(() => sign({ ...anna, keyLabel: 'other' }))).toBe('CARD_CHANGED');
    expect(await codeOf(() => sign({ ...anna, address: { ...anna.address, label: 'NOBODY' } }))).toBe(
      'TOKEN_NOT_FOUND',
    );
    expect(await codeOf(() => sign({ ...anna, algorithm: 'ecdsa-p384-sha384' }))).not.toBe('none');
  });

  it('is not seen when another program makes it while a worker holds a login, and says so', async () => {
    store.tool('--init-token', '--slot-index', '1', '--label', 'BERT', '--so-pin', 'officer-pin');
    // The worker holds a login, so that a token made behind its back stays unseen (SoftHSM2 lists once).
    const bert: CardTarget = { ...anna, participant: 'bert', address: { blank: false, label: 'BERT', serial: null } };
    expect(await codeOf(() => sign(bert))).toBe('TOKEN_NOT_FOUND');
    const made = await handlers['card.prepare'](
      { participant: 'bert', label: 'BERT2', keyLabel: 'sign', algorithm: 'ecdsa-p256-sha256' },
      link,
    );
    const card: CardTarget = {
      ...bert,
      address: { blank: false, label: 'BERT2', serial: made.serial },
      spki: made.spki,
    };
    expect(isValidSignature(card, message, Buffer.from(await sign(card), 'base64'))).toBe(true);
  });
});
