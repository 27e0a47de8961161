/** Bundles for the auditor's screen: real ones by software keys, and what somebody could have made of them. */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../../ceremony/canonical-json';
import { makeBundle, type Made, type Variation } from '../bundle/software-ceremony';
import { folderAt } from '../bundle/temp-folder';

const TRANSCRIPT = 'transcript.jsonl';

/** Makes a bundle in a folder below `root`. */
export async function bundleIn(
  root: string,
  name: string,
  variation: Variation = {},
): Promise<{ readonly folder: string; readonly made: Made }> {
  const folder = join(root, name);
  mkdirSync(folder);
  return { folder, made: await makeBundle(folderAt(folder), variation) };
}

/** A copy of a bundle in which the time of one line was changed by milliseconds, and an attachment. */
export function tamperedCopy(root: string, of: string, line: number): string {
  const folder = join(root, `tampered-${String(line)}`);
  cpSync(of, folder, { recursive: true });
  const file = join(folder, TRANSCRIPT);
  const lines = readFileSync(file, 'utf8').split('\n');
  const changed = JSON.parse(lines[line] ?? '') as { at: string };
  lines[line] = canonicalJson({ ...changed, at: changed.at.replace(/\d{3}Z$/, '999Z') });
  writeFileSync(file, lines.join('\n'));
  writeFileSync(join(folder, 'attachments/photo.txt'), 'what was not seen\r\n');
  return folder;
}

/** A folder with the plan, binding and line 0 of a bundle and so many lines of facts behind it, chained as they must be. */
export function longBundle(root: string, of: string, lines: number): string {
  const folder = join(root, `long-${String(lines)}`);
  mkdirSync(folder);
  for (const name of ['plan.yaml', 'plan.json', 'binding.yaml', 'binding.json', 'approvals', 'keys']) {
    cpSync(join(of, name), join(folder, name), { recursive: true });
  }
  const [opening = ''] = readFileSync(join(of, TRANSCRIPT), 'utf8').split('\n');
  const written = [opening];
  let prev = createHash('sha256').update(opening).digest('hex');
  const start = Date.parse((JSON.parse(opening) as { at: string }).at);
  for (let seq = 1; seq < lines; seq += 1) {
    const line = canonicalJson({
      at: new Date(start + seq * 10).toISOString(),
      body: {
        fact: 'answer',
        value: { answer: `reading ${String(seq)}`, asked: 'What does it read?', unit: 'unit-a' },
      },
      by: seq % 3 === 0 ? ['ada'] : [],
      prev,
      salt: 'ab'.repeat(16),
      seq,
      step: null,
      type: 'fact.recorded',
    });
    prev = createHash('sha256').update(line).digest('hex');
    written.push(line);
  }
  writeFileSync(join(folder, TRANSCRIPT), `${written.join('\n')}\n`);
  return folder;
}
