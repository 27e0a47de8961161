/** One HTTP request: bounded in time and size, no redirects, and honest about whether the other side may have acted. */

/** Longest answer that is read, in bytes. */
const MOST_ANSWER_BYTES = 8 * 1024 * 1024;

/** Errors after which the request certainly did not reach the service. */
const NOT_SENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];

/** An answer; `json` is undefined when the body is empty or not JSON. */
export interface Answer {
  readonly status: number;
  readonly bytes: Uint8Array;
  readonly json: unknown;
  readonly correlation: string | null;
}

/** No answer came. `reached` is true when the service may have got the request and acted on it. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly reached: boolean;

  constructor(message: string, reached: boolean) {
    super(message);
    this.reached = reached;
  }
}

/**
 * Sends a request and waits for the whole answer.
 *
 * @param timeoutMs for everything, from connecting to the last byte
 * @throws NoAnswer when none came, or one that is too long
 */
export async function send(
  url: string,
  request: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body: string | Uint8Array | null;
  },
  timeoutMs: number,
): Promise<Answer> {
  const { host } = new URL(url);
  try {
    const response = await fetch(url, { ...request, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    const bytes = await readAll(response);
    return { status: response.status, bytes, json: parse(bytes), correlation: response.headers.get('correlation-id') };
  } catch (error) {
    if (error instanceof NoAnswer) throw error;
    const code = codeOf(error);
    const why = isTimeout(error) ? `no answer within ${String(timeoutMs / 1000)} s` : `no answer (${code})`;
    throw new NoAnswer(`${host}: ${why}`, !NOT_SENT.includes(code));
  }
}

async function readAll(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  if (response.body === null) return Buffer.alloc(0);
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > MOST_ANSWER_BYTES) throw new NoAnswer('the answer is longer than 8 MiB', true);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error instanceof Error ? error.name : 'unknown';
}
