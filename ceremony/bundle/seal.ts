/**
 * The seal of a closed bundle: reports, verification kit, and the sums over all of it. None of it is signed; all of it follows
 * from the signed record, so that it can be made anew at any time.
 */
import type { BundleFolder } from '../engine/ports';
import type { Printer } from '../print/printer';
import { verifyKit } from './kit';
import { SUMS, SUMS_UNFINISHED } from './layout';
import { reportFiles } from './report/report-files';
import { sumsOf } from './sums';

/** What people read and file; outside the signed record. */
const REPORTS = ['report.html', 'report.pdf'] as const;

/** Takes the seal off: until it is put on again the bundle is incomplete, and nothing in it is wrong. */
export async function unseal(folder: BundleFolder): Promise<void> {
  for (const name of [SUMS, SUMS_UNFINISHED]) await replaceFile(folder, name, null);
}

/** Puts the seal on a bundle from which it was taken: kit, reports by the record as it stands, sums. */
export async function sealAnew(folder: BundleFolder, printer: Printer): Promise<void> {
  for (const [name, content] of Object.entries(verifyKit())) await replaceFile(folder, name, content);
  // The old ones first: while they are there, they would be verified too.
  for (const name of REPORTS) await replaceFile(folder, name, null);
  const reports = await reportFiles(folder, printer);
  for (const name of REPORTS) await replaceFile(folder, name, reports[name]);
  await writeSums(folder, Buffer.from(await sumsOf(folder), 'utf8'));
}

/** Writes sums where there are none. */
export async function writeSums(folder: BundleFolder, sums: Uint8Array): Promise<void> {
  // SECURITY(K-76): sums that are there are whole, whenever the power goes.
  await folder.create(SUMS_UNFINISHED, sums);
  await folder.rename(SUMS_UNFINISHED, SUMS);
}

/** Removes a file, where there is one, and writes another in its place; null for none. */
export async function replaceFile(folder: BundleFolder, name: string, content: Uint8Array | null): Promise<void> {
  if (await folder.exists(name)) await folder.remove(name);
  if (content !== null) await folder.create(name, content);
}
