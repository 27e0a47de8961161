/** One unattended rehearsal of one plan in a room: prepared, opened, run, uploaded. */
import { CeremonyPaused, type Ceremony } from '../ceremony/engine/ceremony';
import { openCeremony, type Documents } from '../ceremony/engine/open';
import { runCeremony } from '../ceremony/engine/run';
import type { EnginePorts, People } from '../ceremony/engine/ports';
import { openSession } from '../ceremony/engine/sessions';
import type { PlanDocument } from '../ceremony/plan/read';
import { FileBundleFolder } from '../workstation/bundle-folder';
import { castFor } from '../workstation/rehearsal/cast';
import type { ConnectedSide } from '../workstation/rehearsal/connected-side';
import type { RehearsalKeys } from '../workstation/rehearsal/keys';
import { enterStore } from '../workstation/rehearsal/opencryptoki-store';
import {
  balanceAfter,
  shareSetsAfter,
  unitsAfter,
  uploadPackages,
  type EarlierRehearsal,
} from '../workstation/rehearsal/outcome';
import { nextSession } from '../workstation/rehearsal/next-session';
import { prepareRehearsal, rehearsalId } from '../workstation/rehearsal/prepare';
import type { Room } from '../workstation/rehearsal/room';
import { Session } from '../workstation/session';
import { sayWhoIsAtPad } from './at-pad';
import { NodeChildren, type ChildScripts } from './node-children';
import { THIS_RUNTIME, thisApp } from './this-app';
import { AnnouncedSteps, say, type StepTimes } from './voice';

/** What a rehearsal came to, for the output and for one that continues it. */
export interface RehearsalResult extends EarlierRehearsal {
  readonly bundle: string;
  readonly ceremony: string;
  /** Milliseconds by part. */
  readonly times: StepTimes;
}

/** What a rehearsal needs. */
export interface RehearsalParts {
  readonly room: Room;
  readonly planText: string;
  readonly plan: PlanDocument;
  /** Empty or missing folder for the bundle. */
  readonly bundle: string;
  readonly connected: ConnectedSide;
  /** Wrapping parameters given by the caller instead of collected ones. */
  readonly parameters: string | null;
  readonly before: EarlierRehearsal | null;
  /** What keys people get; left out: P-256 on tokens. */
  readonly keys?: RehearsalKeys;
  /** Who answers what is not secret. */
  readonly people: People;
  /** The programs that run as children. */
  readonly scripts: ChildScripts;
}

/** Rehearses a plan to its sealed bundle, in as many sessions as it has. */
export async function rehearsePlan(parts: RehearsalParts): Promise<RehearsalResult> {
  const { room, planText, plan, connected, parameters, before, bundle } = parts;
  const ceremony = rehearsalId(plan.plan);
  const cast = castFor(plan.plan.positions, before?.people ?? []);
  const steps = new AnnouncedSteps();
  const startChildren = (): NodeChildren =>
    new NodeChildren({
      ceremony,
      scripts: parts.scripts,
      modules: [...room.units, room.cards],
      player: room.playerFile,
      names: Object.fromEntries(cast.map((one) => [one.id, one.name])),
      onPad: sayWhoIsAtPad(
        new Map(cast.map((one) => [one.id, one.name])),
        new Map(plan.plan.units.map((unit) => [unit.id, unit.name])),
      ),
      startThrough: (module) => enterStore(room.folder, module),
    });
  const began = performance.now();
  const children = startChildren();
  let documents: Documents;
  try {
    const prepared = await prepareRehearsal({
      processes: children,
      room,
      ceremony,
      cast,
      planText,
      plan,
      connected,
      parameters,
      before,
      keys: parts.keys ?? 'p256',
    });
    documents = prepared.documents;
  } catch (error) {
    await children.endAll();
    throw error;
  }
  const first = { parts, documents, steps, began };
  let { ended, paused } = await runSession(first, children, (ports) => openCeremony(documents, thisApp(), ports));
  while (paused) {
    const { binding } = documents.binding;
    documents = nextSession(documents, ended);
    const next = documents;
    const session = { parts, documents: next, steps, began };
    ({ ended, paused } = await runSession(session, startChildren(), (ports) =>
      openSession(binding, next, thisApp(), ports),
    ));
  }
  steps.times['ceremony'] = Math.round(performance.now() - began);
  // Parameters that the caller brought are of a service that is not here.
  const uploaded = parameters === null ? await uploadPackages(connected, ended, bundle, room.connected, told) : {};
  const { people } = documents.binding.binding;
  return {
    bundle,
    ceremony,
    people,
    units: unitsAfter(ended),
    uploaded,
    custody: balanceAfter(ended),
    shareSets: shareSetsAfter(ended),
    times: steps.times,
  };
}

interface SessionPlan {
  readonly parts: RehearsalParts;
  readonly documents: Documents;
  readonly steps: AnnouncedSteps;
  /** When the rehearsal began, by `performance.now()`. */
  readonly began: number;
}

/** One session, to its pause or to the sealed bundle; ends the processes, whatever happens. */
async function runSession(
  { parts, documents, steps, began }: SessionPlan,
  children: NodeChildren,
  open: (ports: EnginePorts) => Promise<Ceremony>,
): Promise<{ ended: Ceremony; paused: boolean }> {
  const session = new Session({
    plan: documents.plan.plan,
    binding: documents.binding.binding,
    people: parts.people,
    folder: new FileBundleFolder(parts.bundle),
    processes: children,
    runtime: THIS_RUNTIME,
  });
  try {
    const ceremony = await open(session.ports);
    steps.times['room'] ??= Math.round(performance.now() - began);
    try {
      await runCeremony(ceremony, steps);
    } catch (error) {
      if (!(error instanceof CeremonyPaused)) throw error;
      say({ kind: 'result', text: error.message });
      return { ended: ceremony, paused: true };
    }
    return { ended: ceremony, paused: false };
  } finally {
    await session.end();
  }
}

function told(name: string, keyId: string): void {
  say({ kind: 'result', text: `uploaded ${name}: the service unwrapped it as key ${keyId}` });
}
