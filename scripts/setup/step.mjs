/**
 * One step of the set-up: what is printed about it, and how it fails. Words on screen: what happened, what now; the
 * remedy is a line that can be typed or done.
 */
import { performance } from 'node:perf_hooks';

/** A step that could not be done, and what the person at the keyboard can do about it. */
export class SetupFailure extends Error {
  /**
   * @param {string} happened what went wrong
   * @param {string} remedy what to do now
   */
  constructor(happened, remedy) {
    super(happened);
    this.name = 'SetupFailure';
    this.remedy = remedy;
  }
}

/**
 * Runs one step and prints how it ended and how long it took. The work gets `say`, which prints a line of progress, and
 * returns a few words on the outcome.
 *
 * @param {string} name
 * @param {(say: (text: string) => void) => Promise<string> | string} work
 * @returns {Promise<void>}
 * @throws SetupFailure when the step failed; it has been printed
 */
export async function step(name, work) {
  const begun = performance.now();
  try {
    const outcome = await work((text) => {
      console.log(`  …  ${name}: ${text}`);
    });
    console.log(`  ok ${name}: ${outcome} (${seconds(begun)})`);
  } catch (error) {
    const failure = error instanceof SetupFailure ? error : unexpected(error);
    console.error(
      `\nSet-up stopped at "${name}" (${seconds(begun)}): ${failure.message}\nWhat to do: ${failure.remedy}\n`,
    );
    throw failure;
  }
}

/**
 * Time since `begun` (a reading of `performance.now()`), such as `0.12 s`.
 *
 * @param {number} begun
 */
export function seconds(begun) {
  return `${((performance.now() - begun) / 1000).toFixed(2)} s`;
}

/** @param {unknown} error */
function unexpected(error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new SetupFailure(text, 'this is a fault of the set-up itself: report it with the lines above');
}
