/** Making a rehearsal in the app: a room of throw-away tokens, people with cards in it, and the binding to it all. */
import type { Dialogue } from '../../hsm/dialogue';
import type { PersonChoice, Playing } from '../../ipc/view';
import { castFor, type Player } from '../../workstation/rehearsal/cast';
import { throwAwayKey } from '../../workstation/rehearsal/connected-side';
import { prepareRehearsal, rehearsalId } from '../../workstation/rehearsal/prepare';
import { makeRoom } from '../../workstation/rehearsal/room';
import type { AppParts, RunProcesses } from './app-parts';
import { bindingView, lookAtTokens } from './binding-view';
import { playedBy, refuseStrangers, type Bound } from './bound';
import { deskWords, namesOf } from './desk-words';
import type { OpenPlan } from './plan-view';
import { refused } from './trouble';

/** What the person at the main window chose. */
export interface RehearsalWanted {
  readonly playing: Playing;
  /** Other names for the people, by their ids. */
  readonly names: Readonly<Record<string, string>>;
  /** Wrapping parameters; null for a throw-away wrapping key. */
  readonly parametersFile: string | null;
}

/** What is told while a rehearsal is being made. */
export interface PreparationListener {
  /** Who is asked at a secret window, and null when nobody is any more. */
  onPerson(dialogue: Dialogue | null): void;
  /** The processes at work, and null when they have ended. */
  onProcesses(processes: RunProcesses | null): void;
}

/** Everybody who could be at the workstation in a rehearsal of a plan. */
export function peopleOf({ document: { plan } }: OpenPlan): PersonChoice[] {
  return castFor(plan.positions, []).map((person) => {
    const role = plan.positions.find(({ id }) => id === person.position)?.role ?? 'approver';
    return { ...person, role };
  });
}

/**
 * Makes the room and the binding. Whoever is not played makes the PIN of their card at a secret window meanwhile. When it
 * fails, no room is left behind.
 *
 * @throws RequestFailed for a plan that continues another one, and for people whom the plan does not have; DeviceError and
 *   UsageError for what the room and its modules have against it
 */
export async function makeRehearsal(
  parts: AppParts,
  plan: OpenPlan,
  wanted: RehearsalWanted,
  listener: PreparationListener,
): Promise<Bound> {
  refuseContinued(plan);
  const cast = castOf(plan, wanted);
  const { plan: reviewed } = plan.document;
  const isPlayed = playedBy(wanted.playing);
  const labels = reviewed.units.map(({ label }) => label);
  const room = makeRoom(null, 'softhsm2', labels);
  const ceremony = rehearsalId(reviewed);
  let processes: RunProcesses | null = null;
  try {
    const people = { people: cast, mode: 'rehearsal' } as const;
    parts.describe(deskWords(reviewed, people, parts.runtime, '', 'Making the rehearsal room'));
    processes = parts.startProcesses({
      ceremony,
      modules: [...room.units, room.cards],
      names: namesOf(cast),
      playerFile: room.playerFile,
      isPlayed,
      onPerson: (dialogue) => {
        listener.onPerson(dialogue);
      },
      // Tokens of a rehearsal room have no pads.
      onPad: () => undefined,
    });
    listener.onProcesses(processes);
    const { documents } = await prepareRehearsal({
      processes,
      room,
      ceremony,
      cast,
      planText: plan.text,
      plan: plan.document,
      connected: throwAwayKey(),
      parameters: wanted.parametersFile,
      before: null,
    });
    const tokens = await lookAtTokens(documents, processes);
    return { documents, view: bindingView(documents, 'room', isPlayed, tokens), playing: wanted.playing, room };
  } catch (error) {
    room.leave();
    throw error;
  } finally {
    await processes?.endAll();
    listener.onProcesses(null);
    listener.onPerson(null);
  }
}

/** The units that such a plan begins with are made by the rehearsal before, whose room is gone. */
function refuseContinued({ document: { plan } }: OpenPlan): void {
  if (plan.continues === undefined) return;
  throw refused(
    `This plan goes on from the end state of ${plan.continues}, whose rehearsal made the units; the app does not rehearse two plans in one room yet.`,
    `Rehearse both in a terminal: keyrite rehearse ${plan.id}.ceremony.yaml carries out ${plan.continues} first. Or open a binding to units that an earlier ceremony left.`,
  );
}

function castOf(plan: OpenPlan, { playing, names }: RehearsalWanted): Player[] {
  const cast = castFor(plan.document.plan.positions, []);
  const ids = cast.map(({ id }) => id);
  refuseStrangers(playing, ids);
  const unknown = Object.keys(names).find((id) => !ids.includes(id));
  if (unknown !== undefined) {
    throw refused(`${unknown} does not take part in this rehearsal.`, `Name only ${ids.join(', ')}.`);
  }
  return cast.map((person) => ({ ...person, name: names[person.id] ?? person.name }));
}
