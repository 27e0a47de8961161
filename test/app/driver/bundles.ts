/** Verdicts on what the app left behind, by both verifiers. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../rules/lint-text';

/** What `keyrite verify` and the bundle's own `verify.sh` say. Throws when one of them finds something. */
export function verdicts(bundle: string): { readonly keyrite: string; readonly script: string } {
  return {
    keyrite: run(process.execPath, join(ROOT, 'build/keyrite.cjs'), 'verify', bundle),
    script: run('sh', join(bundle, 'verify.sh')),
  };
}

function run(command: string, ...args: readonly string[]): string {
  return execFileSync(command, [...args], { encoding: 'utf8' });
}
