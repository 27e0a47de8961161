import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { generateKeyPairSync, randomBytes, publicEncrypt, createPublicKey, constants } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShareSet, ShareSetShape } from '../../ceremony/engine/ports';
import { ProcessShareRoom } from '../../hsm/share-room';
import { checkValueOf } from '../../hsm/shares/key-check';
import { componentOn, Custodians, xor, componentSet } from './custodians';
import { buildShareProcess, startShareChild, type ShareChild } from './share-child';
import { makeUnitKeys, type UnitKeys } from './unit-keys';

const PEOPLE = ['carol', 'dave', 'erin'];
let script = '';
let unit: UnitKeys;
const started: ShareChild[] = [];

beforeAll(async () => {
  script = await buildShareProcess();
  unit = makeUnitKeys('sha256', 'ecdsa-p256-sha256');
});
afterAll(async () => {
  await Promise.all(started.map(({ client }) => client.stop()));
  rmSync(dirname(script), { recursive: true });
});

function openRoom(people: Custodians): ProcessShareRoom {
  return new ProcessShareRoom((kind) => {
    const child = startShareChild(script, people, ...(kind === 'rewrap' ? ['--transport'] : []));
    started.push(child);
    return child.client;
  });
}

const newest = (): ShareChild => {
  const child = started.at(-1);
  if (child === undefined) throw new Error('no share process was started');
  return child;
};

async function kill({ client }: ShareChild): Promise<void> {
  await client.kill();
}

const isRunning = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A set without random bytes of units. */
const make = async (room: ProcessShareRoom, shape: Omit<ShareSetShape, 'bytes'>): Promise<ShareSet> =>
  (await room.generate({ ...shape, bytes: 32 }, [], () => Promise.resolve(null))).set;

const identityOf = (keys: UnitKeys) => ({
  identitySpki: keys.identity.spki,
  identityAlgorithm: keys.identity.algorithm,
});

describe('a share room over real processes', () => {
  it('takes a set from generation to a unit, and ends its process', async () => {
    const people = new Custodians();
    const room = openRoom(people);
    const set = await make(room, componentSet(3));
    expect(room.holds(set.set)).toBe(true);
    for (const [i, custodian] of PEOPLE.entries()) {
      await room.show(i + 1, custodian);
      await room.enter(i + 1, custodian);
    }
    const masterKey = xor(PEOPLE.map((custodian) => componentOn(people.worksheets.get(custodian) ?? '')));
    expect(unit.unwrap(await room.wrapMasterKey(unit.importKey, identityOf(unit))).equals(masterKey)).toBe(true);

    const { child, received } = newest();
    expect(isRunning(child.pid)).toBe(true);
    await room.end();
    expect(isRunning(child.pid)).toBe(false);
    expect(room.holds(set.set)).toBe(false);
    expect(received.at(-1)).toEqual({ kind: 'bye' });

    // What main received holds no component and not the master key, in any common form.
    const text = JSON.stringify(received).toLowerCase();
    for (const secret of [
      masterKey,
      ...PEOPLE.map((custodian) => componentOn(people.worksheets.get(custodian) ?? '')),
    ]) {
      expect(text).not.toContain(secret.toString('hex'));
      expect(text).not.toContain(secret.toString('base64').toLowerCase());
      expect(text).not.toContain(secret.toString('hex').slice(0, 16));
    }
  });

  it('tells a custodian the wrong row, and main as well, without what was typed', async () => {
    const people = new Custodians();
    const room = openRoom(people);
    await make(room, componentSet(2));
    await room.show(1, 'carol');
    people.types = ({ custodian }) => (people.worksheets.get(custodian) ?? '').replace(/^(4 {3}.)./m, '$1Q');
    await expect(room.enter(1, 'carol')).rejects.toMatchObject({
      code: 'SHARE_WRONG',
      uncertain: false,
      message: expect.stringContaining('row 4: there is something that is no digit') as string,
    });
    expect(people.refusals).toHaveLength(4);
    people.types = () => null;
    await expect(room.enter(1, 'carol')).rejects.toMatchObject({ code: 'PERSON_REFUSED' });
    await room.end();
  });

  it('says that the set is lost when its process dies before every share was read back', async () => {
    const people = new Custodians();
    const room = openRoom(people);
    const set = await make(room, componentSet(3));
    await room.show(1, 'carol');
    await room.enter(1, 'carol');
    await kill(newest());
    expect(room.holds(set.set)).toBe(false);
    await expect(room.show(2, 'dave')).rejects.toMatchObject({
      code: 'SET_LOST',
      uncertain: false,
      message: expect.stringContaining('before shares 2, 3 had been read back: the set is void') as string,
      changed: expect.stringContaining('Nothing was changed on any unit') as string,
    });
    const again = await make(room, componentSet(3));
    expect(room.holds(again.set)).toBe(true);
    await room.end();
  });

  it('says so too when the process dies while a custodian is asked', async () => {
    const people = new Custodians();
    const room = openRoom(people);
    await make(room, componentSet(2));
    people.types = () => {
      newest().child.kill('SIGSEGV');
      return '';
    };
    await expect(room.enter(1, 'carol')).rejects.toMatchObject({
      code: 'SET_LOST',
      uncertain: false,
      message: expect.stringContaining('signal SIGSEGV') as string,
    });
  });

  it('goes on from paper when the process dies after every share was read back', async () => {
    const people = new Custodians();
    const room = openRoom(people);
    const set = await make(room, componentSet(2));
    for (const [i, custodian] of ['carol', 'dave'].entries()) {
      await room.show(i + 1, custodian);
      await room.enter(i + 1, custodian);
    }
    const before = unit.unwrap(await room.wrapMasterKey(unit.importKey, identityOf(unit)));
    await kill(newest());
    await expect(room.wrapMasterKey(unit.importKey, identityOf(unit))).rejects.toMatchObject({
      code: 'SHARES_GONE',
      uncertain: false,
    });
    await room.reopen(set);
    expect(room.holds(set.set)).toBe(true);
    await expect(room.show(1, 'carol')).rejects.toMatchObject({ code: 'SHARE_NOT_HERE' });
    await room.enter(1, 'carol');
    await room.enter(2, 'dave');
    expect(unit.unwrap(await room.wrapMasterKey(unit.importKey, identityOf(unit))).equals(before)).toBe(true);
    await room.end();
  });

  it('refuses a second set, and anything without a set', async () => {
    const room = openRoom(new Custodians());
    await expect(room.show(1, 'carol')).rejects.toMatchObject({ code: 'SET_MISSING' });
    await make(room, componentSet(2));
    await expect(make(room, componentSet(2))).rejects.toMatchObject({ code: 'SET_IN_HAND' });
    await room.end();
    await expect(make(room, componentSet(99))).rejects.toMatchObject({ code: 'SET_MALFORMED' });
    const { child } = newest();
    expect(isRunning(child.pid)).toBe(false);
  });

  it('re-wraps a key in a process of its own, beside the set, and ends it', async () => {
    const room = openRoom(new Custodians());
    const set = await make(room, componentSet(2));
    const { spki, bits, oaep } = await room.makeOneTimeKey('sha1');
    const { child } = newest();
    expect([bits, oaep]).toEqual([3072, 'sha1']);
    const rootKey = randomBytes(32);
    const publicKey = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
    const wrapped = publicEncrypt(
      { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      rootKey,
    ).toString('base64');
    const target = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const to = {
      spki: target.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      bits: 2048,
      oaep: 'sha256' as const,
    };
    const made = await room.rewrap({
      wrapped,
      checkValue: checkValueOf(rootKey, 'aes-cmac'),
      to,
      form: 'oaep',
      nonce: { value: randomBytes(12).toString('base64'), by: 'aes-gcm' },
    });
    expect(Buffer.from(made.payload, 'base64')).toHaveLength(256);
    expect(isRunning(child.pid)).toBe(false);
    expect(room.holds(set.set)).toBe(true);
    await expect(
      room.rewrap({ wrapped, checkValue: checkValueOf(rootKey, 'aes-cmac'), to, form: 'oaep', nonce: null }),
    ).rejects.toMatchObject({
      code: 'TRANSPORT_LOST',
    });
    await room.makeOneTimeKey('sha1');
    await kill(newest());
    await expect(
      room.rewrap({ wrapped, checkValue: checkValueOf(rootKey, 'aes-cmac'), to, form: 'oaep', nonce: null }),
    ).rejects.toMatchObject({
      code: 'TRANSPORT_LOST',
      uncertain: false,
    });
    await room.end();
  });
});
