/** Calls a function soon after each request, but not more often than a screen is looked at. */

/**
 * A function that asks for `act`: at once when it has not run for the interval, else at the interval's end. Requests in
 * between count as one, and the last is never lost.
 *
 * @param intervalMs in milliseconds
 */
export function atMostEvery(intervalMs: number, act: () => void): () => void {
  let last = -Infinity;
  let timer: NodeJS.Timeout | null = null;
  const run = (): void => {
    timer = null;
    last = performance.now();
    act();
  };
  return () => {
    if (timer !== null) return;
    const wait = last + intervalMs - performance.now();
    if (wait <= 0) run();
    else timer = setTimeout(run, wait);
  };
}
