/** A running time in words. */
import type { ReactNode } from 'react';
import { durationWords, useNow } from './duration';

/** Time since `since` (RFC 3339), or between it and `until`; ticks while `until` is null. */
export function Elapsed({ since, until }: { readonly since: string; readonly until: string | null }): ReactNode {
  return until === null ? <Running since={since} /> : durationWords(Date.parse(until) - Date.parse(since));
}

function Running({ since }: { readonly since: string }): ReactNode {
  return durationWords(useNow(1000) - Date.parse(since));
}
