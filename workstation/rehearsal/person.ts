/** Whoever answers the questions of workers and share process: people at the terminal, or the rehearsal's player. */
import type { Dialogue } from '../../hsm/contract';

/** A person, or several who take turns. */
export interface Person {
  /**
   * Answers one question.
   *
   * @param body what is shown with it; zeroed by the caller afterwards
   * @param signal aborted when nobody waits for the answer any more
   * @returns the answer's body, zeroed by the caller; null when the person declined
   */
  answer(dialogue: Dialogue, body: Uint8Array, signal: AbortSignal): Promise<Buffer | null>;
  /** Names of the people by their ids, for the screen. */
  introduce(names: Readonly<Record<string, string>>): void;
  /** The step that begins, for the screen. */
  beginStep(step: string): void;
  /** What is done within it now, for the screen. */
  doing(what: string): void;
}
