/** Keys that stay in a unit, on real tokens: made, wrapped with proof, brought back, re-enciphered under another master key. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aeskw, aeskwp } from '@noble/ciphers/aes.js';
import type { KeyAlgorithm, KeyUse } from '../../ceremony/keypackage/key-kinds';
import { readWrappedKey, wrappedKeyFile, type WrappedKey } from '../../ceremony/keypackage/wrapped-key';
import { KeptUnit, isInstalled, patternOf, type ModuleName } from './kept-unit';
import { cmac } from './reference-cmac';

const KEYS: readonly (readonly [KeyAlgorithm, KeyUse])[] = [
  ['aes-128', 'encrypt'],
  ['aes-256', 'wrap'],
  ['aes-256', 'encrypt'],
  ['rsa-3072', 'decrypt'],
  ['ec-p256', 'sign'],
  ['ec-p384', 'sign'],
];
const nameOf = (algorithm: KeyAlgorithm, use: KeyUse): string => `${algorithm}-${use}`;
const [first, second] = [randomBytes(32), randomBytes(32)];

describe.each(['softhsm2', 'nss'] as const)('on %s', (module: ModuleName) => {
  const isThere = isInstalled(module);
  it('the module is installed', () => {
    expect(isThere).toBe(true);
  });
  if (!isThere) return;
  const unit = new KeptUnit(module);
  const { handlers, link } = unit;
  const wrapped = new Map<string, WrappedKey>();
  let anew: WrappedKey[] = [];
  afterAll(() => {
    unit.remove();
  });
  beforeAll(async () => {
    await unit.make();
  }, 30_000);

  it('nothing is wrapped before there is a master key', async () => {
    const key = { name: 'early', algorithm: 'aes-256', use: 'encrypt', extractable: true } as const;
    await handlers['unit.make-key']({ target: unit.target, key }, link);
    await expect(
      handlers['unit.wrap-key']({ target: unit.target, name: 'early', format: null }, link),
    ).rejects.toMatchObject({ code: 'NO_MASTER_KEY' });
    expect(await handlers['unit.destroy-key']({ target: unit.target, name: 'early' }, link)).toBe(1);
    expect(await handlers['unit.look-for-key']({ target: unit.target, name: 'early' }, link)).toBeNull();
    await unit.commit(first);
    await unit.perform({ command: 'master-key.activate', pattern: patternOf(first) });
  });

  it.each(KEYS)(
    'a key %s to %s is made as asked, wrapped, sealed, destroyed and brought back',
    async (algorithm, use) => {
      const { target } = unit;
      const name = nameOf(algorithm, use);
      const made = await handlers['unit.make-key']({ target, key: { name, algorithm, use, extractable: true } }, link);
      expect(made).toMatchObject({ name, algorithm, use });
      expect(made.attributes).toMatchObject({ CKA_SENSITIVE: true, CKA_EXTRACTABLE: true, CKA_TOKEN: true });
      await expect(
        handlers['unit.make-key']({ target, key: { name, algorithm, use, extractable: true } }, link),
      ).rejects.toMatchObject({ code: 'KEY_EXISTS' });
      const file = await handlers['unit.wrap-key']({ target, name, format: null }, link);
      expect(file).toMatchObject({ name, algorithm, use, checkValue: made.checkValue, masterKey: patternOf(first) });
      expect(readWrappedKey(wrappedKeyFile(file))).toEqual(file);
      wrapped.set(name, file);
      const sealed = await handlers['unit.seal-key']({ target, name }, link);
      expect(sealed).toMatchObject({ CKA_EXTRACTABLE: false });
      expect(await handlers['unit.seal-key']({ target, name }, link)).toEqual(sealed);
      expect(await handlers['unit.destroy-key']({ target, name }, link)).toBe(made.publicKey === null ? 1 : 2);
      expect(await handlers['unit.destroy-key']({ target, name }, link)).toBe(0);
      const back = await handlers['unit.restore-key']({ target, key: file }, link);
      expect(back).toMatchObject({ CKA_SENSITIVE: true, CKA_EXTRACTABLE: false, CKA_TOKEN: true });
      const found = await handlers['unit.look-for-key']({ target, name }, link);
      expect(found).toMatchObject({ name, use, checkValue: made.checkValue, publicKey: made.publicKey });
      await handlers['unit.destroy-key']({ target, name }, link);
    },
    60_000,
  );

  it('what is wrapped by RFC 5649 or RFC 3394 is that, whatever 0x210A means here', async () => {
    const { target } = unit;
    const key = { name: 'format', algorithm: 'aes-256', use: 'encrypt', extractable: true } as const;
    const { checkValue } = await handlers['unit.make-key']({ target, key }, link);
    for (const [format, open] of [
      ['AES-KW', aeskw],
      ['AES-KWP', aeskwp],
    ] as const) {
      const file = await handlers['unit.wrap-key']({ target, name: 'format', format }, link);
      expect(file.format).toBe(format);
      const clear = open(first).decrypt(Buffer.from(file.wrapped, 'base64'));
      expect(cmac(clear, Buffer.alloc(16)).subarray(0, 5).toString('hex')).toBe(checkValue.value);
      wrapped.set(`format-${format}`, { ...file });
    }
    await expect(
      handlers['unit.check-wrapped'](
        {
          target,
          masterKey: patternOf(first),
          keys: [{ ...[...wrapped.values()].at(-1)!, checkValue: { algorithm: 'aes-cmac', value: '0102030405' } }],
        },
        link,
      ),
    ).rejects.toMatchObject({ code: 'KEY_WRONG' });
  });

  it('a pair is not wrapped by RFC 3394', async () => {
    const { target } = unit;
    const key = { name: 'pair', algorithm: 'ec-p256', use: 'sign', extractable: true } as const;
    await handlers['unit.make-key']({ target, key }, link);
    await expect(handlers['unit.wrap-key']({ target, name: 'pair', format: 'AES-KW' }, link)).rejects.toMatchObject({
      code: 'NO_KEY_WRAP',
    });
  });

  it('keys are re-enciphered under the committed key, each proven, and nothing stays behind', async () => {
    const { target } = unit;
    await expect(
      handlers['unit.re-encipher']({ target, to: patternOf(second), keys: [...wrapped.values()] }, link),
    ).rejects.toMatchObject({ code: 'OTHER_MASTER_KEY' });
    await unit.commit(second);
    anew = await handlers['unit.re-encipher']({ target, to: patternOf(second), keys: [...wrapped.values()] }, link);
    expect(anew.map(({ name, checkValue }) => [name, checkValue])).toEqual(
      [...wrapped.values()].map(({ name, checkValue }) => [name, checkValue]),
    );
    for (const [place, one] of anew.entries()) {
      expect(one.masterKey).toBe(patternOf(second));
      if (!one.algorithm.startsWith('aes')) continue;
      const open = one.format === 'AES-KW' ? aeskw : aeskwp;
      const clear = open(second).decrypt(Buffer.from(one.wrapped, 'base64'));
      const before = [...wrapped.values()][place];
      expect(Buffer.from(clear)).toEqual(
        Buffer.from(open(first).decrypt(Buffer.from(before?.wrapped ?? '', 'base64'))),
      );
    }
    await handlers['unit.check-wrapped']({ target, masterKey: patternOf(second), keys: anew }, link);
    await handlers['unit.check-wrapped']({ target, masterKey: patternOf(first), keys: [...wrapped.values()] }, link);
    const left = (await unit.read()).objects?.filter((one) => one.class === 'secret-key').map(({ label }) => label);
    expect(left?.toSorted()).toEqual(['format', 'keyrite:mk:committed', 'keyrite:mk:current']);
  }, 30_000);

  it('a damaged file is named, and nothing of its batch is given', async () => {
    const [one, ...rest] = [...wrapped.values()];
    const damaged = Buffer.from(one?.wrapped ?? '', 'base64');
    damaged[5] = (damaged[5] ?? 0) ^ 1;
    const keys = [...rest, { ...one!, wrapped: damaged.toString('base64') }];
    await expect(
      handlers['unit.re-encipher']({ target: unit.target, to: patternOf(second), keys }, link),
    ).rejects.toThrow(one?.name);
  });

  it('the new master key takes the place of the current one, which is gone, and its keys with it', async () => {
    const { target } = unit;
    const stores = [{ store: 'backup', manifest: '1'.repeat(64), keys: anew.length }];
    const replace = {
      command: 'master-key.replace',
      pattern: patternOf(second),
      retires: patternOf(first),
      stores,
    } as const;
    await expect(unit.perform({ ...replace, retires: patternOf(randomBytes(32)) })).rejects.toMatchObject({
      code: 'UNIT_CHANGED',
    });
    await expect(unit.perform({ command: 'master-key.activate', pattern: patternOf(second) })).rejects.toMatchObject({
      code: 'COMMAND_REFUSED',
    });
    const reading = await unit.perform(replace);
    expect(reading.registers).toMatchObject({
      new: { status: 'empty' },
      current: { status: 'valid', pattern: patternOf(second) },
    });
    expect(reading.registers?.retiring).toBeUndefined();
    await handlers['unit.check-wrapped']({ target, masterKey: patternOf(second), keys: anew }, link);
    await expect(
      handlers['unit.check-wrapped']({ target, masterKey: patternOf(first), keys: [...wrapped.values()] }, link),
    ).rejects.toMatchObject({ code: 'OTHER_MASTER_KEY' });
    const labels = (await unit.read()).objects?.map(({ label }) => label) ?? [];
    expect(labels.filter((label) => label.startsWith('keyrite:mk'))).toEqual(['keyrite:mk:current']);
  });
});
