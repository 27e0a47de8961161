/** Takes in a bundle's files once, bounded, and checks their names and sums. */
import { createHash } from 'node:crypto';
import { MAX_PACKAGE_BYTES } from '../keypackage/key-package';
import type { Findings } from './findings';
import { LIMITS, SUMS, isBundleName, type BundleReader } from './layout';
import { formatSums } from './sums';

/** A file as it was read. Content of attachments, reports and packages that are too long is hashed and not kept. */
export interface BundleFile {
  readonly sha256: string;
  readonly content: Uint8Array | null;
}

/** All files of a bundle by name. */
export type Contents = ReadonlyMap<string, BundleFile>;

/** A folder of the layout into which a crash let no file come. */
const EMPTY_FOLDER = /^(?:approvals|keys|checkpoints|packages|attachments)\/$/;

/** Reads everything there is. Whatever cannot be read is a finding, and is left out. */
export async function readContents(bundle: BundleReader, findings: Findings): Promise<Contents> {
  const contents = new Map<string, BundleFile>();
  const names = await listNames(bundle, findings);
  for (const name of names) {
    if (EMPTY_FOLDER.test(name)) {
      findings.lacks(name, null, 'is an empty folder: its first file was not written');
      continue;
    }
    if (!isBundleName(name)) {
      findings.add(JSON.stringify(name.slice(0, 255)), null, 'no file of a bundle has such a name');
      continue;
    }
    const file = await readFile(bundle, name, findings);
    if (file !== null) contents.set(name, file);
  }
  return contents;
}

/** Compares `SHA256SUMS` with what its canonical form must be for these files. */
export function checkSums(contents: Contents, findings: Findings): void {
  const sums = contents.get(SUMS);
  if (sums === undefined) {
    findings.lacks(SUMS, null, 'is not there: the export was not finished');
    return;
  }
  const expected = formatSums(new Map([...contents].map(([name, file]) => [name, file.sha256])));
  if (Buffer.from(sums.content ?? []).equals(Buffer.from(expected, 'utf8'))) return;
  const stated = new Set(
    Buffer.from(sums.content ?? [])
      .toString('utf8')
      .split('\n'),
  );
  const wrong = expected.split('\n').find((line) => !stated.has(line));
  findings.add(
    SUMS,
    null,
    wrong === undefined || wrong === ''
      ? 'is not in canonical form, or names files that are not there'
      : `does not say what ${wrong.slice(66)} holds`,
  );
}

async function listNames(bundle: BundleReader, findings: Findings): Promise<readonly string[]> {
  try {
    const names = await bundle.list();
    if (names.length <= LIMITS.files) return names;
    findings.add('.', null, `more than ${String(LIMITS.files)} files`);
  } catch (error) {
    findings.add('.', null, `cannot be listed: ${messageOf(error)}`);
  }
  return [];
}

async function readFile(bundle: BundleReader, name: string, findings: Findings): Promise<BundleFile | null> {
  try {
    // SECURITY(K-25): a bundle comes from anybody.
    const size = (await bundle.size?.(name)) ?? 0;
    const content = size > LIMITS.fileBytes ? null : await bundle.read(name);
    if (content === null || content.length > LIMITS.fileBytes) {
      findings.add(name, null, `longer than ${String(LIMITS.fileBytes)} bytes`);
      return null;
    }
    const sha256 = createHash('sha256').update(content).digest('hex');
    return { sha256, content: isHashedOnly(name, content.length) ? null : content };
  } catch (error) {
    findings.add(name, null, `cannot be read: ${messageOf(error)}`);
    return null;
  }
}

function isHashedOnly(name: string, length: number): boolean {
  return /^attachments\/|^report\./.test(name) || (name.startsWith('packages/') && length > MAX_PACKAGE_BYTES);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
