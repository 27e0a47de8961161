import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { keyPackageFile, keyPackageSha256 } from '../../ceremony/keypackage/key-package';
import { readReceipt } from '../../ceremony/keypackage/receipt';
import type { KeyProtectParameters } from '../../ceremony/keypackage/key-protect';
import { collectCommand } from '../../connected/collect';
import { ConnectFailure } from '../../connected/failure';
import { hexGroups } from '../../connected/hex-groups';
import { packageMark } from '../../connected/send-once';
import { aesCheckValue } from '../../connected/service/check-value';
import { uploadCommand } from '../../connected/upload';
import { keyProtectParameters, samplePackage } from '../keypackage/sample';
import { apiKeyFile, member, scratch, startBench, type Bench } from './bench';
import { startGoBetween, type GoBetween } from './go-between';

let bench: Bench;
let between: GoBetween;
let room: ReturnType<typeof scratch>;
let printed: string;
let warned: string;

beforeAll(async () => {
  bench = await startBench();
  between = await startGoBetween(bench.service.url);
});
afterAll(async () => {
  await between.close();
  await bench.close();
});
beforeEach(() => {
  room = scratch();
  apiKeyFile(room.path('api-key'), bench.service.apiKey);
  bench.keeper.state.keys.length = 0;
  bench.keeper.state.token = null;
  bench.now = Date.now();
  between.fate = () => 'pass';
  between.passed.length = 0;
  printed = '';
  warned = '';
});
afterEach(() => {
  room.remove();
});

const print = (text: string): void => {
  printed += text;
};

function connection(): string[] {
  return ['--endpoint', between.url, '--api-key-file', room.path('api-key'), '--timeout', '1'];
}

async function collect(...more: string[]): Promise<KeyProtectParameters> {
  const purpose = more.includes('--purpose') ? [] : ['--purpose', 'create', '--name', 'root-key-1'];
  const file = room.path(`parameters-${String(between.passed.length)}.json`);
  const code = await collectCommand(
    [...connection(), '--instance', bench.service.instance, ...purpose, '-o', file, ...more],
    print,
  );
  expect(code).toBe(0);
  return keyProtectParameters(readFileSync(file));
}

interface Made {
  readonly file: string;
  readonly sha256: string;
}

function makePackage(parameters: KeyProtectParameters, key: Uint8Array = randomBytes(32), options = {}): Made {
  const bytes = keyPackageFile(samplePackage(parameters, key, options));
  const sha256 = keyPackageSha256(bytes);
  const file = room.path(`${sha256}.keypackage.json`);
  writeFileSync(file, bytes);
  return { file, sha256 };
}

async function upload(made: Made, ...more: string[]): Promise<number> {
  const args = [made.file, '--package-sha256', made.sha256, ...connection(), '-o', room.path('receipt.json'), ...more];
  return uploadCommand(args, {
    print,
    warn: (text) => {
      warned += text;
    },
    ask: null,
  });
}

async function failure(work: Promise<unknown>): Promise<ConnectFailure> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ConnectFailure) return error;
  throw new Error(`expected a ConnectFailure, got ${String(error)}`);
}

function receipt(): ReturnType<typeof readReceipt> {
  return readReceipt(readFileSync(room.path('receipt.json')));
}

describe('collect', () => {
  test('writes parameters of the live token and prints its fingerprint', async () => {
    const parameters = await collect();
    expect(parameters.publicKeySha256).toBe(bench.keeper.state.token?.publicKeySha256);
    expect(parameters.nonce).toBe(bench.keeper.state.token?.nonce);
    expect(parameters.expires).toBe(bench.keeper.state.token?.expirationDate);
    expect(parameters.service).toEqual({ instance: bench.service.instance, region: 'local-test' });
    expect(bench.keeper.state.token).toMatchObject({ maxAllowedRetrievals: 5, remainingRetrievals: 4 });
    for (const line of hexGroups(parameters.publicKeySha256)) expect(printed).toContain(line);
  });

  test('the second collector makes no new token', async () => {
    const first = await collect();
    const second = await collect('--existing');
    expect(second.publicKey).toBe(first.publicKey);
    expect(between.passed.filter((call) => call === 'POST /api/v2/import_token')).toHaveLength(1);
  });

  test('overwrites nothing, and asks nothing of the service before that is clear', async () => {
    writeFileSync(room.path('there.json'), 'mine');
    const args = [
      ...connection(),
      '--instance',
      bench.service.instance,
      '--purpose',
      'create',
      '--name',
      'ab',
      '-o',
      room.path('there.json'),
    ];
    const { exitCode, message } = await failure(collectCommand(args, print));
    expect([exitCode, message]).toEqual([2, `${room.path('there.json')} exists already and is not overwritten.`]);
    expect(readFileSync(room.path('there.json'), 'utf8')).toBe('mine');
    expect(between.passed).toEqual([]);
  });

  test('leaves no file behind when it fails, and never shows the API key', async () => {
    apiKeyFile(room.path('api-key'), 'a-wrong-api-key');
    const file = room.path('p.json');
    const error = await failure(
      collectCommand(
        [...connection(), '--instance', bench.service.instance, '--purpose', 'create', '--name', 'ab', '-o', file],
        print,
      ),
    );
    expect(error.exitCode).toBe(1);
    expect(error.message).toBe('The service refused (HTTP 400 IAM): IAM did not accept the API key.');
    expect(JSON.stringify([error.message, error.changed, error.next])).not.toContain('a-wrong-api-key');
    expect(existsSync(file)).toBe(false);
  });

  test.each([
    [['--purpose', 'restore', '--name', 'ab'], 2, '--purpose: expected create with --name, or rotate with --key-id.'],
    [['--purpose', 'create', '--name', 'x'], 2, '--name: expected a key name of 2 to 90 characters on one line.'],
    [['--purpose', 'rotate', '--key-id', '../keys'], 2, '--key-id: expected the id or alias of a key.'],
    [
      ['--purpose', 'create', '--name', 'ab', '--expiration', '299'],
      2,
      '--expiration: expected 300 to 86400, got 299.',
    ],
    [['--purpose', 'create', '--name', 'ab', '--retrievals', '0'], 2, '--retrievals: expected 1 to 500, got 0.'],
    [
      ['--purpose', 'rotate', '--key-id', 'no-such-key'],
      1,
      'The service refused (HTTP 404 KEY_NOT_FOUND_ERR): there is no such key.',
    ],
  ])('%o is refused before a token is replaced', async (more, exitCode, message) => {
    const args = [...connection(), '--instance', bench.service.instance, '-o', room.path('p.json'), ...more];
    expect(await failure(collectCommand(args, print))).toMatchObject({ exitCode, message });
    expect(between.passed).not.toContain('POST /api/v2/import_token');
  });

  test('an API key that others can read is not used', async () => {
    chmodSync(room.path('api-key'), 0o644);
    const args = [...connection(), '--instance', 'i', '--purpose', 'create', '--name', 'ab', '-o', room.path('p.json')];
    expect((await failure(collectCommand(args, print))).message).toMatch(/can be read by other users/);
    expect(between.passed).toEqual([]);
  });

  test('a name that is taken is found on the last page of a long list', async () => {
    await upload(makePackage(await collect()));
    const [taken] = bench.keeper.state.keys;
    if (taken === undefined) throw new Error('nothing was uploaded');
    for (let other = 0; other < 450; other += 1)
      bench.keeper.state.keys.unshift({ ...taken, id: `other-${String(other)}`, name: 'another' });
    const args = [
      ...connection(),
      '--instance',
      bench.service.instance,
      '--purpose',
      'create',
      '--name',
      'root-key-1',
      '-o',
      room.path('p.json'),
    ];
    expect((await failure(collectCommand(args, print))).message).toContain(taken.id);
    await collect('--name', 'free-name', '--purpose', 'create');
  });

  test('a name that is taken', async () => {
    await upload(makePackage(await collect()));
    const args = [
      ...connection(),
      '--instance',
      bench.service.instance,
      '--purpose',
      'create',
      '--name',
      'root-key-1',
      '-o',
      room.path('p.json'),
    ];
    expect((await failure(collectCommand(args, print))).message).toMatch(/has a key named root-key-1 already/);
    await collect('--same-name');
  });
});

describe('upload', () => {
  test('imports the key and writes a receipt', async () => {
    const key = randomBytes(32);
    const made = makePackage(await collect(), key);
    expect(await upload(made)).toBe(0);
    const [stored] = bench.keeper.state.keys;
    expect(stored).toMatchObject({ name: 'root-key-1', description: packageMark(made.sha256) });
    expect(stored?.versions[0]?.checkValue).toBe(aesCheckValue(key));
    expect(receipt()).toMatchObject({
      package: { sha256: made.sha256 },
      ceremony: 'ceremony-1',
      key: { id: stored?.id, version: stored?.versions[0]?.id },
      outcome: 'accepted',
      response: { status: 201 },
    });
  });

  test('a hash that is not of the signed record: nothing is sent', async () => {
    const made = makePackage(await collect());
    between.passed.length = 0;
    const error = await failure(upload({ ...made, sha256: 'ab'.repeat(32) }));
    expect(error.exitCode).toBe(1);
    expect(error.message).toBe(
      'The package is not the one of the signed record: its hash is another. Nothing was sent.',
    );
    expect(error.message + error.next).not.toContain(made.sha256);
    expect(between.passed).toEqual([]);
    expect(existsSync(room.path('receipt.json'))).toBe(false);
  });

  test('a package changed by one byte: nothing is sent', async () => {
    const made = makePackage(await collect());
    between.passed.length = 0;
    writeFileSync(made.file, readFileSync(made.file, 'utf8').replace('"line":57', '"line":58'));
    expect((await failure(upload(made))).exitCode).toBe(1);
    expect(between.passed).toEqual([]);
  });

  test('the hash is asked for at the terminal, and is needed where nobody can be asked', async () => {
    const made = makePackage(await collect());
    const args = [made.file, ...connection(), '-o', room.path('receipt.json')];
    const around = { print, warn: print };
    expect((await failure(uploadCommand(args, { ...around, ask: null }))).exitCode).toBe(2);
    expect((await failure(uploadCommand(args, { ...around, ask: () => Promise.resolve('no') }))).exitCode).toBe(2);
    const typed = hexGroups(made.sha256).join('\n').toUpperCase();
    expect(await uploadCommand(args, { ...around, ask: () => Promise.resolve(typed) })).toBe(0);
  });

  test('expired, another instance, another region: nothing is sent', async () => {
    const parameters = await collect();
    between.passed.length = 0;
    const expired = makePackage({ ...parameters, expires: '2026-01-01T00:00:00Z' });
    expect((await failure(upload(expired))).message).toMatch(/expired at 2026-01-01T00:00:00Z/);
    const made = makePackage(parameters);
    expect((await failure(upload(made, '--instance', 'another'))).message).toMatch(/^The package is for instance /);
    expect((await failure(upload(made, '--region', 'eu-de'))).message).toMatch(
      /^The package is for region local-test, not eu-de/,
    );
    expect(between.passed).toEqual([]);
  });

  test('an import token that was replaced: the package is not sent', async () => {
    const made = makePackage(await collect());
    await collect();
    between.passed.length = 0;
    expect((await failure(upload(made))).message).toMatch(
      /^The import token that the package was made for is no longer there/,
    );
    expect(between.passed).not.toContain('POST /api/v2/keys');
  });

  test('no retrieval left: said, and the service judges', async () => {
    const made = makePackage(await collect('--retrievals', '1'));
    expect(await upload(made)).toBe(0);
    expect(warned).toMatch(/was not compared/);
  });

  test("the service's refusal, with what to do", async () => {
    const parameters = await collect();
    const made = makePackage(parameters, randomBytes(32), { nonceKey: randomBytes(32) });
    const error = await failure(upload(made));
    expect(error.message).toMatch(/^The service refused \(HTTP 400 INCORRECT_NONCE_IV_ERR\)/);
    expect(error).toMatchObject({ exitCode: 1, changed: 'No key was made.' });
    expect(existsSync(room.path('receipt.json'))).toBe(false);
    expect((await failure(upload(makePackage(parameters, randomBytes(32), { oaepHash: 'sha1' })))).message).toMatch(
      /UNPROCESSABLE_CIPHERTEXT_ERR/,
    );
  });

  test('a receipt is never written over a file', async () => {
    const made = makePackage(await collect());
    between.passed.length = 0;
    writeFileSync(room.path('receipt.json'), 'mine');
    expect((await failure(upload(made))).exitCode).toBe(2);
    expect(between.passed).toEqual([]);
    expect(readFileSync(room.path('receipt.json'), 'utf8')).toBe('mine');
  });

  test('the service acts and its answer is lost: one key, found by its package', async () => {
    const made = makePackage(await collect());
    between.fate = once('POST /api/v2/keys', 'lose-answer');
    expect(await upload(made)).toBe(0);
    expect(bench.keeper.state.keys).toHaveLength(1);
    expect(receipt()).toMatchObject({ outcome: 'found', key: { id: bench.keeper.state.keys[0]?.id } });
    expect(between.passed.filter((call) => call === 'POST /api/v2/keys')).toHaveLength(1);
  });

  test('a gateway answers in place of the service: likewise', async () => {
    const made = makePackage(await collect());
    between.fate = once('POST /api/v2/keys', 'bad-gateway');
    expect(await upload(made)).toBe(0);
    expect(bench.keeper.state.keys).toHaveLength(1);
    expect(receipt().outcome).toBe('found');
  });

  test('the request is lost: the service is read, then it is sent once more', async () => {
    const made = makePackage(await collect());
    between.fate = once('POST /api/v2/keys', 'lose-request');
    expect(await upload(made)).toBe(0);
    expect(bench.keeper.state.keys).toHaveLength(1);
    expect(receipt().outcome).toBe('accepted');
    const calls = between.passed.filter((call) => call.endsWith(' /api/v2/keys'));
    const [first, second] = [calls.indexOf('POST /api/v2/keys'), calls.lastIndexOf('POST /api/v2/keys')];
    expect(calls.slice(first + 1, second)).toContain('GET /api/v2/keys');
  }, 15_000);

  test('uploading again sends nothing', async () => {
    const made = makePackage(await collect());
    await upload(made);
    between.passed.length = 0;
    const again = [
      made.file,
      '--package-sha256',
      made.sha256,
      ...connection(),
      '-o',
      room.path('again.json'),
      '--json',
    ];
    expect(
      await uploadCommand(again, {
        print: (text) => {
          printed = text;
        },
        warn: print,
        ask: null,
      }),
    ).toBe(0);
    expect(member(JSON.parse(printed), 'keyId')).toBe(receipt().key.id);
    expect(between.passed).not.toContain('POST /api/v2/keys');
    expect(bench.keeper.state.keys).toHaveLength(1);
  });

  test('another key of that name', async () => {
    const first = makePackage(await collect());
    const second = makePackage(await collect('--existing'));
    await upload(first);
    const other = [second.file, '--package-sha256', second.sha256, ...connection(), '-o', room.path('second.json')];
    const around = { print, warn: print, ask: null };
    expect((await failure(uploadCommand(other, around))).message).toMatch(
      /^The instance has another key named root-key-1/,
    );
    expect(await uploadCommand([...other, '--same-name'], around)).toBe(0);
    expect(bench.keeper.state.keys).toHaveLength(2);
  });
});

describe('upload of a rotation', () => {
  async function keyToRotate(): Promise<{ id: string; made: Made; material: Uint8Array }> {
    await upload(makePackage(await collect()));
    const { id } = receipt().key;
    const material = randomBytes(32);
    const parameters = await collect('--purpose', 'rotate', '--key-id', id);
    return { id, made: makePackage(parameters, material), material };
  }
  const rotate = async (made: Made): Promise<number> =>
    uploadCommand([made.file, '--package-sha256', made.sha256, ...connection(), '-o', room.path('rotated.json')], {
      print,
      warn: print,
      ask: null,
    });
  const rotated = (): ReturnType<typeof readReceipt> => readReceipt(readFileSync(room.path('rotated.json')));

  test('gives the key a new version', async () => {
    const { id, made, material } = await keyToRotate();
    expect(await rotate(made)).toBe(0);
    const versions = bench.keeper.state.keys[0]?.versions ?? [];
    expect(versions.map((version) => version.checkValue)[1]).toBe(aesCheckValue(material));
    expect(rotated()).toMatchObject({
      key: { id, version: versions[1]?.id },
      outcome: 'accepted',
      response: { status: 204 },
    });
  });

  test('the answer is lost: the new version is found, and nothing is sent twice', async () => {
    const { id, made } = await keyToRotate();
    const call = `POST /api/v2/keys/${id}/actions/rotate`;
    between.fate = once(call, 'lose-answer');
    expect(await rotate(made)).toBe(0);
    expect(rotated().outcome).toBe('found');
    expect(between.passed.filter((one) => one === call)).toHaveLength(1);
    expect(bench.keeper.state.keys[0]?.versions).toHaveLength(2);
  });

  test('too early', async () => {
    const { made } = await keyToRotate();
    await rotate(made);
    const again = [made.file, '--package-sha256', made.sha256, ...connection(), '-o', room.path('again.json')];
    const error = await failure(uploadCommand(again, { print, warn: print, ask: null }));
    expect(error.message).toMatch(/KEY_ROTATION_NOT_PERMITTED/);
    expect(error.next).toMatch(/an hour/);
  });
});

/** Something happens to the first request of a kind only. */
function once(
  call: string,
  fate: 'lose-answer' | 'lose-request' | 'bad-gateway',
): (call: string) => 'pass' | typeof fate {
  let done = false;
  return (one) => {
    if (done || one !== call) return 'pass';
    done = true;
    return fate;
  };
}
