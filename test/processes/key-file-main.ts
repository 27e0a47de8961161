/**
 * A main process for key-file.test.ts, which looks at it from outside: people's key files are used as in a ceremony.
 * Arguments: folder of the programs, ceremony id, player file or `terminal`, key file to make or to use, and what to do:
 * `devices`: make the file, sign two messages with it through the engine's port, and print one JSON line while the
 * key-file process lives, another after the step has ended; `terminal`: sign one message with a file that is there, by the
 * key of argv 7 (base64 SPKI), and print the signature.
 */
import { join } from 'node:path';
import { DeviceError } from '../../ceremony/command/device-error';
import type { Binding } from '../../ceremony/plan/binding-schema';
import type { Plan } from '../../ceremony/plan/schema';
import { NodeChildren } from '../../cli/node-children';
import { signAtTerminal } from '../../cli/sign-at-terminal';
import { ModuleDevices } from '../../hsm/devices';

const [folder = '', ceremony = '', player = '', file = '', act = '', spki = ''] = process.argv.slice(2);
const scripts = {
  worker: join(folder, 'nothing.cjs'),
  shareProcess: join(folder, 'nothing.cjs'),
  person: join(folder, 'person.cjs'),
  keyFile: join(folder, 'key-file.cjs'),
};
const algorithm = 'ecdsa-p384-sha384';
const message = Buffer.from('what is signed');

void (act === 'terminal' ? atTerminal() : throughDevices());

async function atTerminal(): Promise<void> {
  const person = { id: 'ada', name: 'Ada Lovelace', key: { algorithm, spki } } as const;
  const said = await signAtTerminal({ file, person, message, doing: 'Cosigning the checkpoint', scripts }).then(
    (signature) => Buffer.from(signature).toString('base64'),
    (error: unknown) => (error instanceof DeviceError ? error.code : 'other'),
  );
  process.stdout.write(`SAID ${said} END\r\n`);
}

async function throughDevices(): Promise<void> {
  const children = new NodeChildren({ ceremony, scripts, modules: [], player, names: {} });
  const maker = children.startKeyFileProcess();
  const made = await maker.call('key-file.prepare', { participant: 'ada', path: file, algorithm });
  await maker.stop();
  const people = [{ id: 'ada', name: 'Ada', position: 'p', key: { ...made, holder: 'file' }, keyFile: file }];
  const pids: number[] = [];
  const devices = new ModuleDevices({
    plan: { units: [], pins: [] } as Partial<Plan> as Plan,
    binding: { people, units: [], modules: [] } as Partial<Binding> as Binding,
    startWorker: () => {
      throw new Error('no module is needed');
    },
    startKeyFileProcess: () => {
      pids.push(0);
      return children.startKeyFileProcess();
    },
  });
  const sign = async (): Promise<string> => Buffer.from(await devices.sign('ada', message)).toString('base64');
  const signatures = [await sign(), await sign()];
  tell({ spki: made.spki, signatures, person: children.personPid, started: pids.length });
  await next();
  await devices.endStep();
  tell({ ended: true });
  await next();
  tell({ signatures: [await sign()], started: pids.length });
  await devices.close();
  await children.endAll();
}

function tell(what: object): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

/** Waits for a message of the test. */
function next(): Promise<void> {
  return new Promise((resolve) => {
    process.once('message', () => {
      resolve();
    });
  });
}
