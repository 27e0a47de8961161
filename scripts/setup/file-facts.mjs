/** Facts about files that are too big, or too many, to be read each time. */
import { createHash } from 'node:crypto';
import { createReadStream, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/**
 * Path, size, time and mode of every file below a folder, in one text: another text whenever a file in it was changed,
 * at the price of a look and without reading.
 *
 * @param {string} folder
 */
export function listing(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const facts = lstatSync(join(folder, name));
      if (facts.isDirectory()) return `${name}/`;
      return `${name} ${String(facts.size)} ${String(facts.mtimeMs)} ${facts.mode.toString(8)}`;
    })
    .join('\n');
}

/**
 * Bytes below a folder; 0 when there is none.
 *
 * @param {string} folder
 */
export function sizeBelow(folder) {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => lstatSync(join(folder, name)).size)
      .reduce((sum, size) => sum + size, 0);
  } catch {
    return 0; // not there, or files went away while we looked
  }
}

/**
 * Digest of a file of any size.
 *
 * @param {string} file
 * @param {'sha256' | 'sha512'} algorithm
 * @param {'hex' | 'base64'} encoding
 */
export async function fileHash(file, algorithm, encoding) {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest(encoding);
}
