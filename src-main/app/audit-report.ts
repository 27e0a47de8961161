/** A report of a bundle on the auditor's screen, made anew from its record. */
import { reportDocument } from '../../ceremony/bundle/report/report-document';
import type { VerifyReport } from '../../ceremony/bundle/verify';
import type { Paper } from '../../ceremony/print/printer';
import { renderFor } from '../../ceremony/print/render-for';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { documentPrinter } from '../../workstation/report-pdf/document-printer';
import type { AuditedBundle } from './audit-bundle';
import { refused } from './trouble';

/** What a report is made of. */
export interface Reported {
  readonly folder: string;
  readonly report: VerifyReport;
  /** Null where there is no transcript. */
  readonly bundle: AuditedBundle | null;
}

/** How it is made. */
export interface ReportWanted {
  /** Ends in `.pdf` or `.html`. */
  readonly name: string;
  /** Of a PDF. */
  readonly paper: Paper;
  /** The app ends. */
  readonly signal: AbortSignal;
}

/**
 * The report in the form that a file name asks for, with the verdict on the screen in it.
 *
 * @throws RequestFailed when the transcript is not the one that was verified
 */
export async function reportFor(
  { folder, report, bundle }: Reported,
  { name, paper, signal }: ReportWanted,
): Promise<Uint8Array> {
  // SECURITY(K-86): under this verdict nothing is told of another transcript, put in its place since.
  if (bundle !== null && !(await bundle.isStillSame(signal))) {
    throw refused('The transcript is not the one that was verified.', 'Verify the bundle again first.');
  }
  // SECURITY(K-87): the report in a bundle is outside its signed record and could say anything.
  const document = await reportDocument(new FileBundleFolder(folder), report);
  return renderFor(name, document, paper, documentPrinter);
}
