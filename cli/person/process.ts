/**
 * Entry of the person process: the one process of the command line that alone holds PINs and shares outside the share
 * process and the workers. Arguments: `--links=N --ceremony=ID [--player=FILE]`; without a player, people are asked at
 * /dev/tty. Main tells it over IPC which link to serve.
 */
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { protectProcess } from '../../hsm/native/protect-process';
import { EXIT_CODES } from '../../hsm/serve';
import { FIRST_LINK_FD, MAX_LINKS, PersonControl, type PersonMessage } from './contract';
import { readQuestion, writeAnswer } from './link';
import type { Person } from '../../workstation/rehearsal/person';
import { openPlayer } from '../../workstation/rehearsal/player';
import { openTerminal } from './terminal';

interface Exchange {
  readonly link: number;
  readonly id: string;
  readonly abort: AbortController;
}

main();

function main(): void {
  for (const event of ['uncaughtException', 'unhandledRejection'])
    process.on(event, () => process.exit(EXIT_CODES.fault));
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(EXIT_CODES.orphaned));
  // Ctrl-C is a key while a person is asked, and main's business otherwise.
  process.on('SIGINT', () => undefined);
  protectProcess((code) => process.exit(code));
  const { links, player } = readArguments();
  serveLinks(links, player === undefined ? openTerminal() : openPlayer(player));
}

function readArguments(): { links: number; player: string | undefined } {
  const { values } = parseArgs({
    options: { links: { type: 'string' }, ceremony: { type: 'string' }, player: { type: 'string' } },
  });
  const links = Number(values.links);
  if (!Number.isInteger(links) || links < 0 || links > MAX_LINKS) {
    throw new RangeError(`--links: expected 0 to ${String(MAX_LINKS)}, got ${String(values.links)}`);
  }
  return { links, player: values.player };
}

/** Serves exchanges one at a time, in the order in which main names them, until main says stop or is gone. */
function serveLinks(links: number, person: Person): void {
  const open = new Set<Exchange>();
  let last: Promise<void> = say('ready');
  process.on('disconnect', () => process.exit(EXIT_CODES.orphaned));
  process.on('message', (message) => {
    const control = v.safeParse(PersonControl, message);
    if (!control.success) process.exit(EXIT_CODES.protocol);
    else obey(control.output);
  });

  function obey(control: PersonControl): void {
    if ('names' in control) person.introduce(control.names);
    else if ('step' in control) person.beginStep(control.step);
    else if ('doing' in control) person.doing(control.doing);
    else if ('cancel' in control) cancel(control.cancel);
    else if ('stop' in control) last = last.then(() => say('bye')).then(() => process.exit(0));
    else begin(control.serve, control.exchange);
  }

  function begin(link: number, id: string): void {
    if (link >= links) process.exit(EXIT_CODES.protocol);
    const exchange = { link, id, abort: new AbortController() };
    open.add(exchange);
    last = last.then(() => carryOut(exchange)).finally(() => open.delete(exchange));
  }

  function cancel(id: string): void {
    for (const exchange of open) if (exchange.id === id) exchange.abort.abort();
  }

  async function carryOut({ link, id, abort }: Exchange): Promise<void> {
    const isVoid = () => abort.signal.aborted;
    if (isVoid()) return;
    const descriptor = FIRST_LINK_FD + link;
    const question = await readQuestion(descriptor, id).catch(() => null);
    if (question === null) return;
    let given: Buffer | null = null;
    try {
      given = await person.answer(question.dialogue, question.body, abort.signal);
      if (!isVoid()) writeAnswer(descriptor, id, given);
    } finally {
      question.body.fill(0);
      given?.fill(0);
    }
  }
}

function say(kind: PersonMessage['kind']): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) throw new Error('this program is started by keyrite, not by hand');
    process.send({ kind } satisfies PersonMessage, undefined, undefined, () => {
      resolve();
    });
  });
}
