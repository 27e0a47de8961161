/** The Key Protect-compatible server: HTTP on loopback, routes, headers, errors. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { usage } from '../failure';
import { AccessTokens } from './access-tokens';
import { ServiceFault } from './fault';
import { createImportToken, retrieveImportToken } from './import-token';
import { PolicyBody, onlyResource, parseBody } from './request-bodies';
import { KEY_TYPE, createKey, findKey, keyResource, rotateKey } from './root-keys';
import { RsaKeySupply, type KeySupply } from './rsa-key-supply';
import type { StateKeeper } from './state-folder';

const TOKEN_TYPE = 'application/vnd.ibm.kms.import_token+json';
const POLICY_TYPE = 'application/vnd.ibm.kms.policy+json';
const LOOPBACK = ['127.0.0.1', '::1'];
const MOST_BODY_BYTES = 64 * 1024;

/** A service that listens. */
export interface RunningService {
  /** Base URL, without a slash at the end; the identity endpoint is under it too. */
  readonly url: string;
  readonly instance: string;
  /** Throw-away. */
  readonly apiKey: string;
  close(): Promise<void>;
}

/** How a service is started. */
export interface ServiceOptions {
  /** `127.0.0.1` or `::1`; anything else is refused. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly keeper: StateKeeper;
  /** Milliseconds since 1970; tests bring their own. */
  readonly clock: () => number;
  /** Where key pairs come from; tests that need many tokens bring pairs made once. */
  readonly keys?: KeySupply;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: object | null;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/**
 * Starts the service.
 *
 * @throws ConnectFailure for a host that is not loopback, or a port that is taken
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { host, port, keeper, clock } = options;
  // SECURITY(K-37): it is a stand-in for tests and rehearsals, with keys in plain files.
  if (!LOOPBACK.includes(host)) {
    throw usage(`The service listens on loopback only, not on ${host}.`, 'Leave --host out, or give 127.0.0.1 or ::1.');
  }
  const keys = options.keys ?? new RsaKeySupply();
  const tokens = new AccessTokens(keeper.state.apiKey);
  const answer = async (call: Call): Promise<Answer> =>
    call.path === '/identity/token' ? identity(tokens, call, clock()) : kms(keeper, keys, tokens, call, clock());
  const server = createServer((request, response) => void serve(request, response, answer));
  await listen(server, host, port);
  const bound = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${String(bound.port)}`,
    instance: keeper.state.instance,
    apiKey: keeper.state.apiKey,
    close: async () => {
      keys.stop();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function identity(tokens: AccessTokens, call: Call, now: number): Answer {
  if (call.method !== 'POST') return { status: 405, type: 'application/json', body: { errorMessage: 'POST only' } };
  return { ...tokens.give(call.text, now), type: 'application/json' };
}

async function kms(
  keeper: StateKeeper,
  keys: KeySupply,
  tokens: AccessTokens,
  call: Call,
  now: number,
): Promise<Answer> {
  if (!tokens.accepts(call.headers.authorization, now)) throw new ServiceFault('UNAUTHORIZED_ERR');
  if (call.headers['bluemix-instance'] !== keeper.state.instance) throw new ServiceFault('UNAUTHORIZED_ERR');
  const [, id, rest] = /^\/api\/v2\/keys\/([^/]+)\/(.+)$/.exec(call.path) ?? [];
  const route = `${call.method} ${id === undefined ? call.path : `/api/v2/keys/{id}/${rest ?? ''}`}`;
  switch (route) {
    case 'POST /api/v2/import_token': {
      const body = call.text === '' ? {} : json(call);
      return { status: 200, type: TOKEN_TYPE, body: createImportToken(keeper, body, await keys.take(), now) };
    }
    case 'GET /api/v2/import_token':
      return { status: 200, type: TOKEN_TYPE, body: retrieveImportToken(keeper, now) };
    case 'POST /api/v2/keys': {
      const key = createKey(keeper, json(call), now);
      const shown = call.headers['prefer'] === 'return=minimal' ? { id: key.id } : keyResource(keeper, key);
      return { status: 201, type: KEY_TYPE, body: collection(KEY_TYPE, [shown]) };
    }
    case 'GET /api/v2/keys':
      return { status: 200, type: KEY_TYPE, body: listKeys(keeper, call.query) };
    case 'GET /api/v2/keys/{id}/metadata': {
      const key = findKey(keeper, decode(id));
      return { status: 200, type: KEY_TYPE, body: collection(KEY_TYPE, [keyResource(keeper, key)]) };
    }
    case 'GET /api/v2/keys/{id}/versions': {
      const versions = findKey(keeper, decode(id)).versions.toReversed();
      const shown = versions.map((version) => ({ id: version.id, creationDate: version.creationDate }));
      return { status: 200, type: KEY_TYPE, body: collection('application/vnd.ibm.kms.key.version+json', shown) };
    }
    case 'POST /api/v2/keys/{id}/actions/rotate':
      rotateKey(keeper, decode(id), call.text === '' ? undefined : json(call), now);
      return { status: 204, type: KEY_TYPE, body: null };
    case 'GET /api/v2/instance/policies':
      return { status: 200, type: POLICY_TYPE, body: collection(POLICY_TYPE, [policyResource(keeper, call.query)]) };
    case 'PUT /api/v2/instance/policies': {
      policyResource(keeper, call.query);
      const wanted = parseBody(PolicyBody, onlyResource(json(call), POLICY_TYPE));
      keeper.state.policy = wanted.policy_data;
      keeper.save();
      return { status: 204, type: POLICY_TYPE, body: null };
    }
    default:
      return { status: 404, type: 'application/json', body: { errorMsg: 'This service has no such operation.' } };
  }
}

function listKeys(keeper: StateKeeper, query: URLSearchParams): object {
  const limit = whole(query, 'limit', 200, 1, 5000);
  const offset = whole(query, 'offset', 0, 0, Number.MAX_SAFE_INTEGER);
  const shown = keeper.state.keys.slice(offset, offset + limit);
  return collection(
    KEY_TYPE,
    shown.map((key) => keyResource(keeper, key)),
  );
}

function policyResource(keeper: StateKeeper, query: URLSearchParams): object {
  if (query.get('policy') !== 'keyCreateImportAccess')
    throw new ServiceFault('BAD_BODY_ERR', 'policy=keyCreateImportAccess');
  return { policy_type: 'keyCreateImportAccess', policy_data: keeper.state.policy };
}

function collection(collectionType: string, resources: readonly object[]): object {
  return { metadata: { collectionType, collectionTotal: resources.length }, resources };
}

function whole(query: URLSearchParams, name: string, otherwise: number, least: number, most: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw new ServiceFault('BAD_BODY_ERR', name);
  return value;
}

function decode(id: string | undefined): string {
  try {
    return decodeURIComponent(id ?? '');
  } catch {
    throw new ServiceFault('KEY_NOT_FOUND_ERR');
  }
}

function json(call: Call): unknown {
  if (call.text === '') throw new ServiceFault('NO_BODY_ERR');
  try {
    return JSON.parse(call.text) as unknown;
  } catch {
    throw new ServiceFault('BAD_BODY_ERR', 'not JSON');
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (call: Call) => Promise<Answer>,
): Promise<void> {
  const asked = request.headers['correlation-id'];
  response.setHeader(
    'Correlation-Id',
    typeof asked === 'string' && /^[0-9a-f-]{36}$/i.test(asked) ? asked : randomUUID(),
  );
  try {
    const url = new URL(request.url ?? '/', 'http://loopback');
    // A web page that rebinds its name to 127.0.0.1 sends its own name here.
    if (!/^(?:127\.0\.0\.1|\[::1\]):\d+$/.test(request.headers.host ?? '')) throw new ServiceFault('UNAUTHORIZED_ERR');
    const text = await readBody(request);
    const { method = 'GET', headers } = request;
    const { status, type, body } = await answer({ method, path: url.pathname, query: url.searchParams, headers, text });
    response.writeHead(status, body === null ? {} : { 'Content-Type': type });
    response.end(body === null ? undefined : JSON.stringify(body));
  } catch (error) {
    const fault = error instanceof ServiceFault ? error : null;
    response.writeHead(fault?.status ?? 500, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(fault?.body() ?? { errorMsg: 'Internal Server Error' }));
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BODY_BYTES) throw new ServiceFault('BAD_BODY_ERR', 'longer than 64 KiB');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((done, fail) => {
    server.once('error', () => {
      fail(
        usage(`Port ${String(port)} on ${host} cannot be listened on.`, 'Give another --port, or 0 for any free one.'),
      );
    });
    server.listen(port, host, done);
  });
}
