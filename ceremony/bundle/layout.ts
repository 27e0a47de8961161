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
  /** Length in bytes, so that nothing too large is read into memory; without it sizes are checked after reading. */
  size?(name: string): Promise<number>;
}

/** The transcript. */
export const TRANSCRIPT = 'transcript.jsonl';
/** The list of SHA-256 sums of every other file; its presence says that the bundle was finished. */
export const SUMS = 'SHA256SUMS';
/** Plan and binding: as they were reviewed (YAML), and in RFC 8785 form (JSON) whose hash counts. */
export const PLAN = { text: 'plan.yaml', canonical: 'plan.json' } as const;
/** See {@link PLAN}. */
export const BINDING = { text: 'binding.yaml', canonical: 'binding.json' } as const;

/** Outside the signed record: covered by the sums alone. */
export const OUTSIDE_RECORD: readonly string[] = ['report.html', 'report.pdf', 'verify.sh', 'README.txt', SUMS];

/** Largest file, 64 MiB, and most files that a verifier reads. */
export const LIMITS = { fileBytes: 64 * 1024 * 1024, files: 10_000, lines: 100_000 } as const;

/** What a file name in a bundle looks like: at most four parts of letters, digits, dot, low line and hyphen, 255 in all. */
export function isBundleName(name: string): boolean {
  return name.length <= 255 && /^[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}$/.test(name);
}

/** Whether a file name has a place in a bundle: a file of ours at the top, or anything in one of the folders. */
export function isInLayout(name: string): boolean {
  if (/^(?:approvals|keys|checkpoints|packages|attachments)\//.test(name)) return true;
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
