/**
 * Every algorithm of a roster on real tokens: SoftHSM2 has all five, NSS softoken all but Ed25519, opencryptoki's soft
 * token RSA alone. Each signature is verified here, and again by openssl.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SIGNATURE_ALGORITHMS, isValidSignature, type SignatureAlgorithm } from '../../ceremony/command/dsse';
import type { Module } from '../../ceremony/plan/binding-schema';
import { isProperKey } from '../../ceremony/transcript/roster-key';
import { findNss, makeNssStore } from '../../workstation/rehearsal/nss-store';
import { enterStore, findOpencryptoki, makeOpencryptokiStore } from '../../workstation/rehearsal/opencryptoki-store';
import { findSoftHsm, makeSoftHsmStore } from '../../workstation/rehearsal/softhsm-store';
import type { CardTarget } from '../../hsm/contract';
import { opensslAccepts } from '../wycheproof/openssl';
import type { CardResults } from './card-on-module';
import { StandIns } from './stand-in';
import { makeStore, type Store } from './softhsm';

const folder = mkdtempSync(join(tmpdir(), 'keyrite-cards-'));
const program = join(folder, 'card-on-module.mjs');
beforeAll(async () => {
  await build({
    entryPoints: [resolve('test/unit/card-on-module.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // The companion is looked for beside its sources, and found where the build puts it.
    define: { __dirname: JSON.stringify(resolve('hsm/native')) },
    alias: { pkcs11js: resolve('node_modules/pkcs11js/index.js') },
    external: ['*.node', resolve('node_modules/pkcs11js/index.js')],
  });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run(module: Module): CardResults {
  const node = [process.execPath, program, JSON.stringify(module)];
  const command = [...enterStore(folder, module), ...node];
  const env = { ...process.env, ...Object.fromEntries(module.environment.map(({ name, value }) => [name, value])) };
  return JSON.parse(
    execFileSync('env', command, { env, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 }),
  ) as CardResults;
}

/** Modules, whether they are here, and what they say of the algorithms that they lack. */
const MODULES: readonly {
  readonly name: string;
  readonly isHere: () => unknown;
  readonly make: () => Module;
  readonly lacks: Partial<Record<SignatureAlgorithm, string>>;
}[] = [
  { name: 'SoftHSM2', isHere: findSoftHsm, make: () => makeSoftHsmStore(folder, 'softhsm'), lacks: {} },
  {
    name: 'NSS softoken',
    isHere: findNss,
    make: () => makeNssStore(folder, 'nss', ['KR-CARD']),
    lacks: { ed25519: 'CKR_MECHANISM_INVALID' },
  },
  {
    name: 'opencryptoki',
    isHere: findOpencryptoki,
    make: () => makeOpencryptokiStore(folder, 'opencryptoki'),
    lacks: {
      'ecdsa-p256-sha256': 'CKR_MECHANISM_INVALID',
      'ecdsa-p384-sha384': 'CKR_MECHANISM_INVALID',
      'ecdsa-p521-sha512': 'CKR_MECHANISM_INVALID',
      ed25519: 'CKR_MECHANISM_INVALID',
    },
  },
];

describe.each(MODULES)('a person’s token on $name', ({ make, lacks }) => {
  let results: CardResults;
  beforeAll(() => {
    results = run(make());
  });

  it.each(SIGNATURE_ALGORITHMS)('%s', (algorithm) => {
    const result = results[algorithm];
    const missing = lacks[algorithm];
    if ('code' in result || missing !== undefined) {
      expect(result).toMatchObject({ code: missing });
      return;
    }
    const key = { algorithm, spki: result.spki };
    expect(isProperKey(key)).toBe(true);
    expect(result.signed).toHaveLength(40);
    const lengths = new Set<number>();
    for (const [index, { message, signature }] of result.signed.entries()) {
      const [said, signed] = [Buffer.from(message, 'base64'), Buffer.from(signature, 'base64')];
      lengths.add(signed.length);
      expect(isValidSignature(key, said, signed), `signature ${String(index)}`).toBe(true);
      expect(isValidSignature(key, Buffer.concat([said, Buffer.alloc(1)]), signed)).toBe(false);
      // Each fifth, since a process of openssl is started for it.
      if (index % 5 === 0) expect(opensslAccepts(key, said, signed), `signature ${String(index)}`).toBe(true);
    }
    // Of ECDSA some r or s is a byte longer or shorter than another; the others have one length.
    expect(lengths.size > 1).toBe(algorithm.startsWith('ecdsa'));
  });
});

describe('a token that holds the key and lacks the mechanism', () => {
  const PINS = { 'anna/card/1': 'anna-pin' };
  let store: Store;
  let workers: StandIns;
  beforeAll(() => {
    store = makeStore();
    workers = new StandIns(store, PINS);
  });
  afterAll(() => {
    store.remove();
  });

  function makeCard(label: string, algorithm: SignatureAlgorithm): CardTarget {
    const made = workers.get('card.prepare', { participant: 'anna', label, keyLabel: 'sign', algorithm });
    const address = { blank: false, label, serial: made.serial };
    return { participant: 'anna', address, keyLabel: 'sign', algorithm, spki: made.spki };
  }

  it.each([
    ['ecdsa-p521-sha512', 'CKM_ECDSA', '0x70', 'CKR_MECHANISM_INVALID'],
    ['ed25519', 'CKM_EDDSA', '0x70', 'CKR_MECHANISM_INVALID'],
    ['rsa-pss-sha256', 'CKM_RSA_PKCS_PSS with SHA-256 and a salt of 32 bytes', '0x71', 'CKR_MECHANISM_PARAM_INVALID'],
  ] as const)('says so for %s', (algorithm, mechanism, code, ckr) => {
    const card = makeCard(algorithm, algorithm);
    const ended = workers.run(`C_SignInit:${code}`, { operation: 'card.sign', args: { card, message: 'AAAA' } });
    expect(ended.answers[0]?.error).toMatchObject({
      code: 'ALGORITHM_MISSING',
      message: `the token of anna: it holds the key, and cannot sign with it by ${algorithm}: it has no ${mechanism} (${ckr}).`,
      changed: 'Nothing was signed.',
      uncertain: false,
    });
  });

  it('signs by PSS with the token’s own hash where the token does not take a hash', () => {
    const card = makeCard('PSS', 'rsa-pss-sha256');
    const ended = workers.run('C_SignInit:0x70:1', { operation: 'card.sign', args: { card, message: 'AAAA' } });
    const signature = Buffer.from(String(ended.answers[0]?.result), 'base64');
    expect(isValidSignature(card, Buffer.from('AAAA', 'base64'), signature)).toBe(true);
  });

  it('needs no public key on the token: the signature shows whether it is the bound one', () => {
    const card = makeCard('BARE', 'ecdsa-p384-sha384');
    const whose = ['--token-label', 'BARE', '--login', '--pin', 'anna-pin', '--label', 'sign'];
    store.tool(...whose, '--delete-object', '--type', 'pubkey');
    expect(store.tool(...whose, '--list-objects', '--type', 'pubkey')).not.toContain('label:      sign');
    const signature = Buffer.from(workers.get('card.sign', { card, message: 'AAAA' }), 'base64');
    expect(isValidSignature(card, Buffer.from('AAAA', 'base64'), signature)).toBe(true);
    const other = makeCard('OTHER', 'ecdsa-p384-sha384');
    const mistaken = workers.run(null, {
      operation: 'card.sign',
      args: { card: { ...card, spki: other.spki }, message: 'AAAA' },
    });
    expect(mistaken.answers[0]?.error).toMatchObject({
      code: 'CARD_CHANGED',
      message: 'the token of anna: its signature does not hold under the bound key.',
    });
    expect(existsSync(store.folder)).toBe(true);
  });
});
