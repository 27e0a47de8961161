/** Takes the port of this window's exchange, which main hands over through the preload, and no other. */
import * as v from 'valibot';
import { PORT_CHANNEL } from '../../hsm/secret-port';

/** Most ports that wait for the window to know its exchange. Main hands over one. */
const MAX_WAITING = 4;

const Handover = v.strictObject({
  channel: v.literal(PORT_CHANNEL),
  exchange: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
});

/** Listens from the first moment: the port may come before main has said what it is for. */
export class PortInbox {
  readonly #target: Window;
  readonly #waiting: { readonly exchange: string; readonly port: MessagePort }[] = [];
  #wanted: { readonly exchange: string; readonly take: (port: MessagePort) => void } | null = null;

  constructor(target: Window) {
    this.#target = target;
    target.addEventListener('message', this.#receive);
  }

  /** The port of an exchange, once it is there. Others are closed, and so is whatever comes after it. */
  accept(exchange: string): Promise<MessagePort> {
    return new Promise((resolve) => {
      this.#wanted = { exchange, take: resolve };
      for (const { exchange: its, port } of this.#waiting.splice(0)) this.#judge(its, port);
    });
  }

  readonly #receive = (event: MessageEvent): void => {
    const [port] = event.ports;
    // SECURITY(K-72): a port counts once, from this very window, with the exchange that main named; all others are closed.
    const isOurs = event.source === this.#target && event.origin === this.#target.location.origin;
    const message = v.safeParse(Handover, event.data);
    if (!isOurs || !message.success || port === undefined || event.ports.length !== 1) {
      for (const other of event.ports) other.close();
      return;
    }
    this.#judge(message.output.exchange, port);
  };

  #judge(exchange: string, port: MessagePort): void {
    const wanted = this.#wanted;
    if (wanted === null && this.#waiting.length < MAX_WAITING) {
      this.#waiting.push({ exchange, port });
    } else if (wanted?.exchange === exchange) {
      this.#target.removeEventListener('message', this.#receive);
      this.#wanted = { exchange: '', take: () => undefined };
      wanted.take(port);
    } else {
      port.close();
    }
  }
}
