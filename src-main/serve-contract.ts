/**
 * Main's end of the contract with one window. Requests are answered only to the window's own main frame on its own page,
 * only by name and form of the contract, and always with words or a value of the contract's form.
 */
import type { BrowserWindow, IpcMainInvokeEvent } from 'electron';
import * as v from 'valibot';
import type { Answer, Contract, Handlers, Invoke, NotifyName, PayloadOf, Trouble } from '../ipc/define';
import { pageOf } from './page-address';
import { isPlainDataWithin } from './plain-data';
import { troubleOf } from './trouble-of';

/** Before the name of every channel. */
export const CHANNEL_PREFIX = 'keyrite:';

/** Most bytes of a request, roughly: people type at most some thousand characters. */
const MAX_REQUEST_BYTES = 256 * 1024;
/** Most requests of one window that may wait for their answer. */
const MAX_WAITING = 64;

/** Tells a window what its contract lets main tell. */
export interface Teller<C extends Contract> {
  /**
   * Sends a message to the window's page; does nothing when the window is gone or shows no page yet.
   *
   * @throws RangeError when the payload is not of the contract's form: a fault of ours
   */
  readonly tell: <K extends NotifyName<C>>(name: K, payload: PayloadOf<C, K>) => void;
}

/**
 * Serves a contract to a window, for as long as it lives.
 *
 * @throws RangeError when the window is not one of ours
 */
export function serveContract<C extends Contract>(
  window: BrowserWindow,
  contract: C,
  handlers: Handlers<C>,
): Teller<C> {
  const page = pageOf(window);
  if (page === null) throw new RangeError('window: expected one that openHardenedWindow opened');
  const byName: Readonly<Record<string, unknown>> = handlers;
  let waiting = 0;
  for (const [name, entry] of Object.entries(contract)) {
    if (entry.kind !== 'invoke') continue;
    const handler = byName[name];
    if (!isHandler(handler)) throw new RangeError(`handlers: expected one for ${name}, got none`);
    window.webContents.ipc.handle(CHANNEL_PREFIX + name, async (event, ...sent: unknown[]): Promise<Answer> => {
      // Read before anything else: the frame may be another one, or none, after the first await.
      if (!isFromPage(event, window, page) || waiting >= MAX_WAITING) return { ok: false, trouble: REFUSED };
      waiting += 1;
      try {
        return await answer(entry, handler, sent);
      } finally {
        waiting -= 1;
      }
    });
  }
  return { tell: (name, payload) => tell(window, page, contract, name, payload) };
}

/** A request that is not of the contract, in words: the page of ours never makes one. */
const REFUSED: Trouble = {
  happened: 'Keyrite refused a request that its window must not make',
  changed: 'Nothing was changed.',
  next: 'Stop the ceremony, and report this: the window may not be what it seems.',
};

type Handler = (args: unknown) => unknown;

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

/** Whether a request comes from the one frame that may make it. Fails closed: a frame that is gone is refused. */
function isFromPage(event: IpcMainInvokeEvent, window: BrowserWindow, page: string): boolean {
  // SECURITY(K-51): a frame, another window, or our own window on another page must not command a ceremony.
  if (window.isDestroyed()) return false;
  const frame: Electron.WebFrameMain | null = event.senderFrame;
  return (
    frame !== null &&
    event.sender === window.webContents &&
    frame === window.webContents.mainFrame &&
    frame.parent === null &&
    frame.url === page
  );
}

async function answer(
  entry: Invoke<v.GenericSchema, v.GenericSchema>,
  handler: Handler,
  sent: readonly unknown[],
): Promise<Answer> {
  try {
    const [given] = sent;
    // valibot takes a list for an object without members.
    const inForm = sent.length === 1 && !Array.isArray(given) && isPlainDataWithin(given, MAX_REQUEST_BYTES);
    if (!inForm) return { ok: false, trouble: REFUSED };
    const args = v.safeParse(entry.args, given);
    if (!args.success) return { ok: false, trouble: REFUSED };
    return { ok: true, value: v.parse(entry.result, await handler(args.output)) };
  } catch (error) {
    return { ok: false, trouble: troubleOf(error) };
  }
}

function tell(window: BrowserWindow, page: string, contract: Contract, name: string, payload: unknown): void {
  const entry = Object.hasOwn(contract, name) ? contract[name] : undefined;
  if (entry?.kind !== 'notify') throw new RangeError(`name: expected a message of the contract, got ${name}`);
  const checked = v.safeParse(entry.payload, payload);
  if (!checked.success) {
    const where = checked.issues.map((issue) => v.getDotPath(issue) ?? 'itself').slice(0, 5);
    throw new RangeError(`${name}: expected what the contract says, got otherwise at ${where.join(', ')}`);
  }
  if (window.isDestroyed() || window.webContents.mainFrame.url !== page) return;
  window.webContents.send(CHANNEL_PREFIX + name, checked.output);
}
