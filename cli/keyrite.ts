/** `keyrite`: the command line. DESIGN.md section 10 lists what each command does. */
import { EXIT, endOn, type ExitCode } from './exit';
import { UsageError } from '../workstation/explain';
import { waitForManyFiles } from '../workstation/key-store-folders';
import { abandon } from './commands/abandon';
import { addendum } from './commands/addendum';
import { approve } from './commands/approve';
import { check } from './commands/check';
import { compare } from './commands/compare';
import { cosign } from './commands/cosign';
import { dryRunPlan } from './commands/dry-run';
import { inspect } from './commands/inspect';
import { ledger } from './commands/ledger';
import { checkProof, prove } from './commands/prove';
import { qualify } from './commands/qualify';
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
  check: {
    use: 'PLAN [--binding B [--ledger BUNDLE]], or --from CONDITION --to CONDITION',
    does: 'read a plan and prove that it can be carried out, the ledger in the binding that of BUNDLE; or whether a unit can get from one condition to another, and how',
    run: check,
  },
  script: { use: 'PLAN -o F.html|F.pdf [--paper letter]', does: 'the printable script', run: script },
  'dry-run': { use: 'PLAN', does: 'the PKCS#11 calls in order, no device touched', run: dryRunPlan },
  rehearse: {
    use: '[PLAN] [--module NAME|PATH] [--params FILE] [--out DIR] [--keep DIR] [--keys p256|mixed]',
    does: 'a whole ceremony on throw-away tokens, unattended; NAME is softhsm2, nss or opencryptoki (root only)',
    run: rehearse,
  },
  approve: {
    use: 'PLAN --binding B --as ID [--key KEY.pem | --tokens B] [--session DIR] -o F.dsse.json',
    does: 'sign plan and binding beforehand, as one of their approvers',
    run: (args) => approve(args),
  },
  run: { use: 'PLAN --binding B --out DIR [--approval F]...', does: 'a ceremony in this terminal', run },
  resume: {
    use: 'DIR [--binding B2 [--approval F]...]',
    does: 'go on after a crash, or after a pause with a binding of its own',
    run: resume,
  },
  abandon: {
    use: 'DIR --reason TEXT',
    does: 'close a ceremony that will not be brought to its end, and seal the record of it',
    run: abandon,
  },
  verify: {
    use: 'BUNDLE [--plan-hash H] [--approver KEY.pem]... [--tsa-ca CA.pem]',
    does: 'the verdict on a bundle',
    run: verify,
  },
  ledger: {
    use: 'BUNDLE [--plan-hash H] [--approver KEY.pem]...',
    does: 'custody ledger and sets of shares at the end of a ceremony, ready for the next binding',
    run: ledger,
  },
  compare: { use: 'BUNDLE-A BUNDLE-B', does: 'a rehearsal and the production after it, side by side', run: compare },
  cosign: {
    use: 'BUNDLE --as ID --key KEY.pem|--binding B [--plan-hash H] [--approver KEY.pem]... [-o F]',
    does: 'recompute a bundle on a station of your own, and sign what you found',
    run: (args) => cosign(args),
  },
  addendum: {
    use: 'BUNDLE --kind KIND|--timestamp F.tsr [--file F]... [--line N] --reason TEXT [--text TEXT] --signer ID[=KEY.pem]... [--binding B]',
    does: 'add what came after the close; KIND is receipt, correction, destruction, cosignature or attachment',
    run: (args) => addendum(args),
  },
  prove: {
    use: 'BUNDLE --line N [--checkpoint K] [--with-line] -o F, or BUNDLE --from K1 [--to K2] -o F',
    does: 'prove that a line is under a checkpoint, or that a checkpoint began as an earlier one',
    run: prove,
  },
  'check-proof': {
    use: 'F --checkpoint FILE... [--key PEM --signature SIG]',
    does: 'check a proof against the checkpoints that you know: one, or the earlier and the later',
    run: checkProof,
  },
  report: { use: 'BUNDLE -o F.html|F.pdf [--paper letter]', does: 'what a person signs and files', run: report },
  inspect: {
    use: 'FILE, or BUNDLE [--without ID,ID], or --module NAME|PATH [--token LABEL]',
    does: 'what a file of ours holds; or who of a bundle has which share, and which quorums survive without some people; or what a token really does: of a throw-away one of softhsm2, nss or opencryptoki, or of an empty test partition',
    run: inspect,
  },
  qualify: {
    use: '--binding B [--pin ID]... [-o F]',
    does: 'what the HSM of a binding really does, on empty test partitions: its report, then the life of a unit; --pin names who enters the PIN, twice for two parts',
    run: qualify,
  },
  'self-test': { use: '', does: 'known answers of every algorithm in use, on this machine', run: selfTestHere },
};

// A terminal or pipe that closes must not end a ceremony: what it was told is in the record.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

waitForManyFiles();
void main(process.argv.slice(2));

async function main(argv: string[]): Promise<void> {
  const [name, ...args] = argv;
  const json = args.includes('--json');
  try {
    process.exitCode = await dispatch(name, args);
  } catch (error) {
    const { text, code } = endOn(badOption(error) ?? error);
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
