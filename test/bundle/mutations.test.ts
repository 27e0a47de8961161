/**
 * Any changed, dropped, swapped or added byte, line or file is found by both verifiers, and with the same verdict. Evenly
 * spread samples go to each; with KEYRITE_DEEP=1 all of them.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { mutations, readFiles, readerOf, writeFiles, type Files, type Mutation } from './mutations';
import { makeBundle } from './software-ceremony';
import { folderAt, removeDirectory, temporaryDirectory } from './temp-folder';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
/** How many go to each verifier in a run that is not deep. */
const SAMPLES = { ts: 400, sh: 60 };
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

/** `count` of the mutations, evenly spread, so that every file has its share; all of them in a deep run. */
function sample(count: number): readonly Mutation[] {
  if (DEEP) return all;
  const stride = all.length / count;
  return Array.from({ length: count }, (_, place) => all[Math.floor(place * stride)]).filter(
    (one) => one !== undefined,
  );
}

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
    expect([...mutations(await readFiles(directory), 'keyrite')].map(({ name }) => name)).toEqual(
      all.map(({ name }) => name),
    );
    expect((await verifyBundle(readerOf(original))).verdict).toBe('consistent');
    expect((await runScript(original)).output).toContain('verdict: consistent');
  });

  it('are found by verifyBundle', { timeout: 600_000 }, async () => {
    const passed: string[] = [];
    for (const { name, files } of sample(SAMPLES.ts)) {
      const { verdict, findings, missing } = await verifyBundle(readerOf(files));
      if (verdict === 'consistent' || verdict === 'verified') passed.push(name);
      if (verdict === 'refused') expect(findings.length, name).toBeGreaterThan(0);
      if (verdict === 'incomplete') expect(missing.length, name).toBeGreaterThan(0);
    }
    expect(passed).toEqual([]);
  });

  it('are found by verify.sh, with the verdict of verifyBundle', { timeout: 3_600_000 }, async () => {
    const wrong: string[] = [];
    for (const { name, files } of sample(SAMPLES.sh)) {
      const [{ code, output }, report] = [await runScript(files), await verifyBundle(readerOf(files))];
      const said = /^verdict: ([a-z]+)/mu.exec(output)?.[1];
      if (code !== 1 || said !== report.verdict)
        wrong.push(`${name}: verify.ts ${report.verdict}, verify.sh ${String(code)} ${output}`);
    }
    expect(wrong).toEqual([]);
  });

  it('goes into the bundle as it is', async () => {
    expect(Buffer.from(original.get('verify.sh') ?? []).equals(await readFile(SCRIPT))).toBe(true);
  });
});
