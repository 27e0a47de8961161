/** The native companion is compiled when its source, or what it is made into, has changed, and not otherwise. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMPANION, buildCompanion } from '../../scripts/setup/native-module.mjs';
import { SetupFailure } from '../../scripts/setup/step.mjs';

let root: string;
const source = () => join(root, 'hsm/native/keyrite-native.c');
const build = () => buildCompanion(root, () => undefined);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'keyrite-native-'));
  cpSync(resolve('hsm/native'), join(root, 'hsm/native'), { recursive: true });
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

test('once', async () => {
  expect(await build()).toBe('compiled; it loads');
  expect(await build()).toBe('already compiled; it loads');
});

test('again when the source changes, or the result was changed or lost', async () => {
  writeFileSync(source(), `${readFileSync(source(), 'utf8')}/* more */\n`);
  expect(await build()).toBe('compiled; it loads');
  writeFileSync(join(root, COMPANION), 'no library');
  expect(await build()).toBe('compiled; it loads');
  rmSync(join(root, COMPANION));
  expect(await build()).toBe('compiled; it loads');
  expect(await build()).toBe('already compiled; it loads');
});

test('and a warning of the compiler is an error, after which the result of before is not taken for the new one', async () => {
  writeFileSync(source(), `${readFileSync(source(), 'utf8')}static int nobody_calls_this(void) { return 1; }\n`);
  await expect(build()).rejects.toThrow(SetupFailure);
  await expect(build()).rejects.toThrow();
});
