/** How a module worker and the share process reach main and the people: the same programs run under Node and Electron. */
import type { AskingLink } from './contract';
import { nodePersonLink, nodeServerPort, PERSON_LINK_FD } from './node-port';
import type { ExchangeEvents, ServerPort } from './serve';
import { parentPort, utilityPersonLink, utilityServerPort } from './utility-port';

/** What the server loop is given. */
export interface Connection {
  readonly port: ServerPort;
  readonly makeLink: (events: ExchangeEvents) => AskingLink;
}

/**
 * The connection of a utility process of the app, or of a child of the command line.
 *
 * @throws Error when the process is neither
 */
export function connection(): Connection {
  const parent = parentPort();
  if (parent === null) return { port: nodeServerPort(), makeLink: (events) => nodePersonLink(PERSON_LINK_FD, events) };
  return { port: utilityServerPort(parent), makeLink: (events) => utilityPersonLink(parent, events) };
}
