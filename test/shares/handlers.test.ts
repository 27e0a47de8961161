import { describe, expect, it } from 'vitest';
import { shareHandlers } from '../../hsm/shares/handlers';
import { Custodians, componentSet } from './custodians';

const people = new Custodians();
const after = (act: () => unknown): Promise<unknown> => Promise.resolve().then(act);

describe('the operations of a share process', () => {
  it('do nothing without a set', async () => {
    const handlers = shareHandlers({ transport: false });
    const share = { index: 1, custodian: 'carol' };
    for (const act of [() => handlers['share.show'](share, people), () => handlers['share.enter'](share, people)]) {
      await expect(after(act)).rejects.toMatchObject({ code: 'SET_MISSING', uncertain: false });
    }
    const request = {
      wrapped: '',
      checkValue: { algorithm: 'aes-cmac' as const, value: '0102030405' },
      to: { spki: '', bits: 2048, oaep: 'sha256' as const },
      form: 'oaep' as const,
      nonce: null,
    };
    await expect(after(() => handlers['transport.rewrap'](request, people))).rejects.toMatchObject({
      code: 'TRANSPORT_KEY_MISSING',
    });
  });

  it('serve one set, and never a set and a re-wrapping', async () => {
    const handlers = shareHandlers({ transport: false });
    const set = await handlers['set.generate'](componentSet(2), people);
    for (const act of [
      () => handlers['set.generate'](componentSet(2), people),
      () => handlers['set.reopen'](set, people),
      () => handlers['transport.make-key']({ oaep: 'sha1' }, people),
    ]) {
      await expect(after(act)).rejects.toMatchObject({ code: 'SET_IN_HAND' });
    }
    const rewrapping = shareHandlers({ transport: true });
    await expect(after(() => rewrapping['set.generate'](componentSet(2), people))).rejects.toMatchObject({
      code: 'SET_IN_HAND',
    });
    const key = await rewrapping['transport.make-key']({ oaep: 'sha1' }, people);
    expect(await rewrapping['transport.make-key']({ oaep: 'sha1' }, people)).toEqual(key);
  });

  it('show, take and combine', async () => {
    const handlers = shareHandlers({ transport: false });
    await handlers['set.generate'](componentSet(2), people);
    for (const [i, custodian] of ['carol', 'dave'].entries()) {
      expect(await handlers['share.show']({ index: i + 1, custodian }, people)).toBeNull();
      expect(await handlers['share.enter']({ index: i + 1, custodian }, people)).toBeNull();
    }
  });
});
