/** A running service with a clock of its own, and the shortest way to talk to it. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeySupply, RsaKeyPair } from '../../connected/service/rsa-key-supply';
import { startService, type RunningService } from '../../connected/service/server';
import { inMemory, type StateKeeper } from '../../connected/service/state-folder';

/** Pairs made once per test file, given out in turn: two tokens in a row never share a key. */
const PAIRS: readonly RsaKeyPair[] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 4096 }));

/** A supply of key pairs that costs no time. */
export function pairsInTurn(): KeySupply {
  let turn = 0;
  return {
    take: () => {
      const pair = PAIRS[turn % PAIRS.length];
      turn += 1;
      return pair === undefined ? Promise.reject(new Error('no pair')) : Promise.resolve(pair);
    },
    stop: () => undefined,
  };
}

/** An answer of the service. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  /** Reason code of a refusal, else empty. */
  readonly code: string;
}

/** A service under test. */
export interface Bench {
  readonly service: RunningService;
  readonly keeper: StateKeeper;
  /** Milliseconds since 1970 that the service believes in. */
  now: number;
  /** Signs in and asks. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  close(): Promise<void>;
}

/** Starts a service in memory. */
export async function startBench(): Promise<Bench> {
  const keeper = inMemory();
  const bench = { now: Date.now() };
  const service = await startService({
    host: '127.0.0.1',
    port: 0,
    keeper,
    clock: () => bench.now,
    keys: pairsInTurn(),
  });
  let bearer: { token: string; until: number } | null = null;
  const ask: Bench['ask'] = async (method, path, body, headers = {}) => {
    if (bearer === null || bench.now >= bearer.until) {
      const token = await signIn(service.url, service.apiKey);
      bearer = { token: String(member(token.body, 'access_token')), until: bench.now + 3_600_000 };
    }
    const response = await fetch(service.url + path, {
      method,
      headers: { Authorization: `Bearer ${bearer.token}`, 'Bluemix-Instance': service.instance, ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return reply(response);
  };
  return Object.assign(bench, { service, keeper, ask, close: () => service.close() });
}

/** POST /identity/token. */
export async function signIn(
  iam: string,
  apiKey: string,
  grant = 'urn:ibm:params:oauth:grant-type:apikey',
): Promise<Reply> {
  const body = new URLSearchParams({ grant_type: grant, apikey: apiKey });
  return reply(await fetch(`${iam}/identity/token`, { method: 'POST', body }));
}

/** An answer with its reason code. */
async function reply(response: Response): Promise<Reply> {
  const text = await response.text();
  const body: unknown = text === '' ? null : JSON.parse(text);
  const reasons = member(member(member(body, 'resources'), '0'), 'reasons');
  const code = member(member(reasons, '0'), 'code');
  return { status: response.status, body, code: typeof code === 'string' ? code : '' };
}

/** A member of a JSON value; undefined where there is none. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** A folder that is removed after the test. */
export function scratch(): { readonly path: (name: string) => string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-connected-'));
  return {
    path: (name) => join(folder, name),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An API key file of mode 0600. */
export function apiKeyFile(path: string, apiKey: string): string {
  writeFileSync(path, `${apiKey}\n`, { mode: 0o600 });
  return path;
}
