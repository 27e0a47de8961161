/** `keyrite script`: the printable script of a plan, with the plan's hash on every page, as HTML or PDF. */
import { readPlan } from '../../ceremony/plan/read';
import { scriptDocument } from '../../ceremony/plan/script/script-document';
import { readText } from '../../workstation/input';
import { EXIT, type ExitCode } from '../exit';
import { readArguments, required } from './arguments';
import { writeDocument, writerOf } from './printed-file';

/** Writes the script. */
export async function script(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'PLAN', ['out', 'paper']);
  const writer = writerOf(required(given, 'out'), given.options['paper']);
  const { plan, sha256 } = readPlan(readText(given.operand, 'plan'));
  await writeDocument(writer, scriptDocument(plan, sha256));
  const { out } = writer;
  process.stdout.write(given.json ? `${JSON.stringify({ out, planSha256: sha256 })}\n` : `${out}\n`);
  return EXIT.good;
}
