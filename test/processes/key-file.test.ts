/** SECURITY: a passphrase and a key from a file are in the processes that need them, never in main, and no longer than the step. */
import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { isValidSignature } from '../../ceremony/command/dsse';
import { makeKeyPair, spkiOfKey } from '../../hsm/key-file/software-key';
import { TerminalDriver } from '../person/terminal-driver';
import { buildPrograms } from './build-programs';
import { isInMemory } from './memory';

const message = Buffer.from('what is signed');
let folder: string;
let remove: () => void;
let main: ChildProcess | null = null;
let terminal: TerminalDriver | null = null;

beforeAll(async () => {
  ({ folder, remove } = await buildPrograms({
    'key-file-main': 'test/processes/key-file-main.ts',
    'key-file': 'hsm/key-file/process.ts',
    person: 'cli/person/process.ts',
  }));
});
afterEach(() => {
  main?.kill('SIGKILL');
  terminal?.kill();
  for (const name of ['player.json', 'ada.pem']) rmSync(join(folder, name), { force: true });
});
afterAll(() => {
  remove();
});

/** Process ids of key-file processes of a ceremony. */
function keyFileProcesses(ceremony: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8');
        return line.includes(join(folder, 'key-file.cjs')) && line.includes(`--ceremony=${ceremony}`);
      } catch {
        return false;
      }
    });
}

/** Private key of the file as hex, by openssl: 48 bytes. */
function secretNumber(file: string, passphrase: string): Buffer {
  const text = execFileSync('openssl', ['pkey', '-in', file, '-passin', `pass:${passphrase}`, '-noout', '-text']);
  const number = /priv:\n([0-9a-f:\s]+)pub:/.exec(text.toString())?.[1]?.replace(/[^0-9a-f]/g, '') ?? '';
  return Buffer.from(number, 'hex').subarray(-48);
}

test('the passphrase is typed once in a step, main never has it, and the process ends with the step', async () => {
  const [player, file] = [join(folder, 'player.json'), join(folder, 'ada.pem')];
  main = fork(join(folder, 'key-file-main.cjs'), [folder, 'ceremony-1', player, file, 'devices'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const lines = createInterface({ input: main.stdout! })[Symbol.asyncIterator]();
  const told = async (): Promise<Record<string, unknown>> =>
    JSON.parse(String((await lines.next()).value)) as Record<string, unknown>;
  const { spki, signatures, person, started } = (await told()) as {
    spki: string;
    signatures: string[];
    person: number;
    started: number;
  };
  expect(started).toBe(1);
  for (const signature of signatures) {
    const key = { algorithm: 'ecdsa-p384-sha384', spki } as const;
    expect(isValidSignature(key, message, Buffer.from(signature, 'base64'))).toBe(true);
  }
  const { pins } = JSON.parse(readFileSync(player, 'utf8')) as { pins: { pin: string }[] };
  const passphrase = pins[0]?.pin ?? '';
  expect(passphrase).toMatch(/^\d{12}$/);
  expect(isInMemory(person, passphrase)).toBe(true);
  expect(isInMemory(main.pid ?? 0, passphrase)).toBe(false);
  const [signer, ...others] = keyFileProcesses('ceremony-1');
  expect(others).toEqual([]);
  // OpenSSL keeps a number with its lowest byte first.
  const number = secretNumber(file, passphrase);
  const forms = [number, Buffer.from(number).reverse()].map((form) => form.toString('latin1'));
  expect(forms.some((form) => isInMemory(signer ?? 0, form))).toBe(true);
  for (const pid of [main.pid ?? 0, person]) expect(forms.some((form) => isInMemory(pid, form))).toBe(false);
  for (const place of ['environ', 'cmdline']) {
    expect(readFileSync(`/proc/${String(signer)}/${place}`, 'latin1')).not.toContain(passphrase);
  }
  main.send('end the step');
  expect(await told()).toEqual({ ended: true });
  expect(keyFileProcesses('ceremony-1')).toEqual([]);
  main.send('sign again');
  expect(await told()).toMatchObject({ started: 2 });
});

test('a person at the terminal signs with their own file, after a slip', async () => {
  const { privateKey, publicKey } = makeKeyPair('ecdsa-p384-sha384');
  const file = join(folder, 'ada.pem');
  const encryption = { cipher: 'aes-256-cbc', passphrase: 'a long Ω phrase' } as const;
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8', ...encryption }));
  const args = [join(folder, 'key-file-main.cjs'), folder, '-', 'terminal', file, 'terminal', spkiOfKey(publicKey)];
  terminal = new TerminalDriver([process.execPath, ...args].join(' '));
  await terminal.expect('Cosigning the checkpoint');
  await terminal.expect('Ada Lovelace (ada) comes to the keyboard');
  await terminal.expect('Press Enter when you are alone');
  terminal.type('\r');
  await terminal.expect('Passphrase: ');
  terminal.type('a long phrase\r');
  await terminal.expect('The one typed before does not open the file');
  await terminal.expect('Passphrase: ');
  terminal.type('a long Ω phrase\r');
  await terminal.ended;
  const signature = Buffer.from(/SAID (\S+) END/.exec(terminal.output)?.[1] ?? '', 'base64');
  const key = { algorithm: 'ecdsa-p384-sha384', spki: spkiOfKey(publicKey) } as const;
  expect(isValidSignature(key, message, signature)).toBe(true);
  expect(terminal.output).not.toMatch(/long/);
});

test('who declines at the terminal has signed nothing', async () => {
  const file = join(folder, 'ada.pem');
  const { privateKey, publicKey } = makeKeyPair('ecdsa-p384-sha384');
  const encryption = { cipher: 'aes-256-cbc', passphrase: 'x' } as const;
  writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8', ...encryption }));
  const args = [join(folder, 'key-file-main.cjs'), folder, '-', 'terminal', file, 'terminal', spkiOfKey(publicKey)];
  terminal = new TerminalDriver([process.execPath, ...args].join(' '));
  await terminal.expect('Press Enter when you are alone');
  terminal.type('\x03');
  await terminal.ended;
  expect(terminal.output).toContain('SAID PERSON_REFUSED END');
  expect(existsSync(file)).toBe(true);
});
