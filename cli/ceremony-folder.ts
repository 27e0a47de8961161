/** Attended runs and resumed ones: from plan and binding to the end, with whoever answers for the people. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openCeremony, type Documents } from '../ceremony/engine/open';
import { resumeCeremony } from '../ceremony/engine/resume';
import { runCeremony } from '../ceremony/engine/run';
import type { People } from '../ceremony/engine/ports';
import { FileBundleFolder } from './bundle-folder';
import type { Binding } from '../ceremony/plan/binding-schema';
import { CeremonyEnded, UsageError } from './exit';
import { builtScripts, forbidCoreDumps, NodeChildren } from './node-children';
import { RehearsedPeople } from './people-rehearsal';
import { TerminalPeople } from './people-terminal';
import { enterStore } from './rehearsal/opencryptoki-store';
import { Session, thisApp } from './session';
import { AnnouncedSteps, say } from './voice';

/** Runs a ceremony in a folder: opens it there, or takes it up where its transcript stands. */
export async function runInFolder(documents: Documents, folder: string, begun: boolean): Promise<void> {
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
    startThrough: (module) => (binding.room === undefined ? [] : enterStore(binding.room, module)),
  });
  const people: People =
    player === null
      ? new TerminalPeople(names, (doing) => {
          children.announceDoing(doing);
        })
      : new RehearsedPeople(say);
  const session = new Session({ plan: documents.plan.plan, binding, people, folder: bundle, children });
  const interrupted = endOnSecondInterrupt(folder);
  try {
    const ceremony = begun
      ? await resumeCeremony(documents.plan, documents.binding, session.ports)
      : await openCeremony(documents, thisApp(), session.ports);
    const steps = new AnnouncedSteps((heading) => {
      children.announceStep(heading);
    });
    await runCeremony(ceremony, steps);
  } catch (error) {
    throw new CeremonyEnded(error, howToGoOn(folder));
  } finally {
    process.off('SIGINT', interrupted);
    await session.end();
  }
}

/**
 * The file of the player that stands in for the people of a rehearsal; null where real people are asked.
 *
 * @throws UsageError when the rehearsal's room is gone
 */
export function playerOf({ room }: Binding): string | null {
  if (room === undefined) return null;
  const player = join(room, 'player.json');
  if (existsSync(player)) return player;
  throw new UsageError(`the rehearsal room ${room} is gone`, 'Its tokens went with it: start a new rehearsal.');
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

/** @throws UsageError for a production binding: this is a checkout */
export function refuseProduction({ mode }: Binding): void {
  // SECURITY(K-23): nobody vouches for a checkout and the Node it runs on.
  if (mode !== 'production') return;
  throw new UsageError(
    'production needs the packaged app on a supported runtime; a checkout is refused, without exception',
    'Bind a rehearsal instead, or use the packaged app.',
  );
}
