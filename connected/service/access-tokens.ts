/** A stand-in for IBM's IAM: an API key in, a short-lived bearer token out. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Life of an access token in seconds, as at IBM. */
const LIFE_SECONDS = 3600;

const GRANT = 'urn:ibm:params:oauth:grant-type:apikey';

/** Most tokens that are remembered; the oldest goes first. */
const MOST = 1000;

/** Gives and checks access tokens of one API key. */
export class AccessTokens {
  readonly #apiKey: string;
  readonly #expiries = new Map<string, number>();

  constructor(apiKey: string) {
    this.#apiKey = apiKey;
  }

  /** Answers POST /identity/token. `form` is the urlencoded body. */
  give(form: string, now: number): { readonly status: number; readonly body: object } {
    const fields = new URLSearchParams(form);
    if (fields.get('grant_type') !== GRANT) return refused('BXNIM0105E', 'The grant type is not supported.');
    if (!sameText(fields.get('apikey') ?? '', this.#apiKey))
      return refused('BXNIM0415E', 'The API key could not be found.');
    const token = randomBytes(32).toString('base64url');
    const oldest = this.#expiries.keys().next();
    if (this.#expiries.size >= MOST && oldest.done !== true) this.#expiries.delete(oldest.value);
    this.#expiries.set(token, now + LIFE_SECONDS * 1000);
    const expiration = Math.floor(now / 1000) + LIFE_SECONDS;
    return {
      status: 200,
      body: { access_token: token, token_type: 'Bearer', expires_in: LIFE_SECONDS, expiration, scope: 'ibm openid' },
    };
  }

  /** Whether an Authorization header names a token that is still good. */
  accepts(header: string | undefined, now: number): boolean {
    const token = /^Bearer (\S+)$/i.exec(header ?? '')?.[1];
    const expires = token === undefined ? undefined : this.#expiries.get(token);
    return expires !== undefined && now < expires;
  }
}

function refused(errorCode: string, errorMessage: string): { status: number; body: object } {
  return { status: 400, body: { errorCode, errorMessage } };
}

function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
