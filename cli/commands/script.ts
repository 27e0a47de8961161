/** `keyrite script`: the printable script of a plan, with the plan's hash on every page. */
import { renderScript } from '../../ceremony/plan/script';
import { readPlan } from '../../ceremony/plan/read';
import { EXIT, type ExitCode } from '../exit';
import { readText } from '../input';
import { writeNewFile } from '../output-file';
import { readArguments, required } from './arguments';

/** Writes the script as HTML. */
export function script(args: string[]): ExitCode {
  const given = readArguments(args, 'PLAN', ['out']);
  const { plan, sha256 } = readPlan(readText(given.operand, 'plan'));
  const out = required(given, 'out');
  writeNewFile(out, renderScript(plan, sha256));
  process.stdout.write(given.json ? `${JSON.stringify({ out, planSha256: sha256 })}\n` : `${out}\n`);
  return EXIT.good;
}
