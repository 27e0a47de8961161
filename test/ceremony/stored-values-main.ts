/**
 * Keys of a rehearsal's store whose values a test knows: put there by the room's own token, under its current master key,
 * and read again under the one that took its place. Run as a program, since a module reads its environment once.
 */
import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkValue } from '../../ceremony/check-value';
import { readWrappedKey, wrappedKeyFile, type WrappedKey } from '../../ceremony/keypackage/wrapped-key';
import { CLASS, KEY_TYPE, type Template } from '../../hsm/pkcs11/attributes';
import { plain } from '../../hsm/pkcs11/mechanisms';
import { Pkcs11Module } from '../../hsm/pkcs11/module';
import type { Session } from '../../hsm/pkcs11/session';
import { onlyFor } from '../../hsm/unit/objects';
import { cmacOfBlock, verificationPattern } from '../../hsm/unit/verification-pattern';
import { KeyStoreFolders } from '../../workstation/key-store-folders';
import { SOFTHSM2 } from './program';
import { writeRotationPlans } from './small-plans';

const OPEN: Template = {
  CKA_TOKEN: false,
  CKA_PRIVATE: true,
  CKA_SENSITIVE: false,
  CKA_EXTRACTABLE: true,
  CKA_SIGN: true,
};

const READ_BACK = ['CKA_TOKEN', 'CKA_SENSITIVE', 'CKA_EXTRACTABLE'] as const;

interface Memory {
  readonly pins: readonly { readonly of: string; readonly role: string; readonly part: number; readonly pin: string }[];
}

/** The unit's token with its user logged in. */
function openUnit(room: string): Session {
  const module = Pkcs11Module.load(SOFTHSM2);
  module.initialise(null);
  const slot = module.tokens().find(({ info }) => info.label === 'payments-unit-a');
  if (slot === undefined) throw new Error('the room has no such unit');
  const session = module.openSession(slot.slot);
  const { pins } = JSON.parse(readFileSync(join(room, 'player.json'), 'utf8')) as Memory;
  const pin = pins
    .filter((one) => one.of === 'unit-a' && one.role === 'user')
    .toSorted((one, other) => one.part - other.part)
    .map((one) => one.pin)
    .join('');
  session.login('user', Buffer.from(pin));
  return session;
}

function masterKey(session: Session): { readonly key: ReturnType<Session['find']>[number]; readonly pattern: string } {
  const [key] = session.find({ CKA_CLASS: CLASS['secret-key'], CKA_LABEL: 'keyrite:mk:current' });
  if (key === undefined) throw new Error('the unit has no current master key');
  return { key, pattern: verificationPattern(session, key, 'cmac') };
}

/** Puts so many keys into the current generation of the store; writes their values, by name, into a file. */
async function fill(room: string, count: number, values: string): Promise<void> {
  const session = openUnit(room);
  const { key: wrapping, pattern } = masterKey(session);
  const known: Record<string, string> = {};
  const files = Array.from({ length: count }, (_, index) => {
    const name = `known-${String(index + 1).padStart(5, '0')}`;
    const key = session.generateKey(plain('CKM_AES_KEY_GEN'), { ...OPEN, CKA_VALUE_LEN: 32 });
    known[name] = Buffer.from(session.get(key, 'CKA_VALUE') ?? []).toString('hex');
    const value = checkValue('aes-cmac', cmacOfBlock(session, key, Buffer.alloc(16), 'cmac').subarray(0, 5)).value;
    const wrapped = session.wrap(plain('CKM_AES_KEY_WRAP_PAD'), wrapping, key).toString('base64');
    session.destroy(key);
    const content = wrappedKeyFile({
      keyrite: 'wrapped-key/1',
      name,
      algorithm: 'aes-256',
      use: 'encrypt',
      checkValue: { algorithm: 'aes-cmac', value },
      publicKey: null,
      masterKey: pattern,
      format: 'AES-KWP',
      mechanism: 'CKM_AES_KEY_WRAP_PAD',
      wrapped,
    });
    return { key: name, content };
  });
  const store = new KeyStoreFolders([{ id: 'backup', path: join(room, 'key-stores', 'backup') }]);
  await store.write('backup', pattern, files);
  writeFileSync(values, JSON.stringify(known));
}

/** Reads every key of the current generation of the store; prints those of AES by name, with their values. */
async function read(room: string): Promise<void> {
  const session = openUnit(room);
  const { key: unwrapping, pattern } = masterKey(session);
  const store = new KeyStoreFolders([{ id: 'backup', path: join(room, 'key-stores', 'backup') }]);
  const found: Record<string, string> = {};
  for (const name of await store.list('backup', pattern)) {
    const file = readWrappedKey((await store.read('backup', pattern, name)) ?? new Uint8Array());
    if (!file.algorithm.startsWith('aes')) continue;
    const mechanism = plain(file.format === 'AES-KW' ? 'CKM_AES_KEY_WRAP' : 'CKM_AES_KEY_WRAP_PAD');
    const key = session.unwrap(mechanism, unwrapping, Buffer.from(file.wrapped, 'base64'), {
      CKA_CLASS: CLASS['secret-key'],
      CKA_KEY_TYPE: KEY_TYPE.aes,
      ...OPEN,
    });
    found[name] = Buffer.from(session.get(key, 'CKA_VALUE') ?? []).toString('hex');
    session.destroy(key);
  }
  process.stdout.write(JSON.stringify({ pattern, found }));
}

/**
 * The calls of a rotation in a plain loop, from the current master key to the committed one: unwrap, wrap, unwrap, check
 * value, destroy, and the attributes of both read back. Prints how many milliseconds that took for all keys of the store.
 */
async function loop(room: string): Promise<void> {
  const session = openUnit(room);
  const { key: current, pattern } = masterKey(session);
  const [committed] = session.find({ CKA_CLASS: CLASS['secret-key'], CKA_LABEL: 'keyrite:mk:committed' });
  if (committed === undefined) throw new Error('the unit has no committed master key');
  const store = new KeyStoreFolders([{ id: 'backup', path: join(room, 'key-stores', 'backup') }]);
  const files: WrappedKey[] = [];
  for (const name of await store.list('backup', pattern)) {
    const file = readWrappedKey((await store.read('backup', pattern, name)) ?? new Uint8Array());
    if (file.name.startsWith('known-')) files.push(file);
  }
  const mechanism = plain('CKM_AES_KEY_WRAP_PAD');
  const asked = (extractable: boolean): Template => ({
    CKA_CLASS: CLASS['secret-key'],
    CKA_KEY_TYPE: KEY_TYPE.aes,
    CKA_TOKEN: false,
    CKA_PRIVATE: true,
    CKA_SENSITIVE: true,
    CKA_EXTRACTABLE: extractable,
    ...onlyFor('secret-key', 'CKA_SIGN'),
  });
  const began = performance.now();
  for (const file of files) {
    const old = session.unwrap(mechanism, current, Buffer.from(file.wrapped, 'base64'), asked(true));
    session.flags(old, READ_BACK);
    const wrapped = session.wrap(mechanism, committed, old);
    session.destroy(old);
    const anew = session.unwrap(mechanism, committed, wrapped, asked(false));
    session.flags(anew, READ_BACK);
    const found = cmacOfBlock(session, anew, Buffer.alloc(16), 'cmac').subarray(0, 5).toString('hex');
    session.destroy(anew);
    if (found !== file.checkValue.value) throw new Error(`${file.name} is another key`);
  }
  process.stdout.write(JSON.stringify({ keys: files.length, milliseconds: performance.now() - began }));
}

const [command, room = '', count = '0', values = ''] = process.argv.slice(2);
const commands: Readonly<Record<string, () => Promise<void>>> = {
  fill: () => fill(room, Number(count), values),
  loop: () => loop(room),
  read: () => read(room),
  // Writes the plans of a small rotation into a folder.
  plans: () => {
    process.stdout.write(writeRotationPlans(room));
    return Promise.resolve();
  },
};
void commands[command ?? '']?.().then(() => {
  process.exit(0);
});
