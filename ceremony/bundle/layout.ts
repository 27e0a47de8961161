/** The files of an evidence bundle, and the PEM form of a participant's key. */

/** How a bundle is read. The `BundleFolder` of the engine satisfies it. */
export interface BundleReader {
  /**
   * Names of everything in the bundle that is not a folder, sorted, relative, with `/`. Links and special files are
   * listed too, and {@link read} rejects for them. An empty folder is listed with a `/` at its end.
   */
  list(): Promise<string[]>;
  /** Whole content of a regular file. Rejects for anything else. */
  read(name: string): Promise<Uint8Array>;
  /**
   * Content of a regular file in pieces, from the beginning; fails for anything else. A piece stands until the next one
   * is asked for. A reader without it has its files in memory: {@link read} does as well then.
   */
  open?(name: string): AsyncIterable<Uint8Array>;
  /** Length in bytes, so that nothing too long is read; without it lengths are found while reading. */
  size?(name: string): Promise<number>;
}

/** The content of a file in pieces, however the bundle is read. Each stands until the next one is asked for. */
export async function* piecesOf(bundle: BundleReader, name: string): AsyncGenerator<Uint8Array, void> {
  if (bundle.open === undefined) yield await bundle.read(name);
  else yield* bundle.open(name);
}

/** The transcript. */
export const TRANSCRIPT = 'transcript.jsonl';
/** The list of SHA-256 sums of every other file; its presence says that the bundle was finished. */
export const SUMS = 'SHA256SUMS';
/** The sums while they are being written: no bundle has such a file, and one that a crash left is removed. */
export const SUMS_UNFINISHED = '.SHA256SUMS.part';
/** Plan and binding: as they were reviewed (YAML), and in RFC 8785 form (JSON) whose hash counts. */
export const PLAN = { text: 'plan.yaml', canonical: 'plan.json' } as const;
/** See {@link PLAN}. */
export const BINDING = { text: 'binding.yaml', canonical: 'binding.json' } as const;

/** Outside the signed record: covered by the sums alone. */
export const OUTSIDE_RECORD: readonly string[] = ['report.html', 'report.pdf', 'verify.sh', 'README.txt', SUMS];

/**
 * What is read of a bundle at most. A transcript has no limit: it is read line by line.
 *
 * `fileBytes`: longest file, and the most that a verifier keeps of all files together, 64 MiB. `attachmentBytes`: longest
 * file that is only hashed, 64 GiB (a film of the day). `files`: most files. `lines`: most lines that a report tells of.
 * `remembered`: most acts, proofs and the like that one rule keeps in mind while the lines go by.
 */
export const LIMITS = {
  fileBytes: 64 * 1024 * 1024,
  attachmentBytes: 64 * 1024 ** 3,
  files: 10_000,
  lines: 100_000,
  remembered: 100_000,
} as const;

/** What a file name in a bundle looks like: at most four parts of letters, digits, dot, low line and hyphen, 255 in all. */
export function isBundleName(name: string): boolean {
  return name.length <= 255 && /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}$/.test(name);
}

/** Whether a file name has a place in a bundle: a file of ours at the top, or anything in one of the folders. */
export function isInLayout(name: string): boolean {
  if (/^(?:approvals|keys|checkpoints|packages|attachments)\//.test(name) || parseSessionName(name) !== null)
    return true;
  return [TRANSCRIPT, ...Object.values(PLAN), ...Object.values(BINDING), ...OUTSIDE_RECORD].includes(name);
}

/** File of a participant's public key. */
export function keyFile(participant: string): string {
  return `keys/${participant}.pem`;
}

/** File of an approver's signed approval. */
export function approvalFile(approver: string): string {
  return `approvals/${approver}.dsse.json`;
}

/** Files of a later session, by its number from 2: its binding as text and in RFC 8785 form, and its approvals. */
export function sessionFiles(number: number): {
  readonly text: string;
  readonly canonical: string;
  /** Folder of the approvals, with `/` at its end. */
  readonly approvals: string;
  readonly approval: (approver: string) => string;
} {
  const folder = `sessions/${String(number).padStart(4, '0')}`;
  return {
    text: `${folder}/${BINDING.text}`,
    canonical: `${folder}/${BINDING.canonical}`,
    approvals: `${folder}/approvals/`,
    approval: (approver) => `${folder}/approvals/${approver}.dsse.json`,
  };
}

/** Number of the session a file belongs to, and what it is; null for any other name. */
export function parseSessionName(
  name: string,
): { readonly number: number; readonly part: 'text' | 'canonical' | { readonly approver: string } } | null {
  const found =
    /^sessions\/(\d{4})\/(?:(binding\.yaml)|(binding\.json)|approvals\/([a-z0-9][a-z0-9-]{0,62})\.dsse\.json)$/.exec(
      name,
    );
  const number = Number(found?.[1] ?? 0);
  if (found === null || number < 2) return null;
  if (found[2] !== undefined) return { number, part: 'text' };
  return { number, part: found[3] !== undefined ? 'canonical' : { approver: found[4] ?? '' } };
}

/** PEM (RFC 7468, lines of 64, LF at the end) of a SubjectPublicKeyInfo given in base64. */
export function pemOf(spki: string): string {
  return `-----BEGIN PUBLIC KEY-----\n${(spki.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PUBLIC KEY-----\n`;
}

/** Base64 DER of a PEM public key, or of base64 DER itself, white space left out; null when it is neither. */
export function spkiOf(text: string): string | null {
  const armoured = /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----\s*$/.exec(text);
  const base64 = (armoured?.[1] ?? text).replace(/\s+/g, '');
  return base64 !== '' && Buffer.from(base64, 'base64').toString('base64') === base64 ? base64 : null;
}
