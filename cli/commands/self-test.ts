/** `keyrite self-test`: known answers of every algorithm in use, on this machine. */
import { selfTest } from '../../hsm/self-test';
import { EXIT, type ExitCode } from '../exit';
import { readArguments } from './arguments';

/** Runs every known answer. Exit 1 when one is wrong. */
export function selfTestHere(args: string[]): ExitCode {
  const { json } = readArguments(args, null, []);
  const results = selfTest();
  const good = results.every((one) => one.ok);
  if (json) process.stdout.write(`${JSON.stringify({ good, results })}\n`);
  else for (const one of results) process.stdout.write(`${one.ok ? 'ok   ' : 'WRONG'} ${one.name} (${one.source})\n`);
  return good ? EXIT.good : EXIT.findings;
}
