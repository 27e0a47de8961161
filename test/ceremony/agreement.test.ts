/**
 * The master key brought in under a key agreed by ECDH: where the token has no OAEP, and where the plan asks for it. The record
 * says which way was used, and nothing of it is left on the token.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isValidSignature, type SignatureAlgorithm } from '../../ceremony/command/dsse';
import { agreementKeyStatement } from '../../ceremony/command/statements';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles } from '../bundle/mutation/bundle-files';
import { judgeByPython } from '../bundle/mutation/third-verifier';
import { keyrite, scratch, transcript } from './program';
import { writeImportPlan } from './small-plans';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const place = scratch();
afterAll(place.leave);
const at = (name: string): string => join(place.folder, name);

beforeAll(() => {
  execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', at('shim.so'), resolve('test/fault-shim.c'), '-ldl']);
});

async function expectConsistent(bundle: string): Promise<void> {
  const files = await readFiles(bundle);
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  expect(await judgeByPython(files)).toBe('consistent');
}

/** The import keys on record; each is vouched for by the identity key. */
function importKeys(bundle: string): { agreement?: string; kdf?: 'sha256' | 'none'; oaep?: string; spki: string }[] {
  const lines = transcript(bundle);
  const made = lines.find(({ body }) => body['act'] === 'unit-1/identity' && 'result' in body);
  const { spki, algorithm } = made?.body['result'] as { spki: string; algorithm: SignatureAlgorithm };
  return lines.flatMap(({ body }) => {
    if (body['fact'] !== 'import-key') return [];
    const value = body['value'] as { kdf?: 'sha256' | 'none'; spki: string; signature: string };
    if (value.kdf !== undefined) {
      const statement = agreementKeyStatement(value.spki, value.kdf);
      const signature = Buffer.from(value.signature, 'base64');
      expect(isValidSignature({ algorithm, spki }, statement, signature)).toBe(true);
    }
    return [value];
  });
}

it('a token without OAEP agrees on a key instead, also after its module died in the midst of it', async () => {
  const bundle = at('lacking');
  mkdirSync(at('tokens'));
  writeFileSync(at('conf'), `directories.tokendir = ${at('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  const args = ['rehearse', writeImportPlan(at('any.ceremony.yaml'), null), '--module', at('shim.so'), '--out', bundle];
  const ended = await keyrite(args, {
    SOFTHSM2_CONF: at('conf'),
    KEYRITE_LACKS: '0x9',
    KEYRITE_FAULT: 'C_UnwrapKey[keyrite:mk:uncommitted]:segv',
    KEYRITE_FAULT_ONCE: at('happened'),
  });
  expect(ended.code, ended.stderr).toBe(0);
  await expectConsistent(bundle);
  const agreed = { agreement: 'ecdh-p256', kdf: 'none' };
  expect(importKeys(bundle)).toEqual([expect.objectContaining(agreed), expect.objectContaining(agreed)]);
  const [first, second] = importKeys(bundle);
  expect(first?.spki).not.toBe(second?.spki);
  const report = readFileSync(join(bundle, 'report.html'), 'utf8');
  expect(report).toContain('was agreed with it by ECDH');
});

const ASKED_FOR = [
  ['nss', 'sha256'],
  ['softhsm2', 'none'],
] as const;

it.each(DEEP ? ASKED_FOR : ASKED_FOR.slice(0, 1))(
  'where the plan asks for it, on %s, it comes in so',
  async (module, kdf) => {
    const bundle = at(module);
    const plan = writeImportPlan(at('ecdh.ceremony.yaml'), 'ecdh');
    const ended = await keyrite(['rehearse', plan, '--module', module, '--out', bundle]);
    expect(ended.code, ended.stderr).toBe(0);
    await expectConsistent(bundle);
    expect(importKeys(bundle)).toEqual([expect.objectContaining({ agreement: 'ecdh-p256', kdf })]);
  },
);

it('a token that cannot is refused before anything is brought in: opencryptoki has no curves', async () => {
  const bundle = at('refused');
  const plan = writeImportPlan(at('ecdh.ceremony.yaml'), 'ecdh');
  const ended = await keyrite(['rehearse', plan, '--module', 'opencryptoki', '--out', bundle]);
  expect(ended.code).not.toBe(0);
  expect(ended.stderr).toContain('the token agrees by ECDH on no key that unwraps a master key');
  const failed = transcript(bundle).filter(({ type }) => type === 'step.failed');
  expect(failed[0]?.body['error']).toMatchObject({ code: 'ECDH_NOT_SUPPORTED' });
});
