/** `keyrite-connect upload`: sends a key package to Key Protect and writes `receipt.json`. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import {
  KeyPackageError,
  MAX_PACKAGE_BYTES,
  keyPackageSha256,
  readKeyPackage,
} from '../ceremony/keypackage/key-package';
import type { KeyProtectPackage } from '../ceremony/keypackage/key-protect';
import { ReceiptError, readReceipt, receiptFile, type Receipt } from '../ceremony/keypackage/receipt';
import { expiryProblem } from '../ceremony/keypackage/wrapping-parameters';
import { publicKeySha256 } from '../ceremony/keypackage/wrapping-key';
import { readApiKey } from './api-key';
import { cloudPlace } from './cloud-place';
import { ConnectFailure, EXIT, quoted, refusal, usage } from './failure';
import { typedSha256 } from './hex-groups';
import { inWords, signIn, ServiceRefusal, type KeyProtectClient } from './key-protect-client';
import { reserveFile } from './new-file';
import { CONNECTION_HELP, CONNECTION_OPTIONS, instanceId, required, wholeNumber } from './options';
import { createOnce, rotateOnce, type Sent } from './send-once';
import { tokenPublicKey } from './token-key';

/** Help of the subcommand. */
export const UPLOAD_HELP = `keyrite-connect upload PACKAGE --package-sha256 HEX --api-key-file F -o receipt.json

  Sends a key package to the instance it was made for. HEX is the package's hash as the signed record of the ceremony
  names it: take it from the transcript or the paper, never from the package. Without the option it is asked for.

${CONNECTION_HELP}  --instance ID          must be the package's; default the package's
`;

const NOTHING_SENT = 'Nothing was sent.';

/** What the subcommand talks to besides its arguments; tests bring their own. */
export interface UploadSurroundings {
  readonly print: (text: string) => void;
  readonly warn: (text: string) => void;
  /** Asks the person at the terminal; null where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | null;
}

/**
 * Runs the subcommand.
 *
 * @returns exit code
 * @throws ConnectFailure
 */
export async function uploadCommand(args: readonly string[], around: UploadSurroundings): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...CONNECTION_OPTIONS, 'package-sha256': { type: 'string' } },
  });
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0)
    throw usage('Expected one key package.', 'Run keyrite-connect upload --help.');
  const bytes = readBounded(path);
  const sha256 = await confirmedSha256(values['package-sha256'], bytes, around.ask);
  const keyPackage = soundPackage(bytes);
  const { service } = keyPackage;
  if (values.instance !== undefined && instanceId(values.instance) !== service.instance) {
    throw refusal(
      `The package is for instance ${service.instance}, not ${values.instance}. ${NOTHING_SENT}`,
      'Leave --instance out, or take the right package.',
    );
  }
  const place = cloudPlace({
    endpoint: values.endpoint,
    iam: values.iam,
    region: values.region ?? regionFor(values.endpoint, service.region),
  });
  if (place.region !== service.region) {
    throw refusal(
      `The package is for region ${service.region}, not ${place.region}. ${NOTHING_SENT}`,
      'Leave --region and --endpoint out, or take the right package.',
    );
  }
  const timeoutMs = wholeNumber('--timeout', values.timeout, 1, 600) * 1000;
  const output = required('-o', values.output);
  const file = reserveFile(output);
  try {
    const apiKey = readApiKey(values['api-key-file']);
    const client = await signIn(place, service.instance, apiKey, timeoutMs)
      .catch((error: unknown) => {
        throw inWords(error, 'The package was not sent.', 'Check the network and the API key, and try again.');
      })
      .finally(() => apiKey.fill(0));
    const sent = await deliver(client, keyPackage, sha256, values['same-name'], around.warn);
    const receipt = receiptOf(keyPackage, sha256, sent);
    keep(
      receipt,
      (content) => {
        file.fill(content);
      },
      around.print,
    );
    around.print(values.json ? asJson(receipt, output) : inText(receipt, output));
    return EXIT.good;
  } finally {
    file.release();
  }
}

/** Asks at the terminal, on standard error; null where standard input or error is no terminal. */
export function terminalQuestion(): ((question: string) => Promise<string>) | null {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  return async (question) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await terminal.question(question);
    } finally {
      terminal.close();
    }
  };
}

function readBounded(path: string): Uint8Array {
  const buffer = Buffer.alloc(MAX_PACKAGE_BYTES + 1);
  try {
    const handle = openSync(path, 'r');
    try {
      let length = 0;
      let read = 1;
      while (read > 0 && length < buffer.length) {
        read = readSync(handle, buffer, length, buffer.length - length, null);
        length += read;
      }
      return buffer.subarray(0, length);
    } finally {
      closeSync(handle);
    }
  } catch {
    throw usage(`The key package ${path} cannot be read.`, 'Check its name and the medium.');
  }
}

/** The file's hash, once the hash from the signed record was given and is the same. The file's own is never shown. */
async function confirmedSha256(
  given: string | undefined,
  bytes: Uint8Array,
  ask: ((question: string) => Promise<string>) | null,
): Promise<string> {
  if (given === undefined && ask === null) {
    throw usage(
      '--package-sha256 is missing.',
      "Give the package's hash as the signed record of the ceremony names it.",
    );
  }
  const typed = given ?? (await ask?.("The package's SHA-256 from the signed record of the ceremony: ")) ?? '';
  const expected = typedSha256(typed);
  if (expected === null)
    throw usage('--package-sha256: expected 64 hex digits.', 'Give the hash as the signed record names it.');
  if (keyPackageSha256(bytes) !== expected) {
    throw refusal(
      `The package is not the one of the signed record: its hash is another. ${NOTHING_SENT}`,
      'Compare the hash with the record once more. If it was typed rightly, the package was changed on its way: report it and fetch the original.',
    );
  }
  return expected;
}

function soundPackage(bytes: Uint8Array): KeyProtectPackage {
  try {
    const keyPackage = readKeyPackage(bytes);
    if (keyPackage.target !== 'ibm-key-protect') {
      throw refusal(
        `The package is for ${keyPackage.target}, and this version uploads to Key Protect only. ${NOTHING_SENT}`,
        "Import it with the vendor's own tool: the package's `fields` have the vendor's names.",
      );
    }
    const expired = expiryProblem(keyPackage, new Date().toISOString());
    if (expired !== null)
      throw refusal(
        `The package cannot be imported: ${expired}. ${NOTHING_SENT}`,
        'Wrap the key again with new parameters.',
      );
    return keyPackage;
  } catch (error) {
    if (error instanceof KeyPackageError)
      throw usage(`${error.message}.`, 'Fetch the package from the evidence bundle again.');
    throw error;
  }
}

/** With an endpoint on loopback the region is the package's; with one of IBM's, the host name says it. */
function regionFor(endpoint: string | undefined, region: string): string | undefined {
  return endpoint === undefined || /^https?:\/\/(?:127\.0\.0\.1|\[::1\])/.test(endpoint) ? region : undefined;
}

async function deliver(
  client: KeyProtectClient,
  keyPackage: KeyProtectPackage,
  sha256: string,
  sameName: boolean,
  warn: (text: string) => void,
): Promise<Sent> {
  const compare = async (): Promise<void> => compareWrappingKey(client, keyPackage, warn);
  const { purpose, fields } = keyPackage;
  return purpose.do === 'create'
    ? createOnce(client, { name: purpose.name, sha256, fields, sameName }, compare)
    : rotateOnce(client, { key: purpose.key, fields }, compare);
}

/** Refuses when the instance's import token is not the one the package was made for. Spends a retrieval. */
async function compareWrappingKey(
  client: KeyProtectClient,
  keyPackage: KeyProtectPackage,
  warn: (text: string) => void,
): Promise<void> {
  try {
    const spki = tokenPublicKey((await client.retrieveImportToken()).payload);
    if (spki !== null && publicKeySha256(spki) === keyPackage.publicKeySha256) return;
  } catch (error) {
    if (error instanceof ServiceRefusal && error.code === 'IMPORT_TOKEN_EXPIRED_ERR') {
      warn(
        'The import token has no retrievals left or has expired: its key was not compared with the package. The service itself will judge.',
      );
      return;
    }
    if (!(error instanceof ServiceRefusal && error.status === 404)) {
      throw inWords(error, 'The package was not sent.', 'Check the network and try again.');
    }
  }
  throw refusal(
    'The import token that the package was made for is no longer there: it was replaced or removed. The package was not sent.',
    'Find out who made another import token for this instance. Then collect new wrapping parameters and wrap again.',
  );
}

function receiptOf(keyPackage: KeyProtectPackage, sha256: string, sent: Sent): Receipt {
  const { ceremony, target, service, purpose } = keyPackage;
  return {
    format: 'keyrite-receipt/1',
    ceremony,
    package: { sha256 },
    target,
    service,
    purpose,
    publicKeySha256: keyPackage.publicKeySha256,
    key: sent.key,
    outcome: sent.outcome,
    at: new Date().toISOString(),
    response: {
      status: sent.answer.status,
      sha256: createHash('sha256').update(sent.answer.bytes).digest('hex'),
      correlation: quoted(sent.answer.correlation ?? '').slice(0, 200) || 'none',
    },
    signature: null,
  };
}

/** Writes the receipt; if the medium fails now, prints it, for the key is at the service already. */
function keep(receipt: Receipt, fill: (content: Uint8Array) => void, print: (text: string) => void): void {
  const content = receiptFile(receipt);
  try {
    readReceipt(content);
    fill(content);
  } catch (error) {
    print(Buffer.from(content).toString('utf8'));
    const why = error instanceof ReceiptError ? error.message : 'the file cannot be written';
    throw new ConnectFailure(EXIT.finding, {
      happened: `The receipt could not be kept: ${why}.`,
      changed: `The key is at the service (${receipt.key.id}).`,
      next: 'Keep the receipt that was printed. Running upload again finds the key and sends nothing twice.',
    });
  }
}

function asJson(receipt: Receipt, output: string): string {
  const { key, outcome, purpose } = receipt;
  const { id: keyId, version: keyVersion } = key;
  return `${JSON.stringify({ ok: true, file: output, outcome, keyId, keyVersion, purpose, package: receipt.package })}\n`;
}

function inText(receipt: Receipt, output: string): string {
  const { key, outcome, purpose } = receipt;
  const did = purpose.do === 'create' ? `Key ${purpose.name} is at the service` : 'The key was rotated';
  const how = outcome === 'found' ? ', as reading the service showed; no answer to this request is at hand' : '';
  const version = key.version === null ? '' : `, version ${key.version}`;
  return `${did}${how}\n  id ${key.id}${version}\nWrote ${output}\n`;
}
