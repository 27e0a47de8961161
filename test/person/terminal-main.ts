/**
 * A main process under a terminal: asks the questions of a JSON file (argv 3: list of `{dialogue, body}`) through a real
 * worker, and writes the outcomes (digest of the answer, or error code) to the file of argv 4. Argv 2: the programs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { DeviceError } from '../../ceremony/command/device-error';
import type { Dialogue } from '../../hsm/contract';
import { startTrial, trialChildren } from '../processes/run-trial';

const [folder = '', questions = '', outcomes = ''] = process.argv.slice(2);

async function main(): Promise<void> {
  const children = trialChildren(folder, 'terminal-test', null);
  const client = startTrial(children, folder);
  const results: string[] = [];
  for (const question of JSON.parse(readFileSync(questions, 'utf8')) as { dialogue: Dialogue; body: string }[]) {
    results.push(
      await client
        .call('ask', question)
        .catch((error: unknown) => (error instanceof DeviceError ? error.code : 'other')),
    );
  }
  await client.stop();
  await children.endAll();
  writeFileSync(outcomes, JSON.stringify(results));
  process.stdout.write('MAIN ENDS\r\n');
}

void main();
