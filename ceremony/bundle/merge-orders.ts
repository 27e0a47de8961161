/** Two orders of the same things as one list, and which of them stand in another place. */

/** Where something stands in two orders. */
export type Presence = 'same' | 'moved' | 'only-a' | 'only-b';

/** Something of one or both orders. */
export interface Merged {
  readonly id: string;
  readonly presence: Presence;
}

/**
 * Everything in `a` and `b` (each without repetition), in the order of `a`; what only `b` has comes where `b` has it. What
 * is `same` is a longest common subsequence: the fewest possible are called `moved`. Work and memory O(|a|·|b|).
 */
export function mergeOrders(a: readonly string[], b: readonly string[]): readonly Merged[] {
  const common = new Set(longestCommonSubsequence(a, b));
  const [inA, inB] = [new Set(a), new Set(b)];
  const merged: Merged[] = [];
  let next = 0;
  const takeFromB = (until: string | null): void => {
    for (; next < b.length && b[next] !== until; next += 1) {
      const id = b[next] ?? '';
      if (!inA.has(id)) merged.push({ id, presence: 'only-b' });
    }
    next += 1;
  };
  for (const id of a) {
    if (common.has(id)) takeFromB(id);
    merged.push({ id, presence: common.has(id) ? 'same' : inB.has(id) ? 'moved' : 'only-a' });
  }
  takeFromB(null);
  return merged;
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): readonly string[] {
  // lengths[i][j]: of the longest one of a from i on and b from j on.
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const row = lengths[i];
    for (let j = b.length - 1; row !== undefined && j >= 0; j -= 1) {
      row[j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const found: string[] = [];
  for (let [i, j] = [0, 0]; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      found.push(a[i] ?? '');
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return found;
}
