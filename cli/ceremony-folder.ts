/** Attended runs and resumed ones: from plan and binding to the end, with whoever answers for the people. */
import { CeremonyPaused, type Ceremony } from '../ceremony/engine/ceremony';
import { BundleNotCopied } from '../ceremony/engine/copy-to-media';
import { openCeremony, type Documents } from '../ceremony/engine/open';
import { resumeCeremony } from '../ceremony/engine/resume';
import { runCeremony, type StepObserver } from '../ceremony/engine/run';
import type { EnginePorts, People } from '../ceremony/engine/ports';
import { openSession } from '../ceremony/engine/sessions';
import { hexGroups, words } from '../ceremony/words';
import { FileBundleFolder } from '../workstation/bundle-folder';
import type { Binding } from '../ceremony/plan/binding-schema';
import { CeremonyEnded, UsageError } from '../workstation/explain';
import { sayWhoIsAtPad } from './at-pad';
import { builtScripts, NodeChildren } from './node-children';
import { RehearsedPeople } from './people-rehearsal';
import { TerminalPeople } from './people-terminal';
import { enterStore } from '../workstation/rehearsal/opencryptoki-store';
import { forbidCoreDumps } from '../workstation/core-dumps';
import { playerOf } from '../workstation/rehearsal/room';
import { Session } from '../workstation/session';
import { stepResult } from '../workstation/step-result';
import { THIS_RUNTIME, thisApp } from './this-app';
import { resultLines } from './result-lines';
import { AnnouncedSteps, say } from './voice';

/** How a run begins: a new ceremony, one taken up after a crash or a stop, or the next session of one that is paused. */
export type Beginning = { readonly kind: 'new' | 'resumed' } | { readonly kind: 'session'; readonly first: Binding };

/**
 * Runs a ceremony in a folder: opens it there, or takes it up where its transcript stands.
 *
 * @param carryOn what is done with the open ceremony; left out: its steps, to the close
 * @returns `paused` when the plan pauses it under seal, else `closed`
 */
export async function runInFolder(
  documents: Documents,
  folder: string,
  beginning: Beginning,
  carryOn: (ceremony: Ceremony, steps: StepObserver) => Promise<unknown> = runCeremony,
): Promise<'closed' | 'paused'> {
  const { binding } = documents.binding;
  refuseProduction(binding);
  forbidCoreDumps();
  const names = new Map(binding.people.map((one) => [one.id, one.name]));
  const player = playerOf(binding);
  const bundle = new FileBundleFolder(folder);
  const children = new NodeChildren({
    ceremony: binding.ceremony,
    scripts: builtScripts(),
    modules: binding.modules,
    player,
    names: Object.fromEntries(names),
    onPad: sayWhoIsAtPad(names, new Map(documents.plan.plan.units.map((unit) => [unit.id, unit.name]))),
    startThrough: (module) => (binding.room === undefined ? [] : enterStore(binding.room, module)),
  });
  const people: People =
    player === null
      ? new TerminalPeople(names, (doing) => {
          children.announceDoing(doing);
        })
      : new RehearsedPeople(say);
  const session = new Session({
    plan: documents.plan.plan,
    binding,
    people,
    folder: bundle,
    processes: children,
    runtime: THIS_RUNTIME,
  });
  const interrupted = endOnSecondInterrupt(folder);
  try {
    const { plan, sha256 } = documents.plan;
    const spoken = words(Buffer.from(sha256, 'hex'));
    say({ kind: 'result', text: `Plan hash: ${hexGroups(sha256)} (${spoken})` });
    const ceremony = await begin(beginning, documents, session.ports);
    const steps = new AnnouncedSteps(
      (heading) => {
        children.announceStep(heading);
      },
      (step) => {
        for (const text of resultLines(stepResult(plan, step, ceremony.record.lines))) say({ kind: 'result', text });
      },
    );
    await carryOn(ceremony, steps);
    return 'closed';
  } catch (error) {
    if (error instanceof CeremonyPaused) {
      say({ kind: 'result', text: `${error.message}\nThen: keyrite resume ${folder} --binding B2` });
      return 'paused';
    }
    throw new CeremonyEnded(error, error instanceof BundleNotCopied ? howToCopy(folder) : howToGoOn(folder));
  } finally {
    process.off('SIGINT', interrupted);
    await session.end();
  }
}

function begin(beginning: Beginning, documents: Documents, ports: EnginePorts): Promise<Ceremony> {
  switch (beginning.kind) {
    case 'new':
      return openCeremony(documents, thisApp(), ports);
    case 'resumed':
      return resumeCeremony(documents.plan, documents.binding, ports);
    case 'session':
      return openSession(beginning.first, documents, thisApp(), ports);
  }
}

/** How soon a second Ctrl-C must follow the first, in milliseconds. */
const SECOND_MS = 5_000;

/** One Ctrl-C by accident must not end a ceremony; two end it like a crash, which `resume` settles. */
function endOnSecondInterrupt(folder: string): () => void {
  let first = -SECOND_MS;
  const interrupted = (): void => {
    if (performance.now() - first < SECOND_MS) {
      process.stderr.write(`\nkeyrite: interrupted\n${howToGoOn(folder)}\n`);
      process.off('SIGINT', interrupted);
      process.kill(process.pid, 'SIGINT');
    }
    first = performance.now();
    say({ kind: 'warning', text: 'Ctrl-C again within 5 seconds ends the ceremony here; it can be resumed later' });
  };
  process.on('SIGINT', interrupted);
  return interrupted;
}

/** What to do about a ceremony that ended before its close. */
export function howToGoOn(folder: string): string {
  return `The record in ${folder} is whole as far as it goes, and nothing in it is done twice.\nTo go on, put right what is named above, then: keyrite resume ${folder}`;
}

/** What to do about a sealed bundle that a medium lacks. */
export function howToCopy(folder: string): string {
  return `Nothing else is left to do. Once the medium is there: keyrite resume ${folder}\nOr copy the whole folder by hand.`;
}

/** @throws UsageError for a production binding: this is a checkout */
export function refuseProduction({ mode }: Binding): void {
  // SECURITY(K-23): nobody vouches for a checkout and the Node it runs on.
  if (mode !== 'production') return;
  throw new UsageError(
    'production needs the packaged app on a supported runtime; a checkout is refused, without exception',
    'Bind a rehearsal instead, or use the packaged app.',
  );
}
