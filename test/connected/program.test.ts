/** The built program, run as people and the rehearsal run it, and its package opened by openssl alone. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyPackageFile, keyPackageSha256, readKeyPackage } from '../../ceremony/keypackage/key-package';
import { readReceipt } from '../../ceremony/keypackage/receipt';
import { aesCheckValue } from '../../connected/service/check-value';
import { keyProtectParameters, samplePackage } from '../keypackage/sample';
import { apiKeyFile, scratch } from './bench';

const room = scratch();
const program = room.path('keyrite-connect.cjs');

interface Listening {
  readonly endpoint: string;
  readonly iam: string;
  readonly instance: string;
  readonly apiKey: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly listening: Listening;
  readonly line: string;
}

beforeAll(() => {
  buildSync({
    entryPoints: ['connected/keyrite-connect.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  });
});
afterAll(() => {
  room.remove();
});

async function start(...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [program, 'service', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise<string>((done) => createInterface({ input: child.stdout }).once('line', done));
  return { child, line, listening: JSON.parse(line) as Listening };
}

async function ended(child: ChildProcess): Promise<number | null> {
  return child.exitCode ?? new Promise((done) => child.once('exit', done));
}

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', input: '' });
}

describe('keyrite-connect', () => {
  test('help, unknown commands and unknown options', () => {
    expect(run('--help')).toMatchObject({ status: 0, stderr: '' });
    expect(run()).toMatchObject({ status: 2 });
    expect(run('fly')).toMatchObject({ status: 2 });
    const unknown = run('upload', '--fly');
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).not.toMatch(/\n\s+at /);
    expect(JSON.parse(run('upload', 'x', '--json').stdout)).toMatchObject({ ok: false });
    expect(run('service', '--host', '0.0.0.0')).toMatchObject({ status: 2 });
  });

  test('service, collect, upload, and the package opened with openssl', async () => {
    const state = room.path('state');
    const ready = room.path('ready.json');
    const { child, line, listening } = await start('--state', state, '--ready-file', ready, '--until-stdin-closes');
    const { endpoint, iam, instance, apiKey } = listening;
    expect(Object.keys(listening)).toEqual(['endpoint', 'iam', 'instance', 'apiKey']);
    expect(readFileSync(ready, 'utf8')).toBe(`${line}\n`);
    expect(statSync(ready).mode & 0o777).toBe(0o600);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    const key = randomBytes(32);
    const where = [
      '--endpoint',
      endpoint,
      '--iam',
      iam,
      '--instance',
      instance,
      '--api-key-file',
      apiKeyFile(room.path('api-key'), apiKey),
    ];

    const parametersFile = room.path('wrapping-parameters.json');
    const collected = run(
      'collect',
      ...where,
      '--region',
      'us-south',
      '--purpose',
      'create',
      '--name',
      'root-key-1',
      '-o',
      parametersFile,
    );
    expect(collected).toMatchObject({ status: 0, stderr: '' });
    const parameters = keyProtectParameters(readFileSync(parametersFile));

    const packageFile = room.path('root-key-1.keypackage.json');
    const bytes = keyPackageFile(samplePackage(parameters, key));
    writeFileSync(packageFile, bytes);
    const receiptFile = room.path('receipt.json');
    const uploaded = run(
      'upload',
      packageFile,
      '--package-sha256',
      keyPackageSha256(bytes),
      ...where,
      '-o',
      receiptFile,
      '--json',
    );
    expect(uploaded).toMatchObject({ status: 0, stderr: '' });
    const { key: remote } = readReceipt(readFileSync(receiptFile));
    expect(JSON.parse(uploaded.stdout)).toMatchObject({ ok: true, keyId: remote.id, outcome: 'accepted' });

    const pem = `${state}/import-tokens/${parameters.publicKeySha256}.pem`;
    expect(statSync(pem).mode & 0o777).toBe(0o600);
    const sent = readKeyPackage(readFileSync(packageFile));
    if (sent.target !== 'ibm-key-protect') throw new TypeError(sent.target);
    const { fields } = sent;
    const wrapped = room.path('wrapped.bin');
    writeFileSync(wrapped, Buffer.from(fields.payload, 'base64'));
    const oaep = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256'].flatMap((option) => [
      '-pkeyopt',
      option,
    ]);
    const opened = execFileSync('openssl', ['pkeyutl', '-decrypt', '-inkey', pem, '-in', wrapped, ...oaep]);
    expect(opened.equals(key)).toBe(true);

    const zeros = room.path('zeros.bin');
    writeFileSync(zeros, Buffer.alloc(16));
    const cmac = execFileSync('openssl', [
      'mac',
      '-cipher',
      'AES-256-CBC',
      '-macopt',
      `hexkey:${opened.toString('hex')}`,
      '-in',
      zeros,
      'CMAC',
    ]);
    expect(cmac.toString().trim().toLowerCase().slice(0, 10)).toBe(aesCheckValue(key));
    const stored = JSON.parse(readFileSync(`${state}/state.json`, 'utf8')) as {
      keys: { versions: { checkValue: string }[] }[];
    };
    expect(stored.keys[0]?.versions[0]?.checkValue).toBe(aesCheckValue(key));

    const sealed = Buffer.from(fields.encryptedNonce, 'base64');
    const gcm = createDecipheriv('aes-256-gcm', opened, Buffer.from(fields.iv, 'base64')).setAuthTag(
      sealed.subarray(12),
    );
    expect(Buffer.concat([gcm.update(sealed.subarray(0, 12)), gcm.final()]).toString('base64')).toBe(parameters.nonce);

    child.stdin?.end();
    expect(await ended(child)).toBe(0);

    // A second run knows the key and rotates it.
    const second = await start('--state', state);
    expect(second.listening).toMatchObject({ instance, apiKey });
    const there = where.map((one) => (one === endpoint ? second.listening.endpoint : one));
    const again = room.path('again.json');
    expect(run('collect', ...there, '--purpose', 'rotate', '--key-id', remote.id, '-o', again)).toMatchObject({
      status: 0,
    });
    const rotation = keyPackageFile(samplePackage(keyProtectParameters(readFileSync(again)), randomBytes(32)));
    const rotationFile = room.path('rotation.keypackage.json');
    writeFileSync(rotationFile, rotation);
    const rotated = run(
      'upload',
      rotationFile,
      '--package-sha256',
      keyPackageSha256(rotation),
      ...there,
      '-o',
      room.path('rotated.json'),
      '--json',
    );
    expect(rotated).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(rotated.stdout)).toMatchObject({ keyId: remote.id });
    second.child.kill('SIGTERM');
    expect(await ended(second.child)).toBe(0);
    for (const text of [collected.stdout, uploaded.stdout, rotated.stdout]) expect(text).not.toContain(apiKey);
  }, 60_000);

  test('nobody there', () => {
    const args = ['--endpoint', 'http://127.0.0.1:9', '--instance', 'i', '--api-key-file', room.path('api-key')];
    const { status, stderr } = run(
      'collect',
      ...args,
      '--purpose',
      'create',
      '--name',
      'ab',
      '-o',
      room.path('none.json'),
    );
    expect(status).toBe(1);
    expect(stderr.split('\n').slice(1, 3)).toEqual([
      'Nothing was changed at the service.',
      'Check the network and try again.',
    ]);
  });

  test('a state folder that others can open is refused', () => {
    execFileSync('mkdir', ['-m', '755', room.path('open')]);
    expect(run('service', '--state', room.path('open'))).toMatchObject({ status: 2 });
    expect(readdirSync(room.path('open'))).toEqual([]);
  });

  test("the service's check values are openssl's CMAC", () => {
    writeFileSync(room.path('block.bin'), Buffer.alloc(16));
    for (const length of [16, 24, 32, 16, 24, 32]) {
      const key = randomBytes(length);
      const cipher = `AES-${String(length * 8)}-CBC`;
      const args = [
        'mac',
        '-cipher',
        cipher,
        '-macopt',
        `hexkey:${key.toString('hex')}`,
        '-in',
        room.path('block.bin'),
        'CMAC',
      ];
      expect(execFileSync('openssl', args).toString().trim().toLowerCase().slice(0, 10)).toBe(aesCheckValue(key));
    }
  });
});
