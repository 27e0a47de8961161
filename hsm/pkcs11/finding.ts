/** What came of one question to a token. */
import { asBuffer } from './attributes';
import { CryptokiError } from './cryptoki-error';

/** `works`, `wrong-answer`, or the CKR name of the error that the token answered with. */
export type Finding = string;

/** The right answer. */
export const WORKS = 'works';
const WRONG = 'wrong-answer';

/** Answers by name of the question; each is asked once, and none of them ends the others. */
export class Findings {
  readonly #found: Record<string, Finding> = {};

  /** Asks a question. Returns whether the answer is right; throws only what is no answer of the token. */
  ask(name: string, holds: () => boolean): boolean {
    const finding = findingOf(holds);
    this.#found[name] = finding;
    return finding === WORKS;
  }

  /** All of them so far. */
  get all(): Readonly<Record<string, Finding>> {
    return { ...this.#found };
  }
}

function findingOf(holds: () => boolean): Finding {
  try {
    return holds() ? WORKS : WRONG;
  } catch (error) {
    if (error instanceof CryptokiError) return error.ckr;
    throw error;
  }
}

/** Whether two answers are the same bytes. Known answers only: this takes no care of time. */
export function same(left: Uint8Array, right: Uint8Array): boolean {
  return asBuffer(left).equals(right);
}
