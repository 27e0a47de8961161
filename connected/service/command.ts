/** `keyrite-connect service`: the Key Protect-compatible test service, until it is told to stop. */
import { parseArgs } from 'node:util';
import { usage } from '../failure';
import { writeNewFile } from '../new-file';
import { startService } from './server';
import { inFolder, inMemory } from './state-folder';

/** Help of the subcommand. */
export const SERVICE_HELP = `keyrite-connect service [--port 0] [--host 127.0.0.1] [--state DIR] [--ready-file F] [--until-stdin-closes]

  A Key Protect-compatible service on loopback, for rehearsals and tests. It really unwraps what is sent to it.
  Prints one line of JSON when it listens: {"endpoint", "iam", "instance", "apiKey"}. The API key is thrown away
  with the service.

  --state DIR            keep keys and import tokens in DIR (0700), so that a later run knows them. DIR then holds the
                         private keys of import tokens in the clear: keys that this service unwraps are worthless
  --ready-file F         write the same line to F too (0600, must not exist)
  --until-stdin-closes   stop when standard input ends; else on SIGTERM or SIGINT
`;

/**
 * Runs the service.
 *
 * @throws ConnectFailure when it cannot start
 */
export async function serviceCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      state: { type: 'string' },
      'ready-file': { type: 'string' },
      'until-stdin-closes': { type: 'boolean', default: false },
    },
  });
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : NaN;
  if (!(port <= 65_535))
    throw usage(`--port: expected 0 to 65535, got ${values.port}.`, 'Give a port, or leave it out.');
  const keeper = values.state === undefined ? inMemory() : inFolder(values.state);
  const service = await startService({ host: values.host, port, keeper, clock: Date.now });
  const { url, instance, apiKey } = service;
  const line = `${JSON.stringify({ endpoint: url, iam: url, instance, apiKey })}\n`;
  try {
    if (values['ready-file'] !== undefined) writeNewFile(values['ready-file'], Buffer.from(line), 0o600);
    process.stdout.write(line);
    await untilStopped(values['until-stdin-closes']);
  } finally {
    process.stdin.destroy();
    await service.close();
  }
  return 0;
}

async function untilStopped(withStdin: boolean): Promise<void> {
  await new Promise<void>((stop) => {
    process.once('SIGTERM', () => {
      stop();
    });
    process.once('SIGINT', () => {
      stop();
    });
    if (!withStdin) return;
    process.stdin.once('close', () => {
      stop();
    });
    process.stdin.once('error', () => {
      stop();
    });
    process.stdin.resume();
  });
}
