/** The table of fuses is complete for each Electron, what is set is read back, and a difference has words. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FuseV1Options } from '@electron/fuses';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FUSES, fuseDifferences, fusesOf, readFuses, setFuses } from '../../scripts/package/fuses.mjs';

/** Stands before the wire in every Electron program. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyrite-fuses-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A file with a fuse wire in the middle. */
function program(wire: string): string {
  const file = join(folder, 'program');
  const around = Buffer.alloc(5000, 7);
  writeFileSync(
    file,
    Buffer.concat([around, Buffer.from(SENTINEL), Buffer.from([1, wire.length]), Buffer.from(wire), around]),
  );
  return file;
}

const wireOf = (file: string): string => {
  const bytes = readFileSync(file);
  const at = bytes.indexOf(SENTINEL) + SENTINEL.length;
  return bytes.subarray(at + 2, at + 2 + (bytes[at + 1] ?? 0)).toString('latin1');
};

describe('the table of fuses', () => {
  test('names every fuse that @electron/fuses knows, each with a reason', () => {
    const known = Object.values(FuseV1Options).filter((name) => typeof name === 'string');
    expect(FUSES.map(({ name }) => name)).toEqual(known);
    for (const { name, why } of FUSES) expect(why, name).toMatch(/.{15,}/);
  });

  test('has 7 for Electron 25 and all 9 for Electron 45', () => {
    expect(fusesOf(25)).toHaveLength(7);
    expect(fusesOf(30)).toHaveLength(8);
    expect(fusesOf(45)).toHaveLength(9);
  });

  test('allows only loading from the archive', () => {
    expect(FUSES.filter(({ on }) => on).map(({ name }) => name)).toEqual(['OnlyLoadAppFromAsar']);
  });
});

describe('setting fuses', () => {
  test('sets them all, and nothing else in the file', async () => {
    const file = program('1011000');
    const before = readFileSync(file);
    await setFuses(file, 25, { inspectable: false });
    expect(wireOf(file)).toBe('0000010');
    const changed = [...readFileSync(file)].flatMap((byte, at) => (byte === before[at] ? [] : [at]));
    expect(changed).toHaveLength(4);
    expect(fuseDifferences(await readFuses(file), 25)).toEqual([]);
  });

  test('for tests lets a debugger attach, which the real package’s check refuses', async () => {
    const file = program('1011000');
    await setFuses(file, 25, { inspectable: true });
    expect(wireOf(file)).toBe('0001010');
    expect(fuseDifferences(await readFuses(file), 25, { inspectable: true })).toEqual([]);
    expect(fuseDifferences(await readFuses(file), 25)).toEqual(['EnableNodeCliInspectArguments: expected off, got on']);
  });

  test('refuses a program that has one more than the table, or one less', async () => {
    await expect(setFuses(program('10110001'), 25, { inspectable: false })).rejects.toThrow('strictlyRequireAllFuses');
    await expect(setFuses(program('101100'), 25, { inspectable: false })).rejects.toThrow('not long enough');
    await expect(setFuses(program('1011000101'), 45, { inspectable: false })).rejects.toThrow(
      'strictlyRequireAllFuses',
    );
  });
});

describe('reading fuses back', () => {
  test('names what is missing, unknown or retired', async () => {
    expect(fuseDifferences(await readFuses(program('r00001')), 25)).toEqual([
      'RunAsNode: expected off, got state 114',
      'LoadBrowserProcessSpecificV8Snapshot: expected off, got no such fuse',
    ]);
    expect(fuseDifferences(await readFuses(program('0000010001')), 45)).toEqual([
      'fuse 9: expected no such fuse, got on',
    ]);
  });
});
