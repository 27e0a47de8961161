/**
 * What people are filling in on the run screen. A task goes from the screen when something else comes in between, such as
 * an exception that is signed first; what was typed waits here until its question is answered or the run is over.
 */
import type { RunView } from '../ipc/view';
import type { RaisableKind } from './screens/run/run-words';

/** What was filled in for one question: text of `ask`, ids of the people ticked in `confirm`, fields of `clock`. */
export interface AnswerDraft {
  readonly text: string;
  readonly ticked: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
}

/** An exception that is being written. */
export interface ExceptionDraft {
  /** Null: the present step, until something is written about it. */
  readonly step: string | null;
  readonly kind: RaisableKind;
  readonly expected: string;
  readonly happened: string;
  readonly decided: string;
}

/** Drafts of one ceremony. */
export interface Drafts {
  /** Null: nothing is being filled in. */
  readonly ceremony: string | null;
  /** By id of the question. */
  readonly answers: Readonly<Record<string, AnswerDraft>>;
  readonly exception: ExceptionDraft;
}

/** Nothing filled in yet for a question. */
export const NO_ANSWER: AnswerDraft = { text: '', ticked: [], fields: {} };

/** No exception being written. */
export const NO_EXCEPTION: ExceptionDraft = {
  step: null,
  kind: 'step-deviated',
  expected: '',
  happened: '',
  decided: '',
};

/** Nothing filled in anywhere. */
export const NO_DRAFTS: Drafts = { ceremony: null, answers: {}, exception: NO_EXCEPTION };

/** Whether something was written of an exception. */
export function isBegun({ expected, happened, decided }: ExceptionDraft): boolean {
  return [expected, happened, decided].some((text) => text.trim() !== '');
}

/**
 * The drafts that stay when the window shows `run` (null: no run). Answers go with their run, for another one numbers its
 * questions anew; an exception waits for its ceremony, which can be gone on with.
 */
export function draftsKept(drafts: Drafts, run: RunView | null): Drafts {
  if (drafts.ceremony === null) return drafts;
  if (run !== null && run.ceremony !== drafts.ceremony) return NO_DRAFTS;
  if (run !== null && run.task.kind !== 'ended') return drafts;
  return Object.keys(drafts.answers).length === 0 ? drafts : { ...drafts, answers: {} };
}

/** The drafts with another answer to a question; null: it is answered. */
export function withAnswer(drafts: Drafts, question: string, draft: AnswerDraft | null): Drafts {
  const others = Object.entries(drafts.answers).filter(([id]) => id !== question);
  return { ...drafts, answers: Object.fromEntries(draft === null ? others : [...others, [question, draft]]) };
}
