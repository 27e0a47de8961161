/**
 * `keyrite-connect`: the connected machine's half of Keyrite. Words on screen: what happened, what was and was not
 * changed, what to do next.
 */
import { COLLECT_HELP, collectCommand } from './collect';
import { ConnectFailure, EXIT, quoted } from './failure';
import { SERVICE_HELP, serviceCommand } from './service/command';
import { UPLOAD_HELP, terminalQuestion, uploadCommand } from './upload';

const HELP = `keyrite-connect collect | upload | service

${COLLECT_HELP}
${UPLOAD_HELP}
${SERVICE_HELP}
Exit code 0 good, 1 refused or not known, 2 usage or unreadable input.
`;

/** Runs one subcommand; prints and never throws. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (args.length === 0 || args.includes('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return args.length === 0 ? EXIT.usage : EXIT.good;
  }
  try {
    return await run(command, rest);
  } catch (error) {
    return report(error, args.includes('--json'));
  }
}

async function run(command: string | undefined, rest: readonly string[]): Promise<number> {
  const print = (text: string): void => void process.stdout.write(text);
  const warn = (text: string): void => void process.stderr.write(`${text}\n`);
  switch (command) {
    case 'collect':
      return collectCommand(rest, print);
    case 'upload':
      return uploadCommand(rest, { print, warn, ask: terminalQuestion() });
    case 'service':
      return serviceCommand(rest);
    default:
      process.stderr.write(`There is no command ${quoted(command ?? '')}.\n\n${HELP}`);
      return EXIT.usage;
  }
}

function report(error: unknown, asJson: boolean): number {
  const failure = error instanceof ConnectFailure ? error : asUsage(error);
  const { message: happened, changed, next, exitCode } = failure;
  if (asJson) process.stdout.write(`${JSON.stringify({ ok: false, happened, changed, next })}\n`);
  else process.stderr.write(`${happened}\n${changed}\n${next}\n`);
  return exitCode;
}

/** parseArgs complains with a TypeError of its own; anything else is a fault of ours, told without a stack trace. */
function asUsage(error: unknown): ConnectFailure {
  const isArgs = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  return isArgs
    ? new ConnectFailure(EXIT.usage, {
        happened: `${quoted(error.message)}.`,
        changed: 'Nothing was sent and nothing was written.',
        next: 'Run keyrite-connect --help.',
      })
    : new ConnectFailure(EXIT.finding, {
        happened: `keyrite-connect failed: ${error instanceof Error ? quoted(error.message) : 'unknown fault'}.`,
        changed: 'It is not known what was done at the service.',
        next: 'Look at the service before trying again, and report this as a fault of keyrite-connect.',
      });
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
