/**
 * Any changed, dropped, swapped or added byte, line or file is found by both verifiers. All changes go to verify.ts; a
 * seeded sample, or with KEYRITE_DEEP=1 all of them, to verify.sh.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { mutations, readFiles, readerOf, seededRandom, writeFiles, type Files, type Mutation } from './mutations';
import { makeBundle } from './software-ceremony';
import { folderAt, removeDirectory, temporaryDirectory } from './temp-folder';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
const SAMPLE = 60;
const SCRIPT = fileURLToPath(new URL('../../ceremony/bundle/verify.sh', import.meta.url));

let directory = '';
let original: Files = new Map();
let all: Mutation[] = [];

beforeAll(async () => {
  directory = await temporaryDirectory();
  await makeBundle(folderAt(directory));
  original = await readFiles(directory);
  all = [...mutations(original, 'keyrite')];
});
afterAll(async () => {
  await removeDirectory(directory);
});

/** Exit code and output of verify.sh on files. */
async function runScript(files: Files): Promise<{ code: number; output: string }> {
  const place = await temporaryDirectory();
  try {
    await writeFiles(place, files);
    return await new Promise((resolve) => {
      execFile('sh', [SCRIPT, place], { timeout: 60_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr });
      });
    });
  } finally {
    await removeDirectory(place);
  }
}

describe('mutations of a bundle', () => {
  it('are many, all different from the bundle, and the same each time', async () => {
    expect(all.length).toBeGreaterThan(600);
    expect([...mutations(await readFiles(directory), 'keyrite')].map(({ name }) => name)).toEqual(all.map(({ name }) => name));
    expect((await verifyBundle(readerOf(original))).verdict).toBe('consistent');
    expect((await runScript(original)).output).toContain('verdict: consistent');
  });

  it('are all found by verifyBundle, even in production of nothing but sums made right', { timeout: 300_000 }, async () => {
    const passed: string[] = [];
    for (const { name, files } of all) {
      const { verdict, findings, missing } = await verifyBundle(readerOf(files));
      if (verdict === 'consistent' || verdict === 'verified') passed.push(name);
      if (verdict === 'refused') expect(findings.length, name).toBeGreaterThan(0);
      if (verdict === 'incomplete') expect(missing.length, name).toBeGreaterThan(0);
    }
    expect(passed).toEqual([]);
  });

  it(`are found by verify.sh (${DEEP ? 'all' : `${String(SAMPLE)} of them`})`, { timeout: 1_800_000 }, async () => {
    const random = seededRandom(`sample ${String(SAMPLE)}`);
    const chosen = DEEP ? all : Array.from({ length: SAMPLE }, () => all[random(all.length)]).filter((one) => one !== undefined);
    const wrong: string[] = [];
    for (const { name, files } of chosen) {
      const [{ code, output }, report] = [await runScript(files), await verifyBundle(readerOf(files))];
      const said = /^verdict: ([a-z]+)/mu.exec(output)?.[1];
      if (code !== 1 || said !== report.verdict) wrong.push(`${name}: verify.ts ${report.verdict}, verify.sh ${String(code)} ${output}`);
    }
    expect(wrong).toEqual([]);
  });

  it('goes into the bundle as it is', async () => {
    expect(Buffer.from(original.get('verify.sh') ?? []).equals(await readFile(SCRIPT))).toBe(true);
  });
});
