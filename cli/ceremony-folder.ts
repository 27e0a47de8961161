/** Attended runs and resumed ones: from plan and binding to the end, with whoever answers for the people. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openCeremony, type Documents } from '../ceremony/engine/open';
import { resumeCeremony } from '../ceremony/engine/resume';
import { runCeremony } from '../ceremony/engine/run';
import type { People } from '../ceremony/engine/ports';
import { FileBundleFolder } from './bundle-folder';
import { UsageError } from './exit';
import { builtScripts, forbidCoreDumps, NodeChildren } from './node-children';
import { RehearsedPeople } from './people-rehearsal';
import { TerminalPeople } from './people-terminal';
import { Session, thisApp } from './session';
import { AnnouncedSteps, say } from './voice';

/** Runs a ceremony in a folder: opens it there, or takes it up where its transcript stands. */
export async function runInFolder(documents: Documents, folder: string, begun: boolean): Promise<void> {
  const { binding } = documents.binding;
  if (binding.mode === 'production') {
    throw new UsageError(
      'production needs the packaged app on a supported runtime; a checkout is refused, without exception',
      'Bind a rehearsal instead, or use the packaged app.',
    );
  }
  forbidCoreDumps();
  const names = new Map(binding.people.map((one) => [one.id, one.name]));
  const player = binding.room === undefined ? null : join(binding.room, 'player.json');
  if (player !== null && !existsSync(player)) {
    throw new UsageError(`the rehearsal room ${binding.room ?? ''} is gone`, 'Its tokens went with it: start a new rehearsal.');
  }
  const people: People = player === null ? new TerminalPeople(names) : new RehearsedPeople(say);
  const bundle = new FileBundleFolder(folder);
  const children = new NodeChildren({
    ceremony: binding.ceremony,
    scripts: builtScripts(),
    modules: binding.modules,
    player,
    names: Object.fromEntries(names),
  });
  const session = new Session({ plan: documents.plan.plan, binding, people, folder: bundle, children });
  try {
    const ceremony = begun
      ? await resumeCeremony(documents.plan, documents.binding, session.ports)
      : await openCeremony(documents, thisApp(), session.ports);
    await runCeremony(ceremony, new AnnouncedSteps());
  } finally {
    await session.end();
  }
}
