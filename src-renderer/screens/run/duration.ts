/** Lengths of time in words, and the clock that screens tick by. */
import { useEffect, useState } from 'react';

const MINUTE = 60;
const HOUR = 3600;

/** `8 s`, `4 min`, `1 h 05 min`. Negative lengths (a clock that was set back) count as none. */
export function durationWords(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  return `${Math.floor(seconds / HOUR)} h ${String(Math.floor((seconds % HOUR) / MINUTE)).padStart(2, '0')} min`;
}

/**
 * The present time in milliseconds since 1970, renewed every `every` milliseconds: only what shows a running time uses
 * it, so that nothing else is drawn anew.
 */
export function useNow(every: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
