/**
 * Bundles of every released version keep their verdict. Each lies in test/fixtures/bundles/<version>/bundle as it was made,
 * with what was recorded then in expected.json; README.md beside them tells how.
 */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { judge, judgeByScript } from './mutation/both-verifiers';
import { linesOf, readFiles, text, type Files } from './mutation/bundle-files';

const RELEASED = fileURLToPath(new URL('../fixtures/bundles', import.meta.url));

interface Expected {
  readonly ceremony: string;
  readonly planHash: string;
  /** Root over all lines, lower-case hex. */
  readonly root: string;
  readonly lines: number;
  readonly signers: readonly string[];
  readonly approver: string;
  readonly someoneElse: string;
}

const CHANGELOG = fileURLToPath(new URL('../../CHANGELOG.md', import.meta.url));

/** Released versions, as the changelog has them: newest first. */
const versions = [...(await readFile(CHANGELOG, 'utf8')).matchAll(/^## \[(\d+\.\d+\.\d+)\]/gm)].map(
  ([, version = '']) => version,
);

const read = async (
  version: string,
): Promise<{ readonly files: Files; readonly expected: Expected; readonly path: string }> => {
  const path = join(RELEASED, version, 'bundle');
  const expected = JSON.parse(await readFile(join(RELEASED, version, 'expected.json'), 'utf8')) as Expected;
  return { path, expected, files: await readFiles(path) };
};

it('there is one of every released version, and of no other', async () => {
  const folders = (await readdir(RELEASED, { withFileTypes: true })).filter((one) => one.isDirectory());
  expect(versions).toContain('0.1.0');
  expect(folders.map(({ name }) => name).sort()).toEqual([...versions].sort());
});

describe.each(versions)('the bundle of version %s', (version) => {
  it('is small, and names no place of the machine that it was made on', async () => {
    const { files } = await read(version);
    expect([...files.values()].reduce((sum, { length }) => sum + length, 0)).toBeLessThan(1024 * 1024);
    const paths = [...files.values()].flatMap(
      (content) => text(content).match(/\/(?:home|root|work|tmp)\/[^\s"'<]*/gu) ?? [],
    );
    expect(paths.filter((path) => !path.startsWith('/tmp/keyrite-'))).toEqual([]);
    expect(linesOf(files)[0]).toContain(`"version":"${version}"`);
  });

  it('has the verdict, root and signers that it had', { timeout: 240_000 }, async () => {
    const { path, expected } = await read(version);
    const report = await verifyBundle(new FileBundleFolder(path));
    expect(report).toMatchObject({ verdict: 'consistent', findings: [], missing: [], exceptions: 0 });
    const { ceremony, planHash, root, lines, signers } = expected;
    expect(report.summary).toMatchObject({ ceremony, planHash, root, lines, signers, mode: 'rehearsal' });
    const script = await judgeByScript(await readFiles(path));
    expect(script.verdict, script.said).toBe('consistent');
    expect(script.said).toContain(
      `ceremony: ${ceremony}\nmode: rehearsal\nplan: ${planHash}\nlines: ${String(lines)}\n`,
    );
    expect(script.said).toContain(`root: ${root}\nsigners: ${signers.join(' ')}\n`);
  });

  it('is verified by its plan hash or an approver’s key, and refused by others', { timeout: 240_000 }, async () => {
    const { files, expected } = await read(version);
    const key = (id: string): string => text(files.get(`keys/${id}.pem`) ?? new Uint8Array());
    for (const [outside, verdict] of [
      [{ planHash: expected.planHash }, 'verified'],
      [{ approverKeys: [key(expected.approver)] }, 'verified'],
      [{ planHash: '1'.repeat(64) }, 'refused'],
      [{ approverKeys: [key(expected.someoneElse)] }, 'refused'],
    ] as const) {
      expect(await judge(files, outside)).toMatchObject({ verdict });
      expect(await judgeByScript(files, outside)).toMatchObject({ verdict });
    }
  });
});
