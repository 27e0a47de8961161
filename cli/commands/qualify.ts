/** `keyrite qualify`: what the HSM of a binding really does, before the day. */
import { canonicalJson } from '../../ceremony/canonical-json';
import {
  isQualified,
  type Qualification,
  type QualifiedPartition,
  type QualifiedStep,
} from '../../ceremony/capability/qualification';
import { readBinding } from '../../ceremony/plan/read';
import { forbidCoreDumps } from '../../workstation/core-dumps';
import { readText } from '../../workstation/input';
import { refuseExisting, writeNewFile } from '../../workstation/output-file';
import {
  partitionsOf,
  qualify as qualifyPartition,
  type BoundPartition,
  type QualificationObserver,
} from '../../workstation/qualification/qualify';
import { enterStore } from '../../workstation/rehearsal/opencryptoki-store';
import { playerOf } from '../../workstation/rehearsal/room';
import { capabilityTable } from '../capability-table';
import { EXIT, type ExitCode } from '../exit';
import { builtScripts, NodeChildren } from '../node-children';
import { requireTerminal } from '../terminal';
import { readArguments, required } from './arguments';

/** Qualifies every unit of the binding, prints tables, and writes the file. Exit 1 when anything was refused, or is left. */
export async function qualify(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, null, ['binding', 'out', 'pin'], ['pin']);
  const { binding, sha256 } = readBinding(readText(required(given, 'binding'), 'binding'));
  const out = given.options['out'] ?? 'qualification.json';
  refuseExisting(out);
  const partitions = partitionsOf(binding, given.lists['pin'] ?? []);
  const player = playerOf(binding);
  if (player === null) requireTerminal();
  forbidCoreDumps();
  const children = new NodeChildren({
    ceremony: binding.ceremony,
    scripts: builtScripts(),
    modules: binding.modules,
    player,
    names: Object.fromEntries(binding.people.map((one) => [one.id, one.name])),
    startThrough: (module) => (binding.room === undefined ? [] : enterStore(binding.room, module)),
  });
  const observer = new Printed(given.json);
  process.on('SIGINT', observer.interrupted);
  try {
    const { done, trouble } = await inTurn(partitions, observer, (one) =>
      qualifyPartition(children, one, binding.ceremony, observer),
    );
    if (trouble !== null && done.length === 0) throw trouble.error;
    const at = new Date().toISOString();
    const qualification: Qualification = {
      keyrite: 'qualification/1',
      at,
      app: KEYRITE_VERSION,
      binding: sha256,
      partitions: done,
    };
    const text = canonicalJson(qualification);
    writeNewFile(out, `${text}\n`);
    const good = isQualified(qualification) && done.length === partitions.length;
    if (trouble !== null) throw trouble.error;
    process.stdout.write(given.json ? `${text}\n` : `\n${VERDICT[good ? 'good' : 'findings']}\n${out}\n`);
    return good ? EXIT.good : EXIT.findings;
  } finally {
    process.off('SIGINT', observer.interrupted);
    await children.endAll();
  }
}

/** One after the other, until people break off or one cannot be qualified at all; what was found out before is kept. */
async function inTurn(
  partitions: readonly BoundPartition[],
  observer: QualificationObserver,
  qualifyOne: (partition: BoundPartition) => Promise<QualifiedPartition>,
): Promise<{ readonly done: QualifiedPartition[]; readonly trouble: { readonly error: unknown } | null }> {
  const done: QualifiedPartition[] = [];
  for (const partition of partitions) {
    if (observer.stopped()) break;
    try {
      done.push(await qualifyOne(partition));
    } catch (error) {
      return { done, trouble: { error } };
    }
  }
  return { done, trouble: null };
}

const VERDICT = {
  good: 'Every act of a ceremony was done, and the partitions are as empty as they were. The record of it:',
  findings: 'Something was refused, not run, or is left. The record of it:',
} as const;

/** Prints what happens; Ctrl-C ends the life after the act under way, so that what was made is destroyed. */
class Printed implements QualificationObserver {
  readonly #quiet: boolean;
  #stopped = false;

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  readonly interrupted = (): void => {
    this.#stopped = true;
    process.stderr.write('\nStopping: what was made on the partition is destroyed first\n');
  };

  stopped(): boolean {
    return this.#stopped;
  }

  partition(unit: string): void {
    process.stderr.write(`qualifying ${unit}\n`);
  }

  report(report: Parameters<QualificationObserver['report']>[0]): void {
    this.#print(`\n${capabilityTable(report)}\n`);
  }

  step({ act, outcome, code, told, means }: QualifiedStep): void {
    const word = outcome === 'refused' ? `refused (${code ?? ''})` : OUTCOMES[outcome];
    const below = [told, means].filter((text) => text !== null).map((text) => `      ${text}\n`);
    this.#print(`  ${act.padEnd(WIDTH)}${word}\n${below.join('')}`);
  }

  #print(text: string): void {
    if (!this.#quiet) process.stdout.write(text);
  }
}

const OUTCOMES = { ok: 'ok', 'not-run': 'not run' } as const;
const WIDTH = 56;
