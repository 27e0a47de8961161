/** `keyrite report`: what a person signs and files, from a bundle, as HTML or PDF. */
import { reportDocument } from '../../ceremony/bundle/report/report-document';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { existingFolder } from '../../workstation/input';
import { EXIT, type ExitCode } from '../exit';
import { readArguments, required } from './arguments';
import { writeDocument, writerOf } from './printed-file';

/** Writes the report, with the verdict in it. Exit 1 when the bundle is refused or incomplete. */
export async function report(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'BUNDLE', ['out', 'paper']);
  const writer = writerOf(required(given, 'out'), given.options['paper']);
  const folder = new FileBundleFolder(existingFolder(given.operand, 'bundle'));
  const verified = await verifyBundle(folder, {});
  await writeDocument(writer, await reportDocument(folder, verified));
  const { out } = writer;
  process.stdout.write(
    given.json ? `${JSON.stringify({ out, verdict: verified.verdict })}\n` : `${verified.verdict}\n${out}\n`,
  );
  return verified.verdict === 'consistent' || verified.verdict === 'verified' ? EXIT.good : EXIT.findings;
}
