/** The five operations of Key Protect that Keyrite needs, with answers checked. One access token per run. */
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { KeyProtectKeyId, type KeyProtectFields } from '../ceremony/keypackage/key-protect';
import { ConnectFailure, EXIT, quoted } from './failure';
import { NoAnswer, send, type Answer } from './request';
import type { CloudPlace } from './cloud-place';

const KEY_TYPE = 'application/vnd.ibm.kms.key+json';
const PAGE = 200;
const MOST_PAGES = 100;

const SignIn = v.object({ access_token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,16384}$/)) });
const Text = v.pipe(v.string(), v.maxLength(10_000));
const ImportToken = v.object({ expirationDate: Text, payload: Text, nonce: Text });
const Key = v.object({
  id: KeyProtectKeyId,
  name: v.optional(Text, ''),
  description: v.optional(v.nullable(Text)),
  state: v.optional(v.number()),
  extractable: v.optional(v.boolean()),
  imported: v.optional(v.boolean()),
  lastRotateDate: v.optional(v.nullable(Text)),
  keyVersion: v.optional(v.nullable(v.object({ id: KeyProtectKeyId }))),
});
const Keys = v.object({ resources: v.optional(v.array(Key), []) });
const OneKey = v.object({ resources: v.pipe(v.array(Key), v.length(1)) });
const Refusal = v.object({
  resources: v.pipe(
    v.array(
      v.object({
        errorMsg: v.optional(v.string(), ''),
        reasons: v.optional(v.array(v.object({ code: v.string(), message: v.optional(v.string(), '') })), []),
      }),
    ),
    v.minLength(1),
  ),
});

/** A key as the service shows it. */
export type RemoteKey = v.InferOutput<typeof Key>;
/** An import token that was retrieved: `payload` holds the public key, `nonce` is base64. */
export type RetrievedToken = v.InferOutput<typeof ImportToken>;

/** The service refused: nothing was done. `code` is Key Protect's reason code, or empty. */
export class ServiceRefusal extends Error {
  override readonly name = 'ServiceRefusal';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A key, and the answer that shows it. */
export interface KeyAnswer {
  readonly key: RemoteKey;
  readonly answer: Answer;
}

/** Signs in with an API key (ASCII bytes); the key is not kept. */
export async function signIn(
  place: CloudPlace,
  instance: string,
  apiKey: Uint8Array,
  timeoutMs: number,
): Promise<KeyProtectClient> {
  const form = new URLSearchParams({
    grant_type: 'urn:ibm:params:oauth:grant-type:apikey',
    apikey: Buffer.from(apiKey).toString('latin1'),
  });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' };
  const answer = await send(
    `${place.iam}/identity/token`,
    { method: 'POST', headers, body: form.toString() },
    timeoutMs,
  );
  if (answer.status !== 200) {
    throw new ServiceRefusal(answer.status, 'IAM', 'IAM did not accept the API key');
  }
  return new KeyProtectClient(place, instance, checked(SignIn, answer).access_token, timeoutMs);
}

/** A signed-in client of one instance. Every method may throw {@link NoAnswer} or {@link ServiceRefusal}. */
export class KeyProtectClient {
  readonly #place: CloudPlace;
  readonly #instance: string;
  readonly #token: string;
  readonly #timeoutMs: number;

  constructor(place: CloudPlace, instance: string, token: string, timeoutMs: number) {
    this.#place = place;
    this.#instance = instance;
    this.#token = token;
    this.#timeoutMs = timeoutMs;
  }

  /** Makes a new import token: the instance's present one, if any, is gone with it. */
  async createImportToken(expiration: number, maxAllowedRetrievals: number): Promise<void> {
    const body = { expiration, maxAllowedRetrievals };
    await this.#ask('POST', '/api/v2/import_token', 'application/vnd.ibm.kms.import_token+json', body, [200, 201]);
  }

  /** The instance's import token; spends a retrieval. */
  async retrieveImportToken(): Promise<RetrievedToken> {
    return checked(ImportToken, await this.#ask('GET', '/api/v2/import_token', null, null, [200]));
  }

  /** Every key of the instance with this name. */
  async keysNamed(name: string): Promise<{ readonly keys: readonly RemoteKey[]; readonly answers: readonly Answer[] }> {
    const keys: RemoteKey[] = [];
    const answers: Answer[] = [];
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const path = `/api/v2/keys?limit=${String(PAGE)}&offset=${String(page * PAGE)}`;
      const answer = await this.#ask('GET', path, null, null, [200]);
      const { resources } = checked(Keys, answer);
      answers.push(answer);
      keys.push(...resources.filter((key) => key.name === name));
      if (resources.length < PAGE) return { keys, answers };
    }
    throw new ServiceRefusal(
      200,
      '',
      `the instance has more than ${String(PAGE * MOST_PAGES)} keys: too many to look through`,
    );
  }

  /** A key's metadata. */
  async key(id: string): Promise<KeyAnswer> {
    const answer = await this.#ask('GET', `/api/v2/keys/${encodeURIComponent(id)}/metadata`, null, null, [200]);
    return { key: onlyKey(answer), answer };
  }

  /** Imports a root key. Not idempotent: a repeat makes a second key. */
  async createKey(name: string, description: string, fields: KeyProtectFields): Promise<KeyAnswer> {
    const answer = await this.#ask(
      'POST',
      '/api/v2/keys',
      KEY_TYPE,
      {
        metadata: { collectionType: KEY_TYPE, collectionTotal: 1 },
        resources: [{ type: KEY_TYPE, name, description, extractable: false, ...fields }],
      },
      [201],
    );
    return { key: onlyKey(answer), answer };
  }

  /** Rotates an imported root key to new material. */
  async rotateKey(id: string, fields: KeyProtectFields): Promise<Answer> {
    const path = `/api/v2/keys/${encodeURIComponent(id)}/actions/rotate`;
    return this.#ask('POST', path, 'application/vnd.ibm.kms.key_action+json', { ...fields }, [200, 204]);
  }

  async #ask(
    method: string,
    path: string,
    contentType: string | null,
    body: object | null,
    good: readonly number[],
  ): Promise<Answer> {
    const headers: Record<string, string> = {
      Authorization: `Bearer ${this.#token}`,
      'Bluemix-Instance': this.#instance,
      'Correlation-Id': randomUUID(),
      Accept: 'application/json',
    };
    if (contentType !== null) headers['Content-Type'] = contentType;
    const text = body === null ? null : JSON.stringify(body);
    const answer = await send(this.#place.endpoint + path, { method, headers, body: text }, this.#timeoutMs);
    if (good.includes(answer.status))
      return { ...answer, correlation: answer.correlation ?? headers['Correlation-Id'] ?? null };
    // A gateway's 5xx does not say whether the service behind it acted.
    if (answer.status >= 500) throw new NoAnswer(`the service answered HTTP ${String(answer.status)}`, true);
    throw refusalOf(answer);
  }
}

/** A failure of the network or the service, in words for people. */
export function inWords(error: unknown, changed: string, next: string): ConnectFailure {
  if (error instanceof NoAnswer)
    return new ConnectFailure(EXIT.finding, { happened: `${quoted(error.message)}.`, changed, next });
  if (error instanceof ServiceRefusal) {
    const code = error.code === '' ? '' : ` ${quoted(error.code)}`;
    const happened = `The service refused (HTTP ${String(error.status)}${code}): ${quoted(error.message)}.`;
    return new ConnectFailure(EXIT.finding, { happened, changed, next: ADVICE[error.code] ?? next });
  }
  throw error;
}

const ADVICE: Readonly<Record<string, string>> = {
  IAM: 'Check the API key and that it has not been revoked.',
  UNAUTHORIZED_ERR: 'Check the instance id, the region, and that the API key has the role Writer or Manager.',
  IMPORT_TOKEN_EXPIRED_ERR: 'Collect new wrapping parameters and wrap again: this package cannot be imported any more.',
  INCORRECT_NONCE_ERR: 'The import token was replaced. Collect new wrapping parameters and wrap again.',
  INCORRECT_NONCE_IV_ERR: 'The package is damaged or was made wrongly. Compare its hash with the record; wrap again.',
  UNPROCESSABLE_CIPHERTEXT_ERR: 'The import token was replaced, or the package is damaged. Collect and wrap again.',
  KEY_CREATE_IMPORT_ACCESS_ERR: "Change the instance's keyCreateImportAccess policy, or ask its owner.",
  KEY_ROTATION_NOT_PERMITTED:
    'Wait until an hour has passed since the last rotation. If an earlier upload of this package got no answer, look at the key first: that rotation may have been it.',
  REQ_TOO_EARLY_ERR: 'Wait, and try again.',
  KEY_PAYLOAD_REQ_ERR: 'The key was imported: a rotation needs a package made for it.',
};

function refusalOf(answer: Answer): ServiceRefusal {
  const parsed = v.safeParse(Refusal, answer.json);
  if (!parsed.success) return new ServiceRefusal(answer.status, '', 'no reason given');
  const resource = parsed.output.resources[0];
  const reason = resource?.reasons[0];
  return new ServiceRefusal(answer.status, reason?.code ?? '', reason?.message ?? resource?.errorMsg ?? '');
}

function onlyKey(answer: Answer): RemoteKey {
  const [key] = checked(OneKey, answer).resources;
  if (key === undefined) throw new NoAnswer('the answer shows no key', true);
  return key;
}

/** A success whose body is not what it should be says nothing about whether the service acted. */
function checked<S extends v.GenericSchema>(schema: S, answer: Answer): v.InferOutput<S> {
  const result = v.safeParse(schema, answer.json);
  if (result.success) return result.output;
  const where = v.getDotPath(result.issues[0]) ?? 'body';
  throw new NoAnswer(`the service's answer is not what its API promises (${quoted(where)})`, true);
}
