/** How a module worker and the share process reach main and the people: the same programs run under Node and Electron. */
import type { AskingLink } from './contract';
import { nodePersonLink, nodeServerPort, PERSON_LINK_FD } from './node-port';
import type { ExchangeEvents, ServerPort } from './serve';
import { companion } from './native/companion';
import { protectProcess } from './native/protect-process';
import { processMark } from './process-mark';
import { parentPort, utilityPersonLink, utilityServerPort } from './utility-port';

/** What the server loop is given. */
export interface Connection {
  readonly port: ServerPort;
  readonly makeLink: (events: ExchangeEvents) => AskingLink;
}

/**
 * The connection of a utility process of the app, or of a child of the command line, which is kept to itself first.
 *
 * @throws Error when the process is neither
 */
export function connection(): Connection {
  const parent = parentPort();
  const port = parent === null ? nodeServerPort() : utilityServerPort(parent);
  protectProcess((code) => {
    port.exit(code);
  });
  if (parent === null) return { port, makeLink: (events) => nodePersonLink(PERSON_LINK_FD, events) };
  companion().nameThread(processMark(ceremonyOf(process.argv), process.ppid));
  return { port, makeLink: (events) => utilityPersonLink(parent, events) };
}

/** The ceremony that a process was started for. */
function ceremonyOf(args: readonly string[]): string {
  const flag = '--ceremony=';
  return args.find((one) => one.startsWith(flag))?.slice(flag.length) ?? '';
}
