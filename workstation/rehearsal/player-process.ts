/**
 * Entry of the rehearsal's player as a utility process of the app. Arguments: `--player=FILE`. Main hands it a port for
 * each question to a person that it plays; it answers one at a time, in the order in which they came.
 */
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { PortQuestion, type PortAnswer, type PortHello } from '../../hsm/secret-port';
import { makeExchangeKeys, type ExchangeKeys, type Seal } from '../../hsm/sealed-exchange';
import { protectProcess } from '../../hsm/native/protect-process';
import { EXIT_CODES } from '../../hsm/serve';
import { endOnFault, parentPort, type ParentPort, type UtilityPort } from '../../hsm/utility-port';
import type { Person } from './person';
import { openPlayer } from './player';
import { PlayerControl } from './player-contract';

main();

function main(): void {
  const parent = parentPort();
  if (parent === null) throw new Error('this program is started by the app, not by hand');
  endOnFault();
  protectProcess((code) => process.exit(code));
  const { values } = parseArgs({ options: { player: { type: 'string' } }, strict: false });
  if (typeof values.player !== 'string') throw new RangeError('--player: expected the name of a file, got none');
  serve(parent, openPlayer(values.player));
}

function serve(parent: ParentPort, person: Person): void {
  let last = Promise.resolve();
  parent.on('message', ({ data, ports: [port, ...others] }) => {
    const control = v.safeParse(PlayerControl, data);
    if (!control.success || others.length > 0) process.exit(EXIT_CODES.protocol);
    if ('stop' in control.output) last = last.then(() => process.exit(0));
    else if (port === undefined) process.exit(EXIT_CODES.protocol);
    else take(port, control.output.serve);
  });

  function take(port: UtilityPort, exchange: string): void {
    const gone = new AbortController();
    const keys = makeExchangeKeys('person', exchange);
    port.on('close', () => {
      gone.abort();
    });
    port.on('message', ({ data }) => {
      const question = v.safeParse(PortQuestion, data);
      if (!question.success || question.output.exchange !== exchange) port.close();
      else last = last.then(() => answer(question.output, keys, port, gone.signal));
    });
    port.start();
    void keys.then(({ publicKey: key }) => {
      port.postMessage({ kind: 'hello', exchange, key } satisfies PortHello);
    });
  }

  async function answer(
    { exchange, key, dialogue, body }: PortQuestion,
    keys: Promise<ExchangeKeys>,
    port: UtilityPort,
    gone: AbortSignal,
  ): Promise<void> {
    const opened = await open(await keys, key, body);
    if (opened === null) {
      port.close();
      return;
    }
    const { seal, shown } = opened;
    let given: Buffer | null = null;
    try {
      if (gone.aborted) return;
      given = await person.answer(dialogue, shown, gone);
      const how = given === null ? 'refused' : 'given';
      const sealed = await seal.close(`answer: ${how}`, given ?? new Uint8Array(0));
      // Where nobody waits any more, the port is closed and takes nothing.
      port.postMessage({ kind: 'answer', exchange, answer: how, body: sealed } satisfies PortAnswer);
    } finally {
      shown.fill(0);
      given?.fill(0);
    }
  }
}

/** Opens a question; null for one that was not sealed for this exchange. */
async function open(
  keys: ExchangeKeys,
  theirs: Uint8Array,
  body: Uint8Array,
): Promise<{ readonly seal: Seal; readonly shown: Uint8Array } | null> {
  try {
    const seal = await keys.agree(theirs);
    return { seal, shown: await seal.open('question', body) };
  } catch {
    return null;
  }
}
