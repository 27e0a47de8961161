/** Which keys a schema knows at a place, and which of them a mistyped key is nearest to. */
import type * as v from 'valibot';
import type { Json } from '../canonical-json';
import type { PathKey } from './yaml-text';

/** Keys that the schema knows for the mapping at `path` of `value`; empty when the path leads nowhere. */
export function knownKeys(schema: v.GenericSchema, value: Json, path: readonly PathKey[]): string[] {
  let here: unknown = bare(schema, value);
  let inner: Json | undefined = value;
  for (const key of path) {
    inner = (inner as Record<PathKey, Json> | null | undefined)?.[key];
    const next = typeof key === 'number' ? member(here, 'item') : member(member(here, 'entries'), key);
    here = bare(next, inner);
  }
  return Object.keys((member(here, 'entries') as object | undefined) ?? {});
}

/** The one of `known` that is at most two edits (a third of a short word) away from `word`; null when none is. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  const limit = Math.min(2, Math.max(1, Math.floor(word.length / 3)));
  let best: string | null = null;
  let distance = limit + 1;
  for (const candidate of known) {
    const edits = word.length > 64 ? Infinity : editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < distance) [best, distance] = [candidate, edits];
  }
  return best;
}

/** Takes off `optional`, `nullable` and the like, and picks the option of a variant that the value names. */
function bare(schema: unknown, value: Json | undefined): unknown {
  const wrapped = member(schema, 'wrapped');
  if (wrapped !== undefined) return bare(wrapped, value);
  const options = member(schema, 'options');
  const discriminator = member(schema, 'key');
  if (!Array.isArray(options) || typeof discriminator !== 'string') return schema;
  const named = (value as Record<string, Json> | null | undefined)?.[discriminator];
  return options.find((option) => {
    const tag = member(member(option, 'entries'), discriminator);
    const words = member(tag, 'options');
    return member(tag, 'literal') === named || (Array.isArray(words) && words.includes(named));
  }) as unknown;
}

function member(of: unknown, key: PathKey): unknown {
  return typeof of === 'object' && of !== null ? (of as Record<PathKey, unknown>)[key] : undefined;
}

/** Levenshtein distance. */
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
