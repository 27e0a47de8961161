/** A plan with a binding that is ready to be used. */
import type { Documents } from '../../ceremony/engine/open';
import type { Binding } from '../../ceremony/plan/binding-schema';
import type { Finding } from '../../ceremony/plan/finding';
import type { BindingView, Playing, SessionView } from '../../ipc/view';
import type { Room } from '../../workstation/rehearsal/room';
import { refused } from './trouble';

/** A binding that was made or opened, before the ceremony begins. */
export interface Bound {
  readonly documents: Documents;
  readonly view: BindingView;
  readonly playing: Playing;
  /** The throw-away room that was made for it; null for a binding from a file. */
  readonly room: Room | null;
  /** Only for the next session of a ceremony that is paused. */
  readonly session?: BoundSession;
}

/** The session that a binding is for. */
export interface BoundSession {
  /** The bundle, which is paused. */
  readonly folder: string;
  /** The binding in force until the pause. */
  readonly first: Binding;
  /** What of the binding is wrong: with any of it, no session begins. */
  readonly errors: readonly Finding[];
  readonly view: SessionView;
}

/** Whether a person is played by the rehearsal. */
export function playedBy(playing: Playing): (participant: string) => boolean {
  if (playing.who === 'all') return () => true;
  if (playing.who === 'nobody') return () => false;
  return (participant) => !playing.me.includes(participant);
}

/**
 * @param people ids of everybody who could be at the workstation
 * @throws RequestFailed when somebody is chosen who does not take part
 */
export function refuseStrangers(playing: Playing, people: readonly string[]): void {
  const stranger = playing.who === 'others' ? playing.me.find((id) => !people.includes(id)) : undefined;
  if (stranger === undefined) return;
  throw refused(`${stranger} does not take part in this ceremony.`, `Choose among ${people.join(', ')}.`);
}
