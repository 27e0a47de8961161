/** What every step handler is given, and what it must give back. */
import type { JsonObject } from '../../canonical-json';
import type { Action, StepOf } from '../../plan/schema';
import type { FileRef } from '../../transcript/line';
import type { Ceremony } from '../ceremony';

/** What a completed step leaves in the transcript. */
export interface StepResult {
  readonly result: JsonObject;
  readonly files?: readonly FileRef[];
}

/**
 * Carries out one step. Called again from the start after a failure or a crash: acts that are on record as done are
 * skipped by `act`.
 */
export type StepHandler<A extends Action> = (ceremony: Ceremony, step: StepOf<A>) => Promise<StepResult>;
