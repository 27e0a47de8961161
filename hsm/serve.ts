/** The loop of a process that carries out requests of one table: a module worker or the share process. */
import * as v from 'valibot';
import { DeviceError, type DeviceTrouble } from '../ceremony/command/device-error';
import {
  Request,
  Stop,
  type AskingLink,
  type Dialogue,
  type Handlers,
  type Message,
  type OperationTable,
  type PersonLink,
} from './contract';

/** The process's end of its connection to main: `process.send` under Node, a MessagePort in the app. */
export interface ServerPort {
  /** Resolves when the message has left the process; rejects when main is gone. */
  post(message: Message): Promise<void>;
  onMessage(listener: (message: unknown) => void): void;
  /** Main is gone. */
  onClosed(listener: () => void): void;
  exit(code: number): void;
}

/** What the person link tells the loop, so that main can bring the person in and let the deadline rest. */
export interface ExchangeEvents {
  /** A question stands on the link; `exchange` is its random id (16 bytes hex). */
  asking(dialogue: Dialogue, exchange: string): void;
  /** The answer, or the end of the link, was read. */
  answered(): void;
}

/** Exit codes of our processes, beside 0 after `bye`. */
export const EXIT_CODES = {
  /** An exception nobody caught: a fault of ours. */
  fault: 70,
  /** The system did not let the process keep its memory to itself. */
  unprotected: 71,
  /** Main sent what is not in the contract. */
  protocol: 76,
  /** Main is gone. */
  orphaned: 77,
} as const;

/**
 * Serves the operations of `table`, one at a time and in order, until main says stop or is gone. Arguments and results
 * are validated; a {@link DeviceError} goes back as it is. Of any other exception nothing is passed on, because its text
 * could hold a secret.
 */
export function serve<T extends OperationTable>(
  table: T,
  handlers: Handlers<T>,
  port: ServerPort,
  makeLink: (events: ExchangeEvents) => AskingLink,
): void {
  let current = 0;
  const answered = () => void say({ kind: 'answered', id: current });
  const asked = makeLink({
    asking: (dialogue, exchange) => void say({ kind: 'asking', id: current, dialogue, exchange }),
    answered,
  });
  const link: PersonLink = {
    ask: (dialogue, body) => asked.ask(dialogue, body),
    atPad: async (entry, call) => {
      // Said before the call, which lets nothing else happen in this process until it returns.
      await say({ kind: 'at-pad', id: current, entry });
      try {
        return call();
      } finally {
        answered();
      }
    },
  };
  let last: Promise<void> = say({ kind: 'ready' });
  port.onClosed(() => {
    port.exit(EXIT_CODES.orphaned);
  });
  port.onMessage((message) => {
    last = last.then(() => handle(message));
  });

  async function handle(message: unknown): Promise<void> {
    if (v.is(Stop, message)) {
      await say({ kind: 'bye' });
      port.exit(0);
    } else if (v.is(Request, message)) {
      current = message.id;
      await say(await answer(message));
    } else {
      port.exit(EXIT_CODES.protocol);
    }
  }

  async function answer(request: v.InferOutput<typeof Request>): Promise<Message> {
    const { id, operation: name } = request;
    const operation = Object.hasOwn(table, name) ? table[name] : undefined;
    if (operation === undefined) return { kind: 'error', id, error: refused(name, 'it is not in the contract') };
    const args = v.safeParse(operation.args, request.args, { abortEarly: true });
    if (!args.success)
      return { kind: 'error', id, error: refused(name, `its argument is wrong at ${place(args.issues)}`) };
    try {
      const run = handlers[name] as unknown as (args: unknown, link: PersonLink) => unknown;
      const result = v.safeParse(operation.result, await run(args.output, link), { abortEarly: true });
      if (!result.success)
        return { kind: 'error', id, error: fault(name, `its result is wrong at ${place(result.issues)}`) };
      return { kind: 'result', id, result: result.output };
    } catch (error) {
      return {
        kind: 'error',
        id,
        // SECURITY(K-07): the text of any other exception could hold a secret.
        error: error instanceof DeviceError ? troubleOf(error) : fault(name, errorName(error)),
      };
    }
  }

  async function say(message: Message): Promise<void> {
    try {
      await port.post(message);
    } catch {
      port.exit(EXIT_CODES.orphaned);
    }
  }
}

/** The fields of an error that cross to main, each cut to what the contract allows; the stack stays here. */
function troubleOf(error: DeviceError): DeviceTrouble {
  const cut = (text: string) => text.slice(0, 10_000);
  return {
    code: cut(error.code),
    message: cut(error.message),
    changed: cut(error.changed),
    next: cut(error.next),
    uncertain: error.uncertain,
  };
}

function refused(operation: string, why: string): DeviceTrouble {
  return {
    code: 'FAULT',
    message: `The request ${operation.slice(0, 100)} was refused: ${why}. This is a fault of Keyrite's own`,
    changed: 'Nothing was changed: the request did not reach the device',
    next: 'Stop, keep the evidence bundle, and report the fault',
    uncertain: false,
  };
}

function fault(operation: string, what: string): DeviceTrouble {
  return {
    code: 'FAULT',
    message: `The request ${operation} failed by a fault of Keyrite's own (${what})`,
    changed: 'Whether the device carried it out is not known',
    next: 'Read the device again. If it happens again, stop, keep the evidence bundle, and report the fault',
    uncertain: true,
  };
}

/** Name of the exception's class and nothing of its text; names of foreign make are left out too. */
function errorName(error: unknown): string {
  if (error instanceof TypeError) return 'TypeError';
  if (error instanceof RangeError) return 'RangeError';
  return 'unexpected exception';
}

function place(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  return v.getDotPath(issues[0])?.slice(0, 200) ?? 'its top';
}
