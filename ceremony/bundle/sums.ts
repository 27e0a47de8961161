/**
 * `SHA256SUMS` in its one canonical form: for each file `<64 lower-case hex digits>  <name>` LF, sorted by name (bytewise),
 * every file but itself. Verifiers make it anew and compare bytes, since `sha256sum -c` is lenient.
 */
import { hashPieces } from './hash-stream';
import { LIMITS, SUMS, isBundleName, piecesOf, type BundleReader } from './layout';

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
    if (name === SUMS || name.endsWith('/')) continue;
    const { sha256 } = await hashPieces(piecesOf(bundle, name), Number.MAX_SAFE_INTEGER, 0);
    files.set(name, sha256);
  }
  return formatSums(files);
}

/**
 * What a bundle's sums say of it: `none`, they are not there; `torn`, a crash cut them short; `whole`, they are those of
 * every file; `changed`, they are whole and another file is not what it was, which no crash does.
 */
export type Seal = 'none' | 'torn' | 'whole' | 'changed';

/** Reads every file of a bundle, bounded. Rejects when something in it cannot be read. */
export async function sealOf(bundle: BundleReader): Promise<Seal> {
  const names = await bundle.list();
  if (!names.includes(SUMS)) return 'none';
  if (names.length > LIMITS.files) return 'changed';
  // SECURITY(K-76): what lies in a folder is not read into memory whatever its length.
  if (((await bundle.size?.(SUMS)) ?? 0) > LIMITS.fileBytes) return 'changed';
  const stated = Buffer.from(await bundle.read(SUMS)).toString('utf8');
  const expected = await sumsOf(bundle);
  if (stated === expected) return 'whole';
  return parseSums(stated) === null || expected.startsWith(stated) ? 'torn' : 'changed';
}

/**
 * Whether the text of a bundle's sums is canonical and has its last line, without a look at any other file. `verify.sh`
 * comes last of all names that a sealed bundle has.
 */
export function areWholeSums(text: string): boolean {
  return [...(parseSums(text)?.keys() ?? [])].at(-1) === 'verify.sh';
}
