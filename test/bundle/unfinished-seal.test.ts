/** Sums that a power cut left before they got their name: the bundle is not finished, and nothing in it is wrong. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SUMS, SUMS_UNFINISHED } from '../../ceremony/bundle/layout';
import { judge, judgeByScript } from './mutation/both-verifiers';
import { readFiles, without, type Files } from './mutation/bundle-files';
import { makeBundle } from './software-ceremony';
import { folderAt, removeDirectory, temporaryDirectory } from './temp-folder';

let directory = '';
let files: Files;
beforeAll(async () => {
  directory = await temporaryDirectory();
  await makeBundle(folderAt(directory));
  files = await readFiles(directory);
});
afterAll(async () => {
  await removeDirectory(directory);
});

async function verdicts(changed: Files): Promise<readonly string[]> {
  return [(await judge(changed)).verdict, (await judgeByScript(changed)).verdict];
}

it('unfinished sums alone: incomplete for both verifiers', async () => {
  const unsealed = without(files, (name) => name === SUMS);
  const torn = new Map([...unsealed, [SUMS_UNFINISHED, files.get(SUMS)!.subarray(0, 100)]]);
  expect(await verdicts(torn)).toEqual(['incomplete', 'incomplete']);
});

it('unfinished sums beside finished ones, which no crash leaves: refused by both', async () => {
  expect(await verdicts(new Map([...files, [SUMS_UNFINISHED, files.get(SUMS)!]]))).toEqual(['refused', 'refused']);
});
