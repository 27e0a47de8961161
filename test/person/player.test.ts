import fc from 'fast-check';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openPlayer } from '../../workstation/rehearsal/player';
import { readPlayerFile } from '../../workstation/rehearsal/player-file';
import type { Dialogue } from '../../hsm/contract';

let folder: string;
let file: string;
const { signal } = new AbortController();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyrite-player-'));
  file = join(folder, 'player.json');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const pin = (fields: object = {}): Dialogue => ({
  kind: 'pin',
  of: 'unit-a',
  role: 'user',
  part: 1,
  parts: 2,
  holder: 'ada',
  make: false,
  minimum: 4,
  maximum: 255,
  warning: null,
  ...fields,
});
const share = { custodian: 'carol', set: 'ab'.repeat(16), index: 1, of: 3, form: 'rows' } as const;
const show: Dialogue = { kind: 'share-show', ...share };
const enter: Dialogue = { kind: 'share-enter', ...share, refused: null };

async function answer(dialogue: Dialogue, body = ''): Promise<string | null> {
  return (await openPlayer(file).answer(dialogue, Buffer.from(body), signal))?.toString() ?? null;
}

function faults(...list: object[]): void {
  const known = readPlayerFile(file);
  writeFileSync(file, JSON.stringify({ ...known, faults: list }));
}

test('makes up a PIN of 12 digits once, whoever is asked, and gives it again after a restart', async () => {
  expect(await answer(pin())).toBeNull();
  const made = await answer(pin({ make: true }));
  expect(made).toMatch(/^[0-9]{12}$/);
  expect(await answer(pin({ holder: 'bea' }))).toBe(made);
  expect(await answer(pin({ make: true }))).toBe(made);
  const others = await Promise.all(
    [{ part: 2 }, { role: 'security-officer' }, { of: 'unit-b' }].map((fields) =>
      answer(pin({ make: true, ...fields })),
    ),
  );
  expect(new Set([made, ...others]).size).toBe(4);
});

test('keeps to the limits of the token', async () => {
  expect(await answer(pin({ make: true, of: 'long', minimum: 16 }))).toMatch(/^[0-9]{16}$/);
  expect(await answer(pin({ make: true, of: 'short', maximum: 6 }))).toMatch(/^[0-9]{6}$/);
});

test('types back the worksheet it was shown', async () => {
  expect(await answer(enter)).toBeNull();
  expect(await answer(show, 'KEYRITE SHARE\n1   0A1B 2C3D   7E\n')).toBe('');
  expect(await answer(enter)).toBe('KEYRITE SHARE\n1   0A1B 2C3D   7E\n');
  expect(await answer({ ...enter, index: 2 })).toBeNull();
});

test('writes its file for its owner only, and leaves no other', async () => {
  await answer(pin({ make: true }));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  chmodSync(file, 0o644);
  await answer(show, 'text');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['player.json']);
});

test('commits the faults it is told to, as often as it is told to, across restarts', async () => {
  const made = (await answer(pin({ make: true }))) ?? '';
  await answer(show, 'row 0A19');
  faults(
    { match: { kind: 'pin', of: 'unit-b' }, do: 'refuse' },
    { match: { kind: 'pin', make: false }, do: 'wrong-pin', times: 2 },
    { match: { kind: 'share-enter', custodian: 'carol' }, do: 'wrong-character' },
    { match: { kind: 'share-show' }, do: 'delay', milliseconds: 80 },
  );
  const wrong = await answer(pin());
  expect(wrong).not.toBe(made);
  expect(wrong).toHaveLength(made.length);
  expect(await answer(pin())).toBe(wrong);
  expect(await answer(pin())).toBe(made);
  expect(await answer(pin({ of: 'unit-b', make: true }))).toBeNull();
  expect(await answer(pin({ of: 'unit-b', make: true }))).toMatch(/^[0-9]{12}$/);
  expect(await answer(enter)).toBe('row 0A10');
  expect(await answer(enter)).toBe('row 0A19');
  const before = performance.now();
  await answer(show, 'row');
  expect(performance.now() - before).toBeGreaterThan(70);
});

test('refuses a file that is not a player file, without showing what is in it', () => {
  for (const [content, message] of [
    ['{', 'player file: not JSON'],
    [
      '{"keyrite":"player/1","pins":[{"of":"unit-a","role":"user","part":1,"pin":73310954}],"worksheets":[]}',
      'player file: wrong at pins.0.pin',
    ],
    [' '.repeat(1024 * 1024 + 1), 'player file: expected at most 1048576 bytes, got 1048577'],
  ] as const) {
    writeFileSync(file, content);
    expect(() => openPlayer(file)).toThrow(new RangeError(message));
  }
});

test('reads any bytes as a player file or refuses them as none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (content) => {
      writeFileSync(file, content);
      expect(() => readPlayerFile(file)).toThrow(RangeError);
      expect(readFileSync(file, 'utf8')).toBe(content);
    }),
    { numRuns: 100 },
  );
});

test('a passphrase is made up, kept and given like a PIN, and mistyped when a test wants it', async () => {
  const passphrase: Dialogue = {
    kind: 'passphrase',
    holder: 'ada',
    make: false,
    minimum: 1,
    maximum: 1024,
    wrong: false,
  };
  expect(await answer(passphrase)).toBeNull();
  const made = await answer({ ...passphrase, make: true, minimum: 12 });
  expect(made).toMatch(/^[0-9]{12}$/);
  expect(await answer(passphrase)).toBe(made);
  expect(readPlayerFile(file).pins).toEqual([{ of: 'ada', role: 'key-file', part: 1, pin: made }]);
  faults({ match: { kind: 'passphrase', holder: 'ada' }, do: 'wrong-pin' });
  expect(await answer(passphrase)).not.toBe(made);
  expect(await answer({ ...passphrase, wrong: true })).toBe(made);
});

test('the passphrase of a share’s file is made up and kept for each share; an identity is nobody’s to give', async () => {
  const key: Dialogue = {
    kind: 'share-key',
    custodian: 'ada',
    set: '00112233445566778899aabbccddeeff',
    index: 2,
    of: 3,
    what: 'passphrase',
    make: false,
    minimum: 16,
    maximum: 256,
    refused: null,
  };
  expect(await answer(key)).toBeNull();
  const made = await answer({ ...key, make: true });
  expect(made).toMatch(/^[0-9]{16}$/);
  expect(await answer(key)).toBe(made);
  expect(await answer({ ...key, index: 3, make: true })).not.toBe(made);
  expect(await answer({ ...key, what: 'identity' })).toBeNull();
});
