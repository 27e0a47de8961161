/** `keyrite report`: what a person signs and files, from a bundle. HTML now; PDF comes with a later version. */
import { renderReport } from '../../ceremony/bundle/report';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { FileBundleFolder } from '../bundle-folder';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { existingFolder } from '../input';
import { writeNewFile } from '../output-file';
import { readArguments, required } from './arguments';

/** Writes the report, with the verdict in it. Exit 1 when the bundle is refused or incomplete. */
export async function report(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'BUNDLE', ['out']);
  const out = required(given, 'out');
  if (out.endsWith('.pdf')) throw new UsageError('this version cannot write PDF', 'Name a file that ends in .html.');
  const folder = new FileBundleFolder(existingFolder(given.operand, 'bundle'));
  const verified = await verifyBundle(folder, {});
  writeNewFile(out, await renderReport(folder, verified));
  process.stdout.write(
    given.json ? `${JSON.stringify({ out, verdict: verified.verdict })}\n` : `${verified.verdict}\n${out}\n`,
  );
  return verified.verdict === 'consistent' || verified.verdict === 'verified' ? EXIT.good : EXIT.findings;
}
