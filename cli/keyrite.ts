/** `keyrite`: the command line. DESIGN.md section 10 lists what each command does. */
import { EXIT, UsageError, explain, type ExitCode } from './exit';
import { check } from './commands/check';
import { dryRunPlan } from './commands/dry-run';
import { inspect } from './commands/inspect';
import { rehearse } from './commands/rehearse';
import { report } from './commands/report';
import { resume } from './commands/resume';
import { run } from './commands/run';
import { script } from './commands/script';
import { selfTestHere } from './commands/self-test';
import { verify } from './commands/verify';

/** A command: what follows its name on the command line, to an exit code. */
type Command = (args: string[]) => Promise<ExitCode> | ExitCode;

const COMMANDS: Readonly<Record<string, { readonly use: string; readonly does: string; readonly run: Command }>> = {
  check: { use: 'PLAN [--binding B]', does: 'read a plan and prove that it can be carried out', run: check },
  script: { use: 'PLAN -o F.html', does: 'the printable script', run: script },
  'dry-run': { use: 'PLAN', does: 'the PKCS#11 calls in order, no device touched', run: dryRunPlan },
  rehearse: {
    use: '[PLAN] [--module NAME|PATH] [--params FILE] [--out DIR] [--keep DIR]',
    does: 'a whole ceremony on throw-away tokens, unattended; NAME is softhsm2, nss or opencryptoki (root only)',
    run: rehearse,
  },
  run: { use: 'PLAN --binding B --out DIR', does: 'a ceremony in this terminal', run },
  resume: { use: 'DIR', does: 'go on after a crash', run: resume },
  verify: { use: 'BUNDLE [--plan-hash H] [--approver KEY.pem]...', does: 'the verdict on a bundle', run: verify },
  report: { use: 'BUNDLE -o F.html', does: 'what a person signs and files', run: report },
  inspect: { use: 'FILE', does: 'what a file of ours holds', run: inspect },
  'self-test': { use: '', does: 'known answers of every algorithm in use, on this machine', run: selfTestHere },
};

// A terminal or pipe that closes must not end a ceremony: what it was told is in the record.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

void main(process.argv.slice(2));

async function main(argv: string[]): Promise<void> {
  const [name, ...args] = argv;
  const json = args.includes('--json');
  try {
    process.exitCode = await dispatch(name, args);
  } catch (error) {
    const { text, code } = explain(badOption(error) ?? error);
    if (json) process.stdout.write(`${JSON.stringify({ error: text, exit: code })}\n`);
    process.stderr.write(`keyrite: ${text}\n`);
    process.exitCode = code;
  }
}

async function dispatch(name: string | undefined, args: string[]): Promise<ExitCode> {
  if (name === '--version') {
    process.stdout.write(`keyrite ${KEYRITE_VERSION}\n`);
    return EXIT.good;
  }
  if (name === undefined || name === 'help' || name === '--help' || args.includes('--help')) {
    process.stdout.write(usage());
    return name === undefined ? EXIT.usage : EXIT.good;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new UsageError(`there is no command ${name}`, 'See: keyrite help');
  return command.run(args);
}

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, { use, does }]) => `  keyrite ${name} ${use}\n      ${does}\n`);
  return `Key ceremonies over PKCS#11, with evidence that a stranger can check.\n\n${lines.join('')}\n--json prints one JSON object. Exit 0 good, 1 findings, 2 usage or unreadable input.\n`;
}

/** An option that node:util's parseArgs refuses is wrong usage, not a fault. */
function badOption(error: unknown): UsageError | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!code.startsWith('ERR_PARSE_ARGS_')) return null;
  return new UsageError(error instanceof Error ? error.message : 'an option is wrong', 'See: keyrite help');
}
