/** The package as it is made: its fuses, what is in it, and in what the package for tests differs from it. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { beforeAll, describe, expect, test } from 'vitest';
import { fusesOf } from '../../scripts/package/fuses.mjs';
import { packageApp, packageForTests } from '../../scripts/package/package-app.mjs';
import { electronRuntime, type Runtime } from '../../scripts/setup/electron-runtime.mjs';
import { fileHash } from '../../scripts/setup/file-facts.mjs';

const ROOT = join(import.meta.dirname, '../..');

let runtime: Runtime;
let real = '';
let forTests = '';

beforeAll(async () => {
  const quiet = (): undefined => undefined;
  runtime = await electronRuntime(ROOT, quiet);
  real = await packageApp(ROOT, runtime, quiet);
  forTests = await packageForTests(ROOT, runtime, quiet);
}, 240_000);

const files = (program: string): string[] =>
  readdirSync(dirname(program), { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(dirname(program), name)).isFile())
    .sort();

/** State of each fuse by name, as stock `@electron/fuses` reads it: `0` off, `1` on. */
async function fuses(program: string): Promise<Record<string, string>> {
  const { version: _, ...wire } = await getCurrentFuseWire(program);
  const states = Object.entries(wire).map(([at, code]) => [
    FuseV1Options[Number(at)],
    String.fromCharCode(Number(code)),
  ]);
  return Object.fromEntries(states) as Record<string, string>;
}

/** Names of the files in an archive: its index is JSON after four lengths of four bytes. */
function archive(program: string): string[] {
  const bytes = readFileSync(join(dirname(program), 'resources/app.asar'));
  const index = JSON.parse(bytes.subarray(16, 16 + bytes.readUInt32LE(12)).toString('utf8')) as Folder;
  return namesIn(index, '').sort();
}
type Folder = { files: Record<string, Folder | { size: number }> };
const namesIn = (folder: Folder, path: string): string[] =>
  Object.entries(folder.files).flatMap(([name, entry]) =>
    'files' in entry ? namesIn(entry, `${path}${name}/`) : [`${path}${name}`],
  );

describe('the package', () => {
  test('has every fuse of its Electron as the table says', async () => {
    const wanted = fusesOf(Number(runtime.version.split('.')[0])).map(({ name, on }) => [name, on ? '1' : '0']);
    expect(await fuses(real)).toEqual(Object.fromEntries(wanted));
  });

  test('is loaded from its archive, beside which only the bridge to PKCS#11 and our companion to it are', () => {
    expect(files(real).filter((name) => name.startsWith('resources/'))).toEqual([
      'resources/app.asar',
      'resources/app.asar.unpacked/keyrite-native.node',
      'resources/app.asar.unpacked/node_modules/pkcs11js/build/Release/pkcs11.node',
    ]);
  });

  test('holds the programs, the pages, the examples, and no sources', () => {
    const names = archive(real);
    expect(names.filter((name) => !/^(?:renderer|examples)\//.test(name))).toEqual([
      'LICENSE',
      'key-file.cjs',
      'keyrite-native.node',
      'main.cjs',
      'node_modules/pkcs11js/LICENSE',
      'node_modules/pkcs11js/build/Release/pkcs11.node',
      'node_modules/pkcs11js/index.js',
      'node_modules/pkcs11js/package.json',
      'package.json',
      'player.cjs',
      'preload.cjs',
      'secret-preload.cjs',
      'share-process.cjs',
      'worker.cjs',
    ]);
    expect(names).toEqual(expect.arrayContaining(['renderer/index.html', 'renderer/secret.html']));
    expect(names.filter((name) => /\.(?:tsx?|map|scss|node\.stamp)$/.test(name))).toEqual([]);
  });

  test('has no crash reporter and no app of Electron’s own', () => {
    expect(files(real).filter((name) => /crashpad|default_app/.test(name))).toEqual([]);
  });
});

describe('the package for tests', () => {
  test('differs from the real one in the program and the archive alone', async () => {
    expect(files(forTests)).toEqual(files(real));
    const differ: string[] = [];
    for (const name of files(real)) {
      const [one, other] = await Promise.all(
        [real, forTests].map((program) => fileHash(join(dirname(program), name), 'sha256', 'hex')),
      );
      if (one !== other) differ.push(name);
    }
    expect(differ).toEqual(['keyrite-app', 'resources/app.asar']);
    expect(archive(forTests)).toEqual(archive(real));
  });

  test('differs in one byte of the program: the fuse for a debugger', async () => {
    const [one, other] = [readFileSync(real), readFileSync(forTests)];
    expect(other).toHaveLength(one.length);
    let different = 0;
    for (let at = 0; at < one.length; at += 1 << 16) {
      const end = at + (1 << 16);
      if (one.subarray(at, end).equals(other.subarray(at, end))) continue;
      for (let byte = at; byte < Math.min(end, one.length); byte += 1) if (one[byte] !== other[byte]) different += 1;
    }
    expect(different).toBe(1);
    expect(await fuses(forTests)).toEqual({ ...(await fuses(real)), EnableNodeCliInspectArguments: '1' });
  });
});
