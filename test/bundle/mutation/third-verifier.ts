/** One bundle before the third verifier, the one in Python. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFiles, type Files } from './bundle-files';

const VERIFIER = join(import.meta.dirname, '..', 'second-opinion', 'verify.py');

/** Its verdict, with no word from outside; what it printed where it came to none. */
export async function judgeByPython(files: Files): Promise<string> {
  const bundle = await mkdtemp(join(tmpdir(), 'keyrite-python-'));
  try {
    await writeFiles(bundle, files);
    return await new Promise((resolve) => {
      execFile('python3', ['-B', VERIFIER, '--json', bundle], { timeout: 60_000 }, (_, stdout, stderr) => {
        const found = /"verdict": ?"([a-z]+)"/u.exec(stdout)?.[1];
        resolve(found ?? stdout + stderr);
      });
    });
  } finally {
    await rm(bundle, { recursive: true, force: true });
  }
}
