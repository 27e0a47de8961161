/**
 * Two commands that were signed for one state, and nobody can tell which was carried out: the hash that the next command
 * names tells it. All three verifiers follow it, and none follows a hash that leads nowhere.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { JsonObject } from '../../ceremony/canonical-json';
import { judge, judgeByScript } from './mutation/both-verifiers';
import { writeFiles, type Files } from './mutation/bundle-files';
import { softwareBundle } from './mutation/truthful';
import { removeDirectory, temporaryDirectory } from './temp-folder';

async function verdicts(files: Files): Promise<readonly string[]> {
  const place = await temporaryDirectory();
  try {
    await writeFiles(place, files);
    const python = spawnSync('python3', [join(import.meta.dirname, 'second-opinion', 'verify.py'), place], {
      encoding: 'utf8',
    });
    const third = /\b(refused|incomplete|consistent|verified)\b/u.exec(python.stdout)?.[1] ?? python.stderr;
    return [(await judge(files)).verdict, (await judgeByScript(files)).verdict, third];
  } finally {
    await removeDirectory(place);
  }
}

it.each([0, 1, 'neither'] as const)('what was carried out was %s: consistent', async (undetermined) => {
  expect(await verdicts(await softwareBundle({ undetermined }))).toEqual(['consistent', 'consistent', 'consistent']);
});

it.each([0, 1, 'neither'] as const)(
  'what was carried out was %s, and the next command is of another state',
  async (undetermined) => {
    const counter = undetermined === 'neither' ? 2 : 3;
    const lie = await softwareBundle({
      undetermined,
      payload: (_, payload) => {
        const command = payload as JsonObject;
        return command['format'] === 'keyrite-command/1' && command['counter'] === counter
          ? { ...command, previous: 'f'.repeat(64) }
          : payload;
      },
    });
    expect(await verdicts(lie)).toEqual(['refused', 'refused', 'refused']);
  },
);
