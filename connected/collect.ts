/** `keyrite-connect collect`: fetches an import token and writes `wrapping-parameters.json`. */
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { CollectorName } from '../ceremony/keypackage/file-entries';
import {
  KEY_PROTECT_ALGORITHM,
  KeyProtectPurpose,
  type KeyProtectParameters,
} from '../ceremony/keypackage/key-protect';
import {
  WrappingParametersError,
  expiryProblem,
  readWrappingParameters,
  wrappingParametersFile,
  type WrappingParameters,
} from '../ceremony/keypackage/wrapping-parameters';
import { publicKeySha256 } from '../ceremony/keypackage/wrapping-key';
import { readApiKey } from './api-key';
import { cloudPlace, type CloudPlace } from './cloud-place';
import { quoted, refusal, usage } from './failure';
import { hexGroups } from './hex-groups';
import { inWords, signIn, type KeyProtectClient, type RetrievedToken } from './key-protect-client';
import { reserveFile } from './new-file';
import { CONNECTION_HELP, CONNECTION_OPTIONS, instanceId, required, wholeNumber } from './options';
import { tokenPublicKey } from './token-key';

/** Help of the subcommand. */
export const COLLECT_HELP = `keyrite-connect collect --region R --instance ID --purpose create --name N --api-key-file F -o wrapping-parameters.json
keyrite-connect collect --region R --instance ID --purpose rotate --key-id K --api-key-file F -o wrapping-parameters.json

  Makes a new import token at Key Protect and writes what the air-gapped machine needs to wrap a key for it. The
  instance's present import token, if it has one, is replaced: packages made with that can no longer be imported.

  --existing             fetch the present token and make no new one: for the second collector
  --expiration S         life of the token, 300 to 86400 seconds, default 86400
  --retrievals N         how often it may be fetched, 1 to 500, default 5: second collector and upload need one each
  --by NAME              who collects, default this machine's name
${CONNECTION_HELP}`;

/**
 * Runs the subcommand; what it prints goes to `print`.
 *
 * @returns exit code
 * @throws ConnectFailure
 */
export async function collectCommand(args: readonly string[], print: (text: string) => void): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...CONNECTION_OPTIONS,
      purpose: { type: 'string' },
      name: { type: 'string' },
      'key-id': { type: 'string' },
      existing: { type: 'boolean', default: false },
      expiration: { type: 'string', default: '86400' },
      retrievals: { type: 'string', default: '5' },
      by: { type: 'string', default: hostname() },
    },
  });
  const purpose = purposeOf(values.purpose, values.name, values['key-id']);
  const place = cloudPlace({ endpoint: values.endpoint, iam: values.iam, region: values.region });
  const instance = instanceId(required('--instance', values.instance));
  const expiration = wholeNumber('--expiration', values.expiration, 300, 86_400);
  const retrievals = wholeNumber('--retrievals', values.retrievals, 1, 500);
  const timeoutMs = wholeNumber('--timeout', values.timeout, 1, 600) * 1000;
  const by = fit('--by', CollectorName, values.by);
  const output = required('-o', values.output);
  const file = reserveFile(output);
  try {
    const apiKey = readApiKey(values['api-key-file']);
    const client = await signIn(place, instance, apiKey, timeoutMs)
      .catch((error: unknown) => {
        throw inWords(error, 'Nothing was changed at the service.', 'Check the network and try again.');
      })
      .finally(() => apiKey.fill(0));
    await checkPurpose(client, purpose, values['same-name']);
    const token = await fetchToken(client, values.existing ? null : { expiration, retrievals });
    const parameters = parametersFrom(token, { place, instance, purpose, by });
    file.fill(wrappingParametersFile(parameters));
    print(values.json ? asJson(parameters, output) : inText(parameters, output));
    return 0;
  } finally {
    file.release();
  }
}

function purposeOf(purpose: string | undefined, name: string | undefined, key: string | undefined): KeyProtectPurpose {
  if (purpose === 'create' && key === undefined) {
    return fit('--name', KeyProtectPurpose, { do: 'create', name: required('--name', name) });
  }
  if (purpose === 'rotate' && name === undefined) {
    return fit('--key-id', KeyProtectPurpose, { do: 'rotate', key: required('--key-id', key) });
  }
  throw usage(
    '--purpose: expected create with --name, or rotate with --key-id.',
    'Run keyrite-connect collect --help.',
  );
}

/** An option's value that fits the file's schema: found out before the service is asked for anything. */
function fit<S extends v.GenericSchema>(option: string, schema: S, value: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw usage(`${option}: ${quoted(result.issues[0].message)}.`, `Give another ${option}.`);
}

/** Finds out now, and not after a ceremony, that the upload would be refused. */
async function checkPurpose(client: KeyProtectClient, purpose: KeyProtectPurpose, sameName: boolean): Promise<void> {
  const next = 'Check --name or --key-id, the instance and the region.';
  try {
    if (purpose.do === 'create') {
      const { keys } = await client.keysNamed(purpose.name);
      if (keys.length > 0 && !sameName) {
        throw refusal(
          `The instance has a key named ${quoted(purpose.name)} already (${String(keys[0]?.id)}).`,
          'Choose another name, or rotate that key; --same-name goes on all the same.',
        );
      }
      return;
    }
    const { key } = await client.key(purpose.key);
    if (key.imported === false) {
      throw refusal(
        `The key ${purpose.key} was not imported, so it takes no key material.`,
        'Import a key instead of rotating this one.',
      );
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'ConnectFailure') throw error;
    throw inWords(error, 'Nothing was changed at the service.', next);
  }
}

async function fetchToken(
  client: KeyProtectClient,
  make: { readonly expiration: number; readonly retrievals: number } | null,
): Promise<RetrievedToken> {
  const changed =
    make === null
      ? 'The import token is as it was, but for a retrieval that may have been spent.'
      : 'A new import token may have been made; packages made with the one before can no longer be imported.';
  try {
    if (make !== null) await client.createImportToken(make.expiration, make.retrievals);
    return await client.retrieveImportToken();
  } catch (error) {
    throw inWords(error, changed, 'Check the network and run collect again.');
  }
}

function parametersFrom(
  token: RetrievedToken,
  from: {
    readonly place: CloudPlace;
    readonly instance: string;
    readonly purpose: KeyProtectPurpose;
    readonly by: string;
  },
): WrappingParameters {
  const spki = tokenPublicKey(token.payload);
  const changed = 'collect wrote nothing.';
  const at = new Date().toISOString();
  try {
    if (spki === null) throw new WrappingParametersError('publicKey', 'the service sent no public key');
    const parameters: KeyProtectParameters = {
      keyrite: 'wrapping-parameters/1',
      target: 'ibm-key-protect',
      service: { instance: from.instance, region: from.place.region },
      purpose: from.purpose,
      algorithm: KEY_PROTECT_ALGORITHM,
      publicKey: Buffer.from(spki).toString('base64'),
      publicKeySha256: publicKeySha256(spki),
      nonce: token.nonce,
      expires: utc(token.expirationDate),
      collected: { at, by: from.by },
      signature: null,
    };
    const read = readWrappingParameters(wrappingParametersFile(parameters));
    const problem = expiryProblem(read, at);
    if (problem !== null) throw new WrappingParametersError('expires', problem);
    return read;
  } catch (error) {
    if (!(error instanceof WrappingParametersError)) throw error;
    throw refusal(
      `What was collected is not usable: ${error.message}. ${changed}`,
      'Check the options. If they are right, do not use this service.',
    );
  }
}

/** The service's time as it wrote it, or the same instant in UTC where it wrote an offset. */
function utc(text: string): string {
  if (text.endsWith('Z')) return text;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? text : new Date(milliseconds).toISOString();
}

function asJson(parameters: WrappingParameters, output: string): string {
  const { publicKeySha256: sha256, expires, purpose, service } = parameters;
  return `${JSON.stringify({ ok: true, file: output, publicKeySha256: sha256, expires, purpose, service })}\n`;
}

function inText(parameters: WrappingParameters, output: string): string {
  return [
    `Wrote ${output}`,
    '',
    'Fingerprint of the wrapping key (SHA-256 of its public key), to read aloud and to write down:',
    ...hexGroups(parameters.publicKeySha256).map((line) => `  ${line}`),
    '',
    `Expires ${parameters.expires}: the key must be wrapped and uploaded before`,
    'Do not run collect again for this instance without --existing: it would replace this wrapping key',
    '',
  ].join('\n');
}
