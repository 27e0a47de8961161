/** Takes in a bundle's files once, bounded, and checks their names and sums. The transcript is left to its own reader. */
import { MAX_PACKAGE_BYTES } from '../keypackage/key-package';
import type { Findings } from './findings';
import { TooLong, hashPieces } from './hash-stream';
import { LIMITS, SUMS, SUMS_UNFINISHED, TRANSCRIPT, isBundleName, piecesOf, type BundleReader } from './layout';
import { formatSums } from './sums';

/** A file as it was read. Content that no rule looks at, such as that of attachments and reports, is hashed and not kept. */
export interface BundleFile {
  /** Lower-case hex; null for the transcript, which is read later. */
  readonly sha256: string | null;
  readonly content: Uint8Array | null;
}

/** All files of a bundle by name. */
export type Contents = ReadonlyMap<string, BundleFile>;

/** A folder of the layout into which a crash let no file come. */
const EMPTY_FOLDER = /^(?:approvals|keys|checkpoints|packages|attachments|sessions(?:\/\d{4}(?:\/approvals)?)?)\/$/;

/** Files that no rule reads: their hash is all there is to check. */
const HASHED_ONLY = /^(?:attachments|addenda)\/|^report\.|^verify\.sh$|^README\.txt$/;

/** Manifests of rotations; an attachment of people's that is named so is read for nothing. */
const MANIFEST = /^attachments\/[^/]+\.rotation\.jsonl$/;

/** Reads everything there is but the transcript. Whatever cannot be read is a finding, and is left out. */
export async function readContents(bundle: BundleReader, findings: Findings): Promise<Contents> {
  const contents = new Map<string, BundleFile>();
  let kept = 0;
  const names = await listNames(bundle, findings);
  for (const name of names) {
    if (name === SUMS_UNFINISHED && !names.includes(SUMS)) {
      findings.lacks(name, null, 'the sums were not finished');
      continue;
    }
    if (EMPTY_FOLDER.test(name)) {
      findings.lacks(name, null, 'is an empty folder: its first file was not written');
      continue;
    }
    if (!isBundleName(name)) {
      findings.add(JSON.stringify(name.slice(0, 255)), null, 'no file of a bundle has such a name');
      continue;
    }
    const file =
      name === TRANSCRIPT
        ? { sha256: null, content: null }
        : await readFile(bundle, name, LIMITS.fileBytes - kept, findings);
    if (file === null) continue;
    kept += file.content?.length ?? 0;
    contents.set(name, file);
  }
  return contents;
}

/**
 * Compares `SHA256SUMS` with what its canonical form must be for these files.
 *
 * @param transcript SHA-256 of the transcript, lower-case hex; null when it was not read to its end: then its line may
 *   say what it likes, for there is a finding already
 */
export function checkSums(contents: Contents, transcript: string | null, findings: Findings): void {
  const sums = contents.get(SUMS);
  if (sums === undefined) {
    findings.lacks(SUMS, null, 'is not there: the export was not finished');
    return;
  }
  const stated = Buffer.from(sums.content ?? []).toString('utf8');
  const ofTranscript = transcript ?? /^([0-9a-f]{64}) {2}transcript\.jsonl$/m.exec(stated)?.[1] ?? '';
  const expected = formatSums(new Map([...contents].map(([name, { sha256 }]) => [name, sha256 ?? ofTranscript])));
  if (Buffer.from(sums.content ?? []).equals(Buffer.from(expected, 'utf8'))) return;
  const lines = new Set(stated.split('\n'));
  const wrong = expected.split('\n').find((line) => !lines.has(line));
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

/** @param room bytes that may still be kept of all files together */
async function readFile(
  bundle: BundleReader,
  name: string,
  room: number,
  findings: Findings,
): Promise<BundleFile | null> {
  const isHashedOnly = HASHED_ONLY.test(name);
  const most = isHashedOnly ? LIMITS.attachmentBytes : LIMITS.fileBytes;
  const tooLong = (): null => {
    findings.add(name, null, `longer than ${String(most)} bytes`);
    return null;
  };
  try {
    // SECURITY(K-25): a bundle comes from anybody.
    if (((await bundle.size?.(name)) ?? 0) > most) return tooLong();
    const kept = MANIFEST.test(name) ? room : isHashedOnly ? 0 : keptOf(name, room);
    const file = await hashPieces(piecesOf(bundle, name), most, kept);
    const isNeeded = !isHashedOnly && !name.startsWith('packages/');
    if (file.content === null && isNeeded) {
      findings.add(name, null, `the files to be read are longer than ${String(LIMITS.fileBytes)} bytes together`);
      return null;
    }
    return file;
  } catch (error) {
    if (error instanceof TooLong) return tooLong();
    findings.add(name, null, `cannot be read: ${messageOf(error)}`);
    return null;
  }
}

/** A package that is too long is none of ours: it is hashed, as other files of people's are. */
function keptOf(name: string, room: number): number {
  return name.startsWith('packages/') ? Math.min(MAX_PACKAGE_BYTES, room) : room;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
