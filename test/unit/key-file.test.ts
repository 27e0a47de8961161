/** Key files as openssl makes them: which are opened, which are refused, and what is left of a passphrase. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import { SIGNATURE_ALGORITHMS, isValidSignature, type SignatureAlgorithm } from '../../ceremony/command/dsse';
import type { Dialogue, KeyFileTarget, AskingLink } from '../../hsm/contract';
import { encryptedKeyIn } from '../../hsm/key-file/container';
import { keyFileHandlers } from '../../hsm/key-file/handlers';
import { KeyFileRefused } from '../../hsm/key-file/refused';
import { makeKeyPair, spkiOfKey } from '../../hsm/key-file/software-key';

const PASSPHRASE = 'correct horse Ω battery';
const message = Buffer.from('DSSEv1 4 test 0 ');
const folder = mkdtempSync(join(tmpdir(), 'keyrite-key-file-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Types one passphrase after the other, and keeps the buffers to look at afterwards. */
class Typist implements AskingLink {
  readonly asked: Dialogue[] = [];
  readonly given: Uint8Array[] = [];
  private readonly answers: string[];

  constructor(...answers: string[]) {
    this.answers = answers;
  }

  ask(dialogue: Dialogue): Promise<Uint8Array> {
    const answer = this.answers[this.asked.length];
    this.asked.push(dialogue);
    if (answer === undefined) throw new Error('asked once more than expected');
    const bytes = Uint8Array.from(Buffer.from(answer));
    this.given.push(bytes);
    return Promise.resolve(bytes);
  }
}

let made = 0;
function fresh(ending = 'pem'): string {
  made += 1;
  return join(folder, `${String(made)}.${ending}`);
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** A file with a key in clear, as input for openssl. */
function inClear(key: KeyObject): string {
  const path = fresh('clear.pem');
  writeFileSync(path, key.export({ format: 'pem', type: 'pkcs8' }));
  return path;
}

function encrypted(key: KeyObject, ...how: string[]): string {
  const path = fresh();
  openssl('pkcs8', '-topk8', ...how, '-in', inClear(key), '-out', path, '-passout', `pass:${PASSPHRASE}`);
  return path;
}

const KEYS = Object.fromEntries(SIGNATURE_ALGORITHMS.map((name) => [name, makeKeyPair(name)])) as Record<
  SignatureAlgorithm,
  ReturnType<typeof makeKeyPair>
>;

function target(path: string, algorithm: SignatureAlgorithm): KeyFileTarget {
  return { participant: 'anna', path, algorithm, spki: spkiOfKey(KEYS[algorithm].publicKey) };
}

function sign(file: KeyFileTarget, link: AskingLink): Promise<string> {
  return Promise.resolve(keyFileHandlers()['key-file.sign']({ file, message: message.toString('base64') }, link));
}

async function trouble(file: KeyFileTarget, link: AskingLink): Promise<DeviceError> {
  try {
    await sign(file, link);
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
  throw new Error('it signed');
}

const AES = ['-v2', 'aes-256-cbc'];

describe.each(SIGNATURE_ALGORITHMS)('a key file for %s', (algorithm) => {
  const { privateKey } = KEYS[algorithm];
  const file = target(encrypted(privateKey, ...AES), algorithm);

  it('signs with the passphrase, which is asked for once and zeroed', async () => {
    const link = new Typist(PASSPHRASE);
    const handlers = keyFileHandlers();
    for (const text of ['one', 'two', 'two']) {
      const bytes = Buffer.from(text);
      const signed = await handlers['key-file.sign']({ file, message: bytes.toString('base64') }, link);
      expect(isValidSignature(file, bytes, Buffer.from(signed, 'base64'))).toBe(true);
      expect(isValidSignature(file, message, Buffer.from(signed, 'base64'))).toBe(false);
    }
    expect(link.asked).toEqual([
      { kind: 'passphrase', holder: 'anna', make: false, minimum: 1, maximum: 1024, wrong: false },
    ]);
    expect(link.given.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  });

  it('asks again after a wrong passphrase, three times in all, and loses nothing', async () => {
    const link = new Typist('wrong', '', PASSPHRASE);
    expect(isValidSignature(file, message, Buffer.from(await sign(file, link), 'base64'))).toBe(true);
    expect(link.asked.map((dialogue) => dialogue.kind === 'passphrase' && dialogue.wrong)).toEqual([false, true, true]);
    const guessing = new Typist('wrong', 'also wrong', `${PASSPHRASE} `);
    const error = await trouble(file, guessing);
    expect(error).toMatchObject({
      code: 'PASSPHRASE_WRONG',
      message: 'the key file of anna does not open with the passphrase that was typed, 3 times.',
      uncertain: false,
    });
    expect([...link.given, ...guessing.given].flatMap((bytes) => [...bytes]).every((byte) => byte === 0)).toBe(true);
    expect(await sign(file, new Typist(PASSPHRASE))).not.toBe('');
  });

  it('is made for a rehearsal, encrypted, for its owner alone, and openssl opens it', async () => {
    const path = fresh();
    const link = new Typist('a passphrase made now');
    const key = await keyFileHandlers()['key-file.prepare']({ participant: 'anna', path, algorithm }, link);
    expect(link.asked).toMatchObject([{ kind: 'passphrase', make: true, minimum: 12 }]);
    expect(link.given[0]?.every((byte) => byte === 0)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const args = ['pkey', '-in', path, '-passin', 'pass:a passphrase made now', '-pubout', '-outform', 'DER'];
    expect(execFileSync('openssl', args).toString('base64')).toBe(key.spki);
    const signed = await sign({ participant: 'anna', path, ...key }, new Typist('a passphrase made now'));
    expect(isValidSignature(key, message, Buffer.from(signed, 'base64'))).toBe(true);
    const again = keyFileHandlers()['key-file.prepare']({ participant: 'anna', path, algorithm }, new Typist('x'));
    await expect(again).rejects.toMatchObject({ code: 'KEY_FILE_EXISTS' });
  });
});

describe('what else is opened', () => {
  const { privateKey } = KEYS['ecdsa-p384-sha384'];
  const forms: Readonly<Record<string, () => string>> = {
    'AES-128, HMAC-SHA-1': () => encrypted(privateKey, '-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1'),
    'AES-192, HMAC-SHA-512': () => encrypted(privateKey, '-v2', 'aes-192-cbc', '-v2prf', 'hmacWithSHA512'),
    'AES-256, 600,000 iterations': () => encrypted(privateKey, ...AES, '-iter', '600000'),
    scrypt: () => encrypted(privateKey, '-scrypt'),
    'PKCS#8 in DER': () => encrypted(privateKey, ...AES, '-outform', 'DER'),
    'PEM with text before it': () => {
      const path = encrypted(privateKey, ...AES);
      writeFileSync(
        path,
        `Bag Attributes\r\n    friendlyName: anna\r\n${readFileSync(path, 'utf8').replaceAll('\n', '\r\n')}`,
      );
      return path;
    },
    'PKCS#12 with a certificate': () => {
      const [clear, certificate, path] = [inClear(privateKey), fresh('crt'), fresh('p12')];
      openssl('req', '-x509', '-new', '-key', clear, '-subj', '/CN=anna', '-out', certificate);
      const parts = ['-inkey', clear, '-in', certificate, '-out', path];
      openssl('pkcs12', '-export', ...parts, '-passout', `pass:${PASSPHRASE}`);
      return path;
    },
    'PKCS#12 with nothing but the key': () => {
      const [clear, path] = [inClear(privateKey), fresh('p12')];
      openssl('pkcs12', '-export', '-nocerts', '-inkey', clear, '-out', path, '-passout', `pass:${PASSPHRASE}`);
      return path;
    },
  };

  it.each(Object.entries(forms))('%s', async (_name, make) => {
    const file = target(make(), 'ecdsa-p384-sha384');
    const signed = await sign(file, new Typist('wrong', PASSPHRASE));
    expect(isValidSignature(file, message, Buffer.from(signed, 'base64'))).toBe(true);
  });
});

describe('what is refused before anybody is asked', () => {
  const { privateKey } = KEYS['ecdsa-p256-sha256'];
  const old = { passphrase: 'old', cipher: 'aes-128-cbc', format: 'pem' } as const;
  const write = (content: string | Uint8Array): string => {
    const path = fresh();
    writeFileSync(path, content);
    return path;
  };
  const twice = (path: string): string => write(readFileSync(path, 'utf8').repeat(2));
  const der = (path: string): Buffer => readFileSync(path);
  const pkcs12 = (...how: string[]): string => {
    const path = fresh('p12');
    openssl('pkcs12', '-export', '-nocerts', '-inkey', inClear(privateKey), '-out', path, '-passout', 'pass:x', ...how);
    return path;
  };
  const element = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
    const content = Buffer.concat(parts);
    return Buffer.concat([
      Buffer.from(content.length < 0x80 ? [tag, content.length] : [tag, 0x81, content.length]),
      content,
    ]);
  };
  const hex = (text: string): Buffer => Buffer.from(text, 'hex');
  /** A file by hand: how a passphrase becomes a key there, and 32 bytes of ciphertext. */
  const derivedBy = (oid: string, ...parameters: readonly string[]): string => {
    const derivation = element(0x30, hex(oid), element(0x30, element(0x04, Buffer.alloc(8)), ...parameters.map(hex)));
    const cipher = element(0x30, hex('060960864801650304012a'), element(0x04, Buffer.alloc(16)));
    const scheme = element(0x30, hex('06092a864886f70d01050d'), element(0x30, derivation, cipher));
    return write(element(0x30, scheme, element(0x04, Buffer.alloc(32))));
  };
  const pbkdf2 = (iterations: string): string => derivedBy('06092a864886f70d01050c', iterations);
  const scrypt = (...parameters: readonly string[]): string => derivedBy('06092b06010401da47040b', ...parameters);
  const cases: Readonly<Record<string, readonly [code: string, make: () => string]>> = {
    'PKCS#8 in clear': ['KEY_FILE_NOT_ENCRYPTED', () => inClear(privateKey)],
    'PKCS#8 in clear, DER': [
      'KEY_FILE_NOT_ENCRYPTED',
      () => write(privateKey.export({ format: 'der', type: 'pkcs8' })),
    ],
    'SEC1 in clear': ['KEY_FILE_NOT_ENCRYPTED', () => write(privateKey.export({ format: 'pem', type: 'sec1' }))],
    'PKCS#1 in clear, DER': [
      'KEY_FILE_NOT_ENCRYPTED',
      () => write(KEYS['rsa-pss-sha256'].privateKey.export({ format: 'der', type: 'pkcs1' })),
    ],
    'PKCS#12 with its key in clear': ['KEY_FILE_NOT_ENCRYPTED', () => pkcs12('-keypbe', 'NONE')],
    'OpenSSL’s old form': ['KEY_FILE_WEAK', () => write(privateKey.export({ type: 'sec1', ...old }))],
    PBES1: ['KEY_FILE_WEAK', () => encrypted(privateKey, '-v1', 'PBE-SHA1-3DES')],
    'PBES2 with Triple DES': ['KEY_FILE_WEAK', () => encrypted(privateKey, '-v2', 'des3')],
    'PKCS#12 in its old form': ['KEY_FILE_WEAK', () => pkcs12('-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'NONE')],
    'one iteration': ['KEY_FILE_WEAK', () => encrypted(privateKey, ...AES, '-iter', '1')],
    '2,147,483,647 iterations': ['KEY_FILE_UNUSABLE', () => pbkdf2('02047fffffff')],
    'more iterations than fit': ['KEY_FILE_UNUSABLE', () => pbkdf2('02050100000000')],
    'a negative number of iterations': ['KEY_FILE_UNUSABLE', () => pbkdf2('0202ff00')],
    'scrypt with a gigabyte': ['KEY_FILE_UNUSABLE', () => scrypt('0203100000', '020108', '020101')],
    'scrypt a thousand times over': ['KEY_FILE_UNUSABLE', () => scrypt('02024000', '020108', '020203e8')],
    'scrypt with a cost that is no power of two': ['KEY_FILE_UNUSABLE', () => scrypt('02024001', '020108', '020101')],
    'another derivation': ['KEY_FILE_UNUSABLE', () => derivedBy('06032a0304', '020203e8')],
    'scrypt with too little': ['KEY_FILE_WEAK', () => encrypted(privateKey, '-scrypt', '-scrypt_N', '2')],
    'two keys': ['KEY_FILE_UNUSABLE', () => twice(encrypted(privateKey, ...AES))],
    'a public key': ['KEY_FILE_UNUSABLE', () => write(KEYS.ed25519.publicKey.export({ format: 'pem', type: 'spki' }))],
    'a file cut short': [
      'KEY_FILE_UNUSABLE',
      () => write(der(encrypted(privateKey, ...AES, '-outform', 'DER')).subarray(0, -1)),
    ],
    'an empty file': ['KEY_FILE_UNUSABLE', () => write('')],
    'a long file': ['KEY_FILE_UNUSABLE', () => write(Buffer.alloc(64 * 1024 + 1, 0x30))],
    'a folder': ['KEY_FILE_UNUSABLE', () => folder],
    'a device that never ends': ['KEY_FILE_UNUSABLE', () => '/dev/zero'],
    'a pipe nobody writes to': [
      'KEY_FILE_UNUSABLE',
      () => {
        const path = fresh('pipe');
        execFileSync('mkfifo', [path]);
        return path;
      },
    ],
    'no file': ['KEY_FILE_MISSING', () => join(folder, 'nowhere.pem')],
    'a path through a file': ['KEY_FILE_UNREADABLE', () => join(inClear(privateKey), 'below')],
  };

  it.each(Object.entries(cases))('%s', async (_name, [code, make]) => {
    const link = new Typist();
    const error = await trouble(target(make(), 'ecdsa-p256-sha256'), link);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^the key file of anna .*[^.]\.$/);
    expect(error.changed).toBe('Nothing was signed, and nothing was changed.');
    expect(error.uncertain).toBe(false);
    expect(link.asked).toEqual([]);
  });

  it('a file by hand that is within the limits is tried, and is not what is refused above', async () => {
    for (const path of [pbkdf2('020203e8'), scrypt('02024000', '020108', '020101')]) {
      const link = new Typist('one', 'two', 'three');
      expect((await trouble(target(path, 'ecdsa-p256-sha256'), link)).code).toBe('PASSPHRASE_WRONG');
      expect(link.asked).toHaveLength(3);
    }
  });

  it('the command that a refusal names makes a file that is taken', async () => {
    const clear = inClear(privateKey);
    const { next } = await trouble(target(clear, 'ecdsa-p256-sha256'), new Typist());
    const command = /(openssl pkcs8 .*)$/.exec(next)?.[1] ?? '';
    const path = fresh();
    const words = command.split(' ').map((word) => (word === 'OLD' ? clear : word === 'NEW' ? path : word));
    openssl(...words.slice(1), '-passout', `pass:${PASSPHRASE}`);
    expect(await sign(target(path, 'ecdsa-p256-sha256'), new Typist(PASSPHRASE))).not.toBe('');
  });
});

describe('a key that is not the bound one', () => {
  it('is not used, whatever it is', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const error = await trouble(target(encrypted(other, ...AES), 'ecdsa-p256-sha256'), new Typist(PASSPHRASE));
    expect(error.code).toBe('KEY_FILE_CHANGED');
    const x25519 = generateKeyPairSync('x25519').privateKey;
    const unfit = await trouble(target(encrypted(x25519, ...AES), 'ed25519'), new Typist(PASSPHRASE));
    expect(unfit.code).toBe('KEY_FILE_CHANGED');
  });

  it('nor is one for another algorithm than the binding says', async () => {
    const path = encrypted(KEYS['ecdsa-p384-sha384'].privateKey, ...AES);
    const file = { ...target(path, 'ecdsa-p384-sha384'), algorithm: 'ecdsa-p256-sha256' } as const;
    expect((await trouble(file, new Typist(PASSPHRASE))).code).toBe('KEY_FILE_CHANGED');
    const rsa = { ...target(path, 'ecdsa-p384-sha384'), algorithm: 'rsa-pss-sha256' } as const;
    expect((await trouble(rsa, new Typist(PASSPHRASE))).code).toBe('KEY_FILE_CHANGED');
  });

  it('is asked for anew when the binding names another file', async () => {
    const handlers = keyFileHandlers();
    const link = new Typist(PASSPHRASE, PASSPHRASE);
    const { privateKey } = KEYS.ed25519;
    for (const path of [encrypted(privateKey, ...AES), encrypted(privateKey, ...AES)]) {
      await handlers['key-file.sign']({ file: target(path, 'ed25519'), message: '' }, link);
    }
    expect(link.asked).toHaveLength(2);
  });
});

describe('a file made by an enemy', () => {
  it('is read or refused in bounded time, and never fails otherwise', () => {
    const { privateKey } = KEYS['ecdsa-p256-sha256'];
    const p12 = fresh('p12');
    const clear = inClear(privateKey);
    openssl('pkcs12', '-export', '-nocerts', '-inkey', clear, '-out', p12, '-passout', `pass:${PASSPHRASE}`);
    const seeds = [
      readFileSync(encrypted(privateKey, ...AES, '-outform', 'DER')),
      readFileSync(encrypted(privateKey, '-scrypt', '-outform', 'DER')),
      readFileSync(p12),
      readFileSync(encrypted(privateKey, ...AES)),
    ];
    const changed = fc
      .tuple(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        fc.nat(40),
      )
      .map(([seed, edits, cut]) => {
        const bytes = Buffer.from(seed.subarray(0, cut === 0 ? seed.length : Math.max(1, seed.length - cut + 1)));
        for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
        return bytes;
      });
    const read = (bytes: Uint8Array): void => {
      try {
        encryptedKeyIn(Buffer.from(bytes));
      } catch (error) {
        if (!(error instanceof KeyFileRefused)) throw error;
      }
    };
    fc.assert(fc.property(changed, read), { seed: 4, numRuns: 3000 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), read), { seed: 4, numRuns: 2000 });
    const nested = Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.from([0x30, 0x83, 0, 0xff, 0xff])));
    read(nested);
    expect(existsSync(p12)).toBe(true);
  });
});
