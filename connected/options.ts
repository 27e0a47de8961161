/** Command-line options that collect and upload share. */
import * as v from 'valibot';
import { KeyProtectInstance } from '../ceremony/keypackage/key-protect';
import { usage } from './failure';

/** Options of both subcommands, for node:util parseArgs. */
export const CONNECTION_OPTIONS = {
  endpoint: { type: 'string' },
  iam: { type: 'string' },
  instance: { type: 'string' },
  region: { type: 'string' },
  'api-key-file': { type: 'string' },
  timeout: { type: 'string', default: '30' },
  output: { type: 'string', short: 'o' },
  'same-name': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** Help for them. */
export const CONNECTION_HELP = `  --region R             region of the instance, such as us-south; sets the two URLs below
  --endpoint URL         default https://R.kms.cloud.ibm.com; also https://private.R... or http://127.0.0.1:PORT
  --iam URL              default https://iam.cloud.ibm.com, for a loopback endpoint that endpoint
  --api-key-file F       file of mode 0600 that holds the API key; - for standard input
  --timeout S            seconds to wait for an answer, default 30
  --same-name            go on although the instance has a key of that name already
  --json                 print one JSON object
`;

/**
 * A whole number in a range.
 *
 * @throws ConnectFailure naming the option
 */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw usage(
    `${option}: expected ${String(least)} to ${String(most)}, got ${text}.`,
    `Give a whole number for ${option}.`,
  );
}

/**
 * An option that must be there.
 *
 * @throws ConnectFailure naming it
 */
export function required(option: string, value: string | undefined): string {
  if (value === undefined || value === '') throw usage(`${option} is missing.`, 'Run keyrite-connect --help.');
  return value;
}

/**
 * An instance id.
 *
 * @throws ConnectFailure when it cannot be one
 */
export function instanceId(text: string): string {
  if (v.is(KeyProtectInstance, text)) return text;
  throw usage('--instance: expected an instance id.', "Give the GUID that IBM's console shows for the instance.");
}
