/**
 * A main process for tests that must look at one from outside: starts person process and worker, does what its argv
 * says, and prints one JSON line: process ids, and a text that must be in its memory.
 * Arguments: folder of the programs, ceremony id, player file, `ask` or `hang`.
 */
import { randomInt } from 'node:crypto';
import { pinQuestion, startTrial, trialChildren } from './run-trial';

const [folder = '', ceremony = '', player = '', act = ''] = process.argv.slice(2);

async function main(): Promise<void> {
  const children = trialChildren(folder, ceremony, player);
  const client = startTrial(children, folder);
  const { pid: worker } = await client.call('process', {});
  const control = Array.from({ length: 24 }, () => String(randomInt(10))).join('');
  if (act === 'ask') {
    await client.call('ask', { dialogue: pinQuestion(24, true), body: '' });
    await client.stop();
    await startTrial(children, folder).call('ask', { dialogue: pinQuestion(24, false), body: '' });
  } else {
    void client.call('hang', {}).catch(() => undefined);
  }
  process.stdout.write(`${JSON.stringify({ person: children.personPid, worker, control })}\n`);
  setInterval(() => control.length, 1000);
}

void main();
