/**
 * Script of a secret page for tests: what it does is told by who is asked. It types nothing itself; the real page's own
 * tests do that with real key events.
 */
import { BRIDGE } from '../../../ipc/define';
import { whoIsAsked } from '../../../hsm/dialogue';
import { makeExchangeKeys, type ExchangeKeys, type Sealed } from '../../../hsm/sealed-exchange';
import { PORT_CHANNEL, type PortQuestion } from '../../../hsm/secret-port';

interface PagePort {
  onmessage: ((event: { readonly data: PortQuestion }) => void) | null;
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
}
interface PortEvent {
  readonly source: unknown;
  readonly data: { readonly channel?: string; readonly exchange?: string };
  readonly ports: readonly PagePort[];
}
interface Page {
  readonly keyrite: { ask(name: string, args: unknown): Promise<unknown> } & Readonly<Record<string, unknown>>;
  readonly document: { title: string };
  addEventListener(type: 'message', listener: (event: PortEvent) => void): void;
}

const page = globalThis as unknown as Page;
const ask = (name: string, args: unknown) => page.keyrite.ask(name, args);
let ports = 0;

/** 24 random digits, made in this process. */
function madeHere(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(24)).map((byte) => 0x30 + (byte % 10));
}

async function answer(port: PagePort, keys: ExchangeKeys, question: PortQuestion): Promise<void> {
  const { exchange, dialogue } = question;
  const seal = await keys.agree(question.key);
  const body = await seal.open('question', question.body);
  const give = async (bytes: Uint8Array, other: object = {}, what: Sealed = 'answer: given') => {
    const sealed = await seal.close(what, bytes);
    const isTransferred = 'transfer' in other;
    port.postMessage(
      { kind: 'answer', exchange, answer: 'given', body: sealed, ...(isTransferred ? {} : other) },
      isTransferred ? [sealed.buffer] : [],
    );
  };
  const encode = (text: string) => new TextEncoder().encode(text);
  switch (whoIsAsked(dialogue)) {
    case 'makes':
      await give(madeHere());
      break;
    case 'repeats':
      await give(body);
      break;
    case 'thinks':
      page.document.title = 'Asked';
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await give(madeHere());
      break;
    case 'reads':
      await give(new Uint8Array());
      break;
    case 'declines':
      await give(new Uint8Array(), { answer: 'refused' }, 'answer: refused');
      break;
    case 'tells': {
      const context = await ask('secret.context', {});
      const given = Object.keys(page[BRIDGE]).sort();
      const globals = ['require', 'process', 'Buffer', 'ipcRenderer'].filter((name) => name in globalThis);
      await give(encode(JSON.stringify({ context, given, globals, ports, elsewhere: await refusal('app.view') })));
      break;
    }
    case 'lies':
      await give(encode('1234'), { exchange: '0'.repeat(32) });
      break;
    case 'forgets':
      break;
    case 'exaggerates':
      await give(new Uint8Array(9000));
      break;
    case 'transfers': {
      await give(encode('1234'), { transfer: true });
      break;
    }
    default:
      page.document.title = 'Asked';
      return;
  }
  await ask('secret.finished', {});
}

async function refusal(name: string): Promise<string> {
  try {
    return `answered: ${JSON.stringify(await ask(name, {}))}`;
  } catch (error) {
    return error instanceof Error ? error.message : 'refused';
  }
}

page.addEventListener('message', ({ source, data, ports: [port] }) => {
  if (source !== page || data.channel !== PORT_CHANNEL || port === undefined) return;
  ports += 1;
  void makeExchangeKeys('person', data.exchange ?? '').then((keys) => {
    port.onmessage = (event) => {
      void answer(port, keys, event.data);
    };
    port.postMessage({ kind: 'hello', exchange: data.exchange, key: keys.publicKey });
  });
});
