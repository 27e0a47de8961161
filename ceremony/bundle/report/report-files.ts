/** The report as the files that go into a bundle. */
import { renderHtml } from '../../print/html';
import type { Printer } from '../../print/printer';
import type { BundleReader } from '../layout';
import { verifyBundle } from '../verify';
import { reportDocument } from './report-document';

/** `report.html` and `report.pdf` of a bundle as it stands, with the verdict in them. The PDF is for A4. */
export async function reportFiles(
  bundle: BundleReader,
  printer: Printer,
): Promise<Readonly<Record<'report.html' | 'report.pdf', Uint8Array>>> {
  const document = await reportDocument(bundle, await verifyBundle(bundle));
  return {
    'report.html': Buffer.from(renderHtml(document, await printer.faces(document)), 'utf8'),
    'report.pdf': await printer.pdf(document, 'A4'),
  };
}
