/** A bundle made by the software ceremony, in memory, with its reports, for tests. */
import { reportFiles } from '../../ceremony/bundle/report/report-files';
import { reportDocument } from '../../ceremony/bundle/report/report-document';
import { SUMS } from '../../ceremony/bundle/layout';
import { sumsOf } from '../../ceremony/bundle/sums';
import { verifyBundle } from '../../ceremony/bundle/verify';
import type { BundleFolder } from '../../ceremony/engine/ports';
import type { PrintDocument } from '../../ceremony/print/document';
import { documentPrinter } from '../../workstation/report-pdf/document-printer';
import { makeBundle, type Variation } from '../bundle/software-ceremony';
import { folderAt, removeDirectory, temporaryDirectory } from '../bundle/temp-folder';

/** Makes a bundle, and hands over its folder as long as `use` takes. */
export async function withBundle<T>(variation: Variation, use: (folder: BundleFolder) => Promise<T>): Promise<T> {
  const directory = await temporaryDirectory();
  try {
    const folder = folderAt(directory);
    await makeBundle(folder, variation);
    return await use(folder);
  } finally {
    await removeDirectory(directory);
  }
}

/** The report on a bundle of the software ceremony. */
export function documentOf(variation: Variation): Promise<PrintDocument> {
  return withBundle(variation, async (folder) => reportDocument(folder, await verifyBundle(folder)));
}

/** Seals a bundle as the engine does: reports beside the record, then the sums over all. */
export async function seal(folder: BundleFolder): Promise<void> {
  for (const name of [SUMS, 'report.html', 'report.pdf']) if (await folder.exists(name)) await folder.remove(name);
  for (const [name, content] of Object.entries(await reportFiles(folder, documentPrinter))) {
    await folder.create(name, content);
  }
  await folder.create(SUMS, Buffer.from(await sumsOf(folder), 'utf8'));
}
