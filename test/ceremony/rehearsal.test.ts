/**
 * The first ceremony and the rotation as a whole: what stock tools, a C program without a line of ours, and the service
 * say of what they left.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CHECKOUT,
  FIRST_CEREMONY,
  keyrite,
  scratch,
  SOFTHSM2,
  tool,
  transcript,
  type Ended,
  type TranscriptLine,
} from './program';

const room = scratch();
const bundle = join(room.folder, 'bundle');
const kept = join(room.folder, 'room');
let first: Ended;

beforeAll(async () => {
  first = await keyrite(['rehearse', '--out', bundle, '--keep', kept]);
});
afterAll(room.leave);

const lines = (): TranscriptLine[] => transcript(bundle);

function resultOf(act: string): Record<string, unknown> {
  const found = lines().find(({ type, body }) => type === 'step.outcome' && body['act'] === act);
  if (found === undefined) throw new Error(`no outcome of ${act}`);
  return found.body['result'] as Record<string, unknown>;
}

function stepResult(step: string): Record<string, unknown> {
  const found = lines().find(
    ({ type, step: id, body }) => type === 'step.outcome' && id === step && body['act'] === null,
  );
  if (found === undefined) throw new Error(`no outcome of step ${step}`);
  return found.body['result'] as Record<string, unknown>;
}

/** The user PIN of a unit, from the player's file: the two parts joined. */
function userPin(unit: string): string {
  const { pins } = JSON.parse(readFileSync(join(kept, 'player.json'), 'utf8')) as {
    pins: { of: string; role: string; part: number; pin: string }[];
  };
  return pins
    .filter(({ of, role }) => of === unit && role === 'user')
    .sort((left, right) => left.part - right.part)
    .map(({ pin }) => pin)
    .join('');
}

const UNITS = [
  { id: 'unit-a', label: 'payments-unit-a' },
  { id: 'unit-b', label: 'payments-unit-b' },
];
const softhsm = { SOFTHSM2_CONF: join(kept, 'units', 'softhsm2.conf') };

describe('the bundle', () => {
  it('is printed last, and is complete', () => {
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout.trim().split('\n').at(-1)).toBe(bundle);
    const there = readdirSync(bundle).sort();
    expect(there).toEqual([
      'README.txt',
      'SHA256SUMS',
      'approvals',
      'attachments',
      'binding.json',
      'binding.yaml',
      'checkpoints',
      'keys',
      'packages',
      'plan.json',
      'plan.yaml',
      'report.html',
      'report.pdf',
      'transcript.jsonl',
      'verify.sh',
    ]);
  });

  it('is consistent by itself, and verified with the plan hash or an approver’s key from outside', async () => {
    const checked = await keyrite(['check', FIRST_CEREMONY, '--json']);
    const { planSha256 } = JSON.parse(checked.stdout) as { planSha256: string };
    const approver = join(bundle, 'keys', 'heidi.pem');
    const pristine = join(CHECKOUT, 'ceremony', 'bundle', 'verify.sh');
    for (const [outside, verdict] of [
      [[], 'consistent'],
      [['--plan-hash', planSha256], 'verified'],
      [['--approver', approver], 'verified'],
    ] as const) {
      const ours = await keyrite(['verify', bundle, ...outside, '--json']);
      expect(ours.code).toBe(0);
      expect(JSON.parse(ours.stdout)).toMatchObject({ verdict, findings: [], exceptions: 0, withheld: 0 });
      expect(tool('sh', [pristine, bundle, ...outside]).toString()).toMatch(new RegExp(`^verdict: ${verdict}`, 'm'));
    }
  });

  it('names who acted and who watched in every step after the roll call, and whose PIN was set', () => {
    const all = lines();
    const rollCall = all.find(
      ({ step, type, body }) => step === 'roll-call' && type === 'step.outcome' && body['act'] === null,
    );
    const after = all.filter(({ seq }) => seq >= (rollCall?.seq ?? Infinity));
    const named = after.filter(({ type }) => ['step.started', 'step.intent', 'step.outcome'].includes(type));
    expect(named.length).toBeGreaterThan(40);
    for (const { seq, by, body } of named) {
      expect(by.length, `line ${String(seq)}`).toBeGreaterThan(0);
      expect(body['witness'], `line ${String(seq)}`).toEqual(['frank', 'grace']);
    }
    const pin = after.find(({ body }) => body['operation'] === 'C_InitPIN');
    expect(pin?.by).toEqual(['alice', 'bob']);
    // Nobody had proved to be there before.
    expect(all.filter(({ seq, body }) => seq < 4 && 'witness' in body)).toEqual([]);
  });

  it('is not verified by a plan hash or a key that is another’s', async () => {
    const wrong = await keyrite(['verify', bundle, '--plan-hash', 'ab'.repeat(32), '--json']);
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ verdict: 'refused' });
  });

  it('lies on the medium too, byte for byte', () => {
    const media = join(kept, 'media');
    const [ceremony = ''] = readdirSync(media);
    const copy = join(media, ceremony, 'evidence-usb', ceremony);
    expect(tool('diff', ['-r', bundle, copy]).toString()).toBe('');
  });

  it('has an intent before each irreversible act, and the answer after it', () => {
    const irreversible = lines()
      .filter(({ type }) => type === 'step.intent')
      .map(({ body }) => String(body['act']));
    for (const unit of ['unit-a', 'unit-b']) {
      for (const act of [
        'token',
        'user-pin',
        'identity',
        'thresholds',
        'load-1',
        'load-2',
        'load-3',
        'commit',
        'activate',
      ]) {
        expect(irreversible).toContain(`${unit}/${act}`);
      }
    }
    expect(irreversible).toContain('make');
    expect(irreversible).toContain('write');
  });
});

describe('the units, as stock tools see them', () => {
  it.each(UNITS)('$id: the master key is AES, sensitive, not extractable, and does not decrypt', ({ id, label }) => {
    const args = ['--module', SOFTHSM2, '--token-label', label, '--login', '--pin', userPin(id)];
    const listed = tool('pkcs11-tool', [...args, '-O', '--type', 'secrkey'], undefined, softhsm).toString();
    expect(listed).toContain('Secret Key Object; AES');
    expect(listed).toContain('label:      keyrite:mk:current');
    expect(/Usage: +(.*)/.exec(listed)?.[1]).toBe('wrap, unwrap');
    expect(/Access: +(.*)/.exec(listed)?.[1]).toBe('sensitive');
    expect(listed.match(/Secret Key Object/g)).toHaveLength(1);
    expect(listed).not.toMatch(/VALUE: +[0-9a-f]/);
  });

  it('a C program without a line of ours computes the transcript’s verification pattern on both', () => {
    const binary = join(room.folder, 'verification-pattern');
    tool('cc', [
      '-std=c11',
      '-Wall',
      '-Wno-strict-prototypes',
      '-o',
      binary,
      join(CHECKOUT, 'test', 'verification-pattern.c'),
      '-ldl',
    ]);
    const recorded = stepResult('verify-current')['pattern'];
    expect(recorded).toMatch(/^[0-9a-f]{64}$/);
    for (const { id, label } of UNITS) {
      const printed = tool(binary, [SOFTHSM2, label, 'keyrite:mk:current'], userPin(id), softhsm).toString();
      expect(/^pattern ([0-9a-f]{64})$/m.exec(printed)?.[1]).toBe(recorded);
    }
  });
});

describe('the key package', () => {
  const file = (): string => join(bundle, 'packages', 'payments-root.keypackage.json');
  interface Package {
    readonly fields: { readonly payload: string; readonly iv: string; readonly encryptedNonce: string };
    readonly publicKeySha256: string;
    readonly checkValue: { readonly algorithm: string; readonly value: string };
    readonly wrappedIn: string;
    readonly line: number;
  }
  const read = (): Package => JSON.parse(readFileSync(file(), 'utf8')) as Package;

  /** The root key, by openssl and the service's private key. */
  function unwrap(): Buffer {
    const { fields, publicKeySha256 } = read();
    const pem = join(kept, 'connected', 'service', 'import-tokens', `${publicKeySha256}.pem`);
    const options = ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256', 'rsa_mgf1_md:sha256'].flatMap((one) => [
      '-pkeyopt',
      one,
    ]);
    return tool('openssl', ['pkeyutl', '-decrypt', '-inkey', pem, ...options], Buffer.from(fields.payload, 'base64'));
  }

  it('unwraps by openssl to a key with the transcript’s check value', () => {
    const key = unwrap();
    expect(key).toHaveLength(32);
    const mac = tool(
      'openssl',
      ['mac', '-cipher', 'AES-256-CBC', '-macopt', `hexkey:${key.toString('hex')}`, 'CMAC'],
      Buffer.alloc(16),
    );
    const value = mac.toString().trim().toLowerCase().slice(0, 10);
    expect(read().checkValue).toEqual({ algorithm: 'aes-cmac', value });
    expect(resultOf('make')['checkValue']).toEqual({ algorithm: 'aes-cmac', value });
  });

  it('holds the nonce under that key', () => {
    const { fields } = read();
    const sealed = Buffer.from(fields.encryptedNonce, 'base64');
    // openssl enc has no GCM: CTR from the counter block that GCM begins with gives the plaintext.
    const counter = `${Buffer.from(fields.iv, 'base64').toString('hex')}00000002`;
    const nonce = tool(
      'openssl',
      ['enc', '-d', '-aes-256-ctr', '-K', unwrap().toString('hex'), '-iv', counter, '-nopad'],
      sealed.subarray(0, 12),
    );
    const parameters = JSON.parse(
      readFileSync(join(bundle, 'attachments', 'key-protect.wrapping-parameters.json'), 'utf8'),
    ) as { nonce: string };
    expect(nonce.toString('base64')).toBe(parameters.nonce);
  });

  it('names the line that tells of it, and the key was sensitive all its life', () => {
    const { line, wrappedIn } = read();
    const told = lines()[line];
    expect(told).toMatchObject({ type: 'step.outcome', body: { act: 'make' } });
    expect(told?.body['result']).toMatchObject({
      wrappedIn,
      destroyed: true,
      attributes: {
        CKA_SENSITIVE: true,
        CKA_ALWAYS_SENSITIVE: true,
        CKA_LOCAL: true,
        CKA_TOKEN: false,
        CKA_DECRYPT: false,
      },
    });
    const inventory = lines().filter(({ type, body }) => type === 'fact.recorded' && body['fact'] === 'inventory');
    expect(inventory).toHaveLength(2);
    expect(JSON.stringify(inventory)).not.toContain('payments-root');
  });

  it('was uploaded: the service unwrapped it and answered with a receipt for this very file', () => {
    const folder = join(kept, 'connected');
    const receipts = readdirSync(folder).filter((name) => name.endsWith('.receipt.json'));
    expect(receipts).toHaveLength(1);
    const receipt = readFileSync(join(folder, receipts[0] ?? ''), 'utf8');
    expect(receipt).toContain(createHash('sha256').update(readFileSync(file())).digest('hex'));
    expect(first.stderr).toContain('the service unwrapped it as key');
  });
});

describe('the rotation', () => {
  it('goes on from the first ceremony’s units and gives the same key of the service a new version', async () => {
    const out = join(room.folder, 'rotation');
    const ended = await keyrite([
      'rehearse',
      join(CHECKOUT, 'examples', 'root-key-rotate.ceremony.yaml'),
      '--out',
      out,
      '--json',
    ]);
    expect(ended.code, ended.stderr).toBe(0);
    const { uploaded } = JSON.parse(ended.stdout) as { uploaded: Record<string, string> };
    expect(ended.stderr.match(new RegExp(`as key ${String(uploaded['payments-root'])}`, 'g'))).toHaveLength(2);
    for (const path of [out, `${out}.first-ceremony`]) {
      const verdict = await keyrite(['verify', path, '--json']);
      expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [] });
      expect(tool('sh', [join(path, 'verify.sh')]).toString()).toMatch(/^verdict: consistent/m);
    }
    const connected = transcript(out).filter(({ body }) => body['fact'] === 'unit.connected');
    expect(connected).toHaveLength(2);
  });
});

describe('wrapping parameters given from outside', () => {
  it('are used instead of a service, and nothing is uploaded', async () => {
    const [parameters = ''] = readdirSync(join(kept, 'connected')).filter((name) => name.endsWith('key-protect.json'));
    const out = join(room.folder, 'given');
    const ended = await keyrite(['rehearse', '--out', out, '--params', join(kept, 'connected', parameters)]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).not.toContain('uploaded');
    expect(readFileSync(join(out, 'attachments', 'key-protect.wrapping-parameters.json'))).toEqual(
      readFileSync(join(kept, 'connected', parameters)),
    );
  });
});

describe('what else is printed', () => {
  it('inspect tells of plan, binding, parameters, package and receipt, and shows no wrapped value', async () => {
    const { payload } = (
      JSON.parse(readFileSync(join(bundle, 'packages', 'payments-root.keypackage.json'), 'utf8')) as {
        fields: { payload: string };
      }
    ).fields;
    const folder = join(kept, 'connected');
    const [receipt = ''] = readdirSync(folder).filter((name) => name.endsWith('.receipt.json'));
    const files = {
      'ceremony plan': join(bundle, 'plan.yaml'),
      binding: join(bundle, 'binding.yaml'),
      'wrapping parameters': join(bundle, 'attachments', 'key-protect.wrapping-parameters.json'),
      'key package': join(bundle, 'packages', 'payments-root.keypackage.json'),
      receipt: join(folder, receipt),
      'signed approval': join(bundle, 'approvals', 'heidi.dsse.json'),
      'signed checkpoint': join(bundle, 'checkpoints', '0001.dsse.json'),
    };
    for (const [kind, path] of Object.entries(files)) {
      const shown = await keyrite(['inspect', path]);
      expect(shown.code, shown.stderr).toBe(0);
      expect(shown.stdout.split('\n')[0]).toBe(kind);
      expect(shown.stdout).not.toContain(payload);
      expect(JSON.parse((await keyrite(['inspect', path, '--json'])).stdout)).toMatchObject({ kind });
    }
  });

  it('the report and the script are written once, and never over something', async () => {
    const report = join(room.folder, 'report.html');
    expect((await keyrite(['report', bundle, '-o', report])).code).toBe(0);
    expect(readFileSync(report, 'utf8')).toContain('<!doctype html>');
    const again = await keyrite(['report', bundle, '-o', report]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('nothing is overwritten');
    const script = join(room.folder, 'script.html');
    expect((await keyrite(['script', FIRST_CEREMONY, '-o', script])).code).toBe(0);
    expect(existsSync(script)).toBe(true);
  });

  it('the report of a bundle that was tampered with says so', async () => {
    const tampered = join(room.folder, 'tampered');
    cpSync(bundle, tampered, { recursive: true });
    const path = join(tampered, 'transcript.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"present"', '"absent "'));
    const out = join(room.folder, 'tampered.html');
    const ended = await keyrite(['report', tampered, '-o', out]);
    expect(ended.code).toBe(1);
    expect(readFileSync(out, 'utf8')).toContain('Refused: something does not hold');
  });
});
