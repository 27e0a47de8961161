/** A proxy in front of the service that counts what passes and can keep an answer back, as a bad network does. */
import { createServer, request as ask, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of one request. */
export type Fate =
  | 'pass'
  /** The service acts, and its answer never arrives. */
  | 'lose-answer'
  /** The service acts, and a gateway answers 502 in its place. */
  | 'bad-gateway'
  /** The request never arrives, and no answer comes. */
  | 'lose-request';

/** The proxy. */
export interface GoBetween {
  readonly url: string;
  /** `METHOD path` of every request, in order. */
  readonly passed: string[];
  /** Decides about each request; passes everything unless told otherwise. */
  fate: (call: string) => Fate;
  close(): Promise<void>;
}

/** Starts a proxy for a service. */
export async function startGoBetween(target: string): Promise<GoBetween> {
  const passed: string[] = [];
  const state: { fate: (call: string) => Fate } = { fate: () => 'pass' };
  const server = createServer((request, response) => {
    const call = `${request.method ?? ''} ${(request.url ?? '').replace(/\?.*/, '')}`;
    passed.push(call);
    const fate = state.fate(call);
    if (fate === 'lose-request') return;
    forward(target, request, (answer, body) => {
      if (fate === 'lose-answer') return;
      if (fate === 'bad-gateway') response.writeHead(502).end('bad gateway');
      else response.writeHead(answer.statusCode ?? 500, answer.headers).end(body);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return Object.assign(state, {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    passed,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  });
}

function forward(
  target: string,
  request: IncomingMessage,
  done: (answer: IncomingMessage, body: Buffer) => void,
): void {
  const { host } = new URL(target);
  const onward = ask(
    target + (request.url ?? ''),
    { method: request.method ?? 'GET', headers: { ...request.headers, host } },
    (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        done(answer, Buffer.concat(parts));
      });
    },
  );
  request.pipe(onward);
}
