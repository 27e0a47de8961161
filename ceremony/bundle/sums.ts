/**
 * `SHA256SUMS` in its one canonical form: for each file `<64 lower-case hex digits>  <name>` LF, sorted by name (bytewise),
 * every file but itself. Verifiers make it anew and compare bytes, since `sha256sum -c` is lenient.
 */
import { createHash } from 'node:crypto';
import { SUMS, isBundleName, type BundleReader } from './layout';

/** Canonical content for files and their SHA-256 (lower-case hex); an entry for `SHA256SUMS` itself is left out. */
export function formatSums(files: ReadonlyMap<string, string>): string {
  return [...files]
    .filter(([name]) => name !== SUMS)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, sha256]) => `${sha256}  ${name}\n`)
    .join('');
}

/** Reads canonical content; null when it is in any other form. */
export function parseSums(text: string): ReadonlyMap<string, string> | null {
  const files = new Map<string, string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const name = line.slice(66);
    if (!/^[0-9a-f]{64} {2}/.test(line) || !isBundleName(name)) return null;
    files.set(name, line.slice(0, 64));
  }
  return formatSums(files) === text ? files : null;
}

/** The sums of everything in a bundle as it stands. */
export async function sumsOf(bundle: BundleReader): Promise<string> {
  const files = new Map<string, string>();
  for (const name of await bundle.list()) {
    // An empty folder has no sum; a verifier refuses it.
    if (name !== SUMS && !name.endsWith('/'))
      files.set(
        name,
        createHash('sha256')
          .update(await bundle.read(name))
          .digest('hex'),
      );
  }
  return formatSums(files);
}
