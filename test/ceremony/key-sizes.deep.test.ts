/**
 * Master keys of 128 and 192 bits from beginning to end: sheets with fewer rows or words, and what custodians hold gives
 * back the key whose pattern the unit shows, by stock tools. And what the record tells of the randomness that was mixed.
 */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles } from '../bundle/mutation/bundle-files';
import { judgeByPython } from '../bundle/mutation/third-verifier';
import { itWhere } from '../run-where';
import { keyrite, scratch, transcript } from './program';
import { writeKeySizePlan } from './small-plans';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const place = scratch();
afterAll(place.leave);
const at = (name: string): string => join(place.folder, name);
const { recoverSecret } = createRequire(import.meta.url)('slip39') as {
  readonly recoverSecret: (mnemonics: readonly string[], passphrase: string) => readonly number[];
};

/** Sheets that the player was shown. */
function sheets(room: string): string[] {
  const memory = JSON.parse(readFileSync(join(room, 'player.json'), 'utf8')) as { worksheets: { text: string }[] };
  return memory.worksheets.map(({ text }) => text);
}

/** CMAC by OpenSSL's command line. */
function cmac(key: Buffer, byte: number): string {
  const cipher = `AES-${String(key.length * 8)}-CBC`;
  const args = ['mac', '-cipher', cipher, '-macopt', `hexkey:${key.toString('hex')}`, '-in', '-', 'CMAC'];
  return execFileSync('openssl', args, { input: Buffer.alloc(16, byte) })
    .toString()
    .trim()
    .toLowerCase();
}

interface Made {
  readonly shareSet: { readonly bytes?: number; readonly pattern: string };
  readonly randomness: { readonly mixed: readonly object[]; readonly without: readonly object[] };
}

function made(bundle: string): Made {
  const line = transcript(bundle).find(({ body }) => body['act'] === 'set' && 'result' in body);
  return line?.body['result'] as Made;
}

async function carriedOut(
  name: string,
  plan: string,
  more: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Made> {
  const bundle = at(`${name}-bundle`);
  const ended = await keyrite(['rehearse', plan, ...more, '--out', bundle, '--keep', at(`${name}-room`)], environment);
  expect(ended.code, ended.stderr).toBe(0);
  const files = await readFiles(bundle);
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  expect(await judgeByScript(files)).toMatchObject({ verdict: 'consistent' });
  expect(await judgeByPython(files)).toBe('consistent');
  return made(bundle);
}

it('192 bits as components: six rows to a sheet, and brought in by agreement', async () => {
  const { shareSet, randomness } = await carriedOut('rows', writeKeySizePlan(at('rows.yaml'), 192, null, 'ecdh'));
  expect(shareSet.bytes).toBe(24);
  const components = sheets(at('rows-room')).map((text) =>
    [...text.matchAll(/^[1-8] {3}([0-9A-F]{4}) ([0-9A-F]{4})/gmu)].map(([, a = '', b = '']) => a + b),
  );
  expect(components.map((rows) => rows.length)).toEqual([6, 6, 6]);
  const key = Buffer.alloc(24);
  for (const rows of components)
    for (const [place_, byte] of Buffer.from(rows.join(''), 'hex').entries()) key[place_] = (key[place_] ?? 0) ^ byte;
  expect(cmac(key, 1) + cmac(key, 2)).toBe(shareSet.pattern);
  expect(randomness).toEqual({
    mixed: [
      { source: 'workstation-csprng:1', bytes: 64 },
      { source: 'workstation-csprng:2', bytes: 64 },
      { source: 'token:unit-1', bytes: 64 },
    ],
    without: [],
  });
}, 180_000);

it('128 bits as threshold shares: twenty words to a sheet, which others recover', async () => {
  const { shareSet } = await carriedOut('words', writeKeySizePlan(at('words.yaml'), 128, 2));
  expect(shareSet.bytes).toBe(16);
  const words = sheets(at('words-room')).map((text) => (text.split('\n\n')[1]?.match(/[a-z]+/gu) ?? []).join(' '));
  expect(words.map((one) => one.split(' ').length)).toEqual([20, 20, 20]);
  const key = Buffer.from(recoverSecret(words.slice(1), ''));
  expect(cmac(key, 1) + cmac(key, 2)).toBe(shareSet.pattern);
}, 180_000);

it('made before the unit is initialised, it has no randomness of a token, and the record says so', async () => {
  const plan = writeKeySizePlan(at('early.yaml'), 256, null);
  const { steps, ...rest } = parse(readFileSync(plan, 'utf8')) as { steps: { id: string; phase: string }[] };
  const [generate, initialise] = ['generate', 'initialise'].map((id) => steps.find((one) => one.id === id)!);
  const others = steps.filter((one) => one !== generate);
  others.splice(others.indexOf(initialise!), 0, { ...generate!, phase: initialise!.phase });
  writeFileSync(plan, stringify({ ...rest, steps: others }, { aliasDuplicateObjects: false }));
  const { shareSet, randomness } = await carriedOut('early', plan);
  expect(shareSet).not.toHaveProperty('bytes');
  expect(randomness.mixed).toHaveLength(2);
  expect(randomness.without).toEqual([{ unit: 'unit-1', why: 'not initialised by then' }]);
  const report = readFileSync(join(at('early-bundle'), 'report.html'), 'utf8');
  expect(report).toContain('from the workstation’s random generator alone');
}, 180_000);

itWhere(DEEP)(
  'a unit whose generator fails holds nothing up, and is named',
  async () => {
    execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', at('shim.so'), resolve('test/fault-shim.c'), '-ldl']);
    mkdirSync(at('tokens'));
    writeFileSync(
      at('conf'),
      `directories.tokendir = ${at('tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
    const plan = writeKeySizePlan(at('failing.yaml'), 256, null);
    const { randomness } = await carriedOut('failing', plan, ['--module', at('shim.so')], {
      SOFTHSM2_CONF: at('conf'),
      KEYRITE_FAULT: 'C_GenerateRandom:0x121',
    });
    expect(randomness.mixed).toHaveLength(2);
    expect(randomness.without).toEqual([{ unit: 'unit-1', why: 'CKR_RANDOM_NO_RNG' }]);
  },
  180_000,
);
