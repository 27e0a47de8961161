/**
 * A main process for tests of the secret windows' page: the app's own hardening, window, preload and contract. It plays
 * the worker on the other end of the port, and main where main hands over what it should not.
 */
import type { Dialogue } from '../../../hsm/dialogue';
import { makeExchangeKeys, type Seal } from '../../../hsm/sealed-exchange';
import { PORT_CHANNEL, type PortAnswer, type PortHello } from '../../../hsm/secret-port';
import { SECRET_WINDOW, type SecretContext } from '../../../ipc/contract';
import { openHardenedWindow } from '../../../src-main/hardened-window';
import { hardenAfterReady, hardenBeforeReady } from '../../../src-main/hardening/harden-everything';
import { serveContract } from '../../../src-main/serve-contract';

/** Electron, as the driver hands it in. */
type Modules = typeof Electron.CrossProcessExports;
type Port = InstanceType<Modules['MessageChannelMain']>['port1'];

/** What a window is opened for. */
export interface Opening {
  readonly context: SecretContext;
  readonly dialogue: Dialogue;
  /** Body of the question, in hex. */
  readonly body: string;
  /** Exchanges of the ports that are handed over, in order. */
  readonly handed: readonly string[];
  /** Asks nothing by itself on the port. */
  readonly silent: boolean;
}

/** What came over a port, opened where it was sealed. */
export interface Heard {
  readonly port: number;
  readonly message: unknown;
  /** Body in hex, and length of the whole buffer that came with it. */
  readonly body: string;
  readonly buffer: number;
}

/** What the driver does in this process. */
interface SecretMain {
  ready(): void;
  open(electron: Modules, opening: Opening): void;
  /** Posts anything to the page, once it has said hello. `body`: hex, to be sealed as the question's and put in. */
  post(message: Record<string, unknown>, body: string | null): Promise<void>;
  closePort(): void;
  heard(): Promise<Heard[]>;
  /** How often the page said that it has finished, and which ports it closed. */
  state(): { readonly finished: number; readonly closed: readonly number[] };
  resize(width: number, height: number, zoom: number): void;
  destroy(): void;
}

declare global {
  var secretMain: SecretMain | undefined;
}

hardenBeforeReady((error) => {
  throw error;
});

let window: ReturnType<typeof openHardenedWindow> | null = null;
let ports: Port[] = [];
let heard: Promise<Heard>[] = [];
/** The hello of the first port, and what opens the answer to the question last asked. */
let hello = new Promise<PortHello>(() => undefined);
let heardHello: (said: PortHello) => void = () => undefined;
let asker: Seal | null = null;
let closed: number[] = [];
let finished = 0;
let opened = 0;

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

async function hear(port: number, message: unknown): Promise<Heard> {
  const said = message as PortAnswer | PortHello;
  if (said.kind === 'hello') return { port, message, body: '', buffer: 0 };
  const opened = await asker!.open(`answer: ${said.answer}`, said.body);
  return { port, message, body: Buffer.from(opened).toString('hex'), buffer: said.body.buffer.byteLength };
}

/** A body sealed anew for the end that said hello, with the key that opens it there. */
async function sealed(exchange: string, body: string): Promise<{ key: Uint8Array; body: Uint8Array }> {
  const keys = await makeExchangeKeys('asker', exchange);
  asker = await keys.agree((await hello).key);
  return { key: keys.publicKey, body: await asker.close('question', bytes(body)) };
}

function serve(electron: Modules, opening: Opening, exchange: string, port: number): Port {
  const { port1, port2 } = new electron.MessageChannelMain();
  ports.push(port1);
  port1.on('message', ({ data }) => {
    heard.push(hear(port, data));
    const said = data as PortHello | PortAnswer;
    if (said.kind !== 'hello') return;
    heardHello(said);
    if (opening.silent) return;
    void sealed(exchange, opening.body).then((question) => {
      port1.postMessage({ kind: 'question', exchange, dialogue: opening.dialogue, ...question });
    });
  });
  port1.on('close', () => closed.push(port));
  port1.start();
  return port2;
}

globalThis.secretMain = {
  ready: hardenAfterReady,
  open(electron, opening) {
    [ports, heard, closed, finished] = [[], [], [], 0];
    hello = new Promise((resolve) => (heardHello = resolve));
    opened += 1;
    const own = openHardenedWindow({
      page: 'secret.html',
      preload: 'secret-preload.cjs',
      partition: `secret-${String(opened)}`,
      width: 1280,
      height: 800,
      title: 'Keyrite: SECRET',
    });
    window = own;
    serveContract(own, SECRET_WINDOW, {
      'secret.context': () => opening.context,
      'secret.finished': () => {
        finished += 1;
        return null;
      },
    });
    own.webContents.once('did-finish-load', () => {
      for (const [port, exchange] of opening.handed.entries()) {
        own.webContents.postMessage(PORT_CHANNEL, { exchange }, [serve(electron, opening, exchange, port)]);
      }
    });
  },
  post: async (message, body) => {
    const key = (await hello).key;
    const question = body === null ? { key } : await sealed(String(message['exchange']), body);
    ports[0]?.postMessage({ ...message, ...question });
  },
  closePort: () => ports[0]?.close(),
  heard: () => Promise.all(heard),
  state: () => ({ finished, closed }),
  resize(width, height, zoom) {
    window?.setContentSize(width, height);
    window?.webContents.setZoomFactor(zoom);
  },
  destroy: () => window?.destroy(),
};
