/** The rows and columns of the fault matrix: calls by which something changes for good, and how each goes wrong. */
import type { RecordedAct } from './lane';

/** A call that changes the token, or makes a key that leaves it. */
export interface Row {
  readonly act: RecordedAct;
  /** As the shim's faults name it. */
  readonly call: string;
  /** Which such call of the act it is, from 1. */
  readonly nth: number;
}

/** How a call goes wrong, by the words of the shim, and what the table calls it. */
export const COLUMNS = [
  { name: 'error before', action: '0x30' },
  { name: 'error after', action: '0x30-after' },
  // CKR_TOKEN_WRITE_PROTECTED, of a token that acted.
  { name: 'refused after', action: '0xe2-after' },
  { name: 'crash before', action: 'segv' },
  { name: 'crash after', action: 'kill-after' },
  { name: 'hang', action: 'hang' },
  { name: 'removed before', action: 'remove' },
  { name: 'removed after', action: 'remove-after' },
  { name: 'out and back', action: 'remove-for-2-after' },
] as const;
export type Column = (typeof COLUMNS)[number];

/** A fault at one call. */
export interface Cell {
  readonly row: Row;
  readonly column: Column;
}

/**
 * The rows of a recorded ceremony: each call on an object of the token, and those of the root key, which lives in a session.
 * A step that does what another did before, by the same calls, is not repeated.
 */
export function rowsOf(acts: readonly RecordedAct[]): Row[] {
  const known = new Set<string>();
  return acts.flatMap((act) => {
    const counts = new Map<string, number>();
    return act.calls.flatMap(([name = '', label = '', kind = '', where]) => {
      const isLasting = where === 'token' || /^C_(?:Init|SetPIN)/.test(name);
      if (
        !isLasting &&
        (act.operation.startsWith('C_GenerateKey,') ? label === '' || label === 'keyrite:probe' : true)
      ) {
        return [];
      }
      const of = Number(kind) >= 2 && name === 'C_DestroyObject' ? `${label}@${kind}` : label;
      const call = label === '' ? name : `${name}[${of}]`;
      const nth = (counts.get(call) ?? 0) + 1;
      counts.set(call, nth);
      const key = `${act.operation} ${act.action} ${act.pin} ${call} ${String(nth)} ${calledBefore(act, name)}`;
      if (known.has(key)) return [];
      known.add(key);
      return [{ act, call, nth }];
    });
  });
}

/** A load that completes a set does more than another: its state is written after the key came in. */
function calledBefore(act: RecordedAct, name: string): string {
  const names = act.calls.filter(([, , , where]) => where === 'token').map(([one]) => one);
  return names.slice(0, names.indexOf(name)).join(' ');
}

/** The fault of a cell in the words of the shim. */
export function faultOf({ row, column }: Cell): string {
  return `${row.call}:${column.action}:${String(row.nth)}`;
}

/** So many cells, spread over the rows and over the columns that do not wait for a deadline; the same for the same seed. */
export function sampleOf(rows: readonly Row[], count: number, seed: number): Cell[] {
  const quick = COLUMNS.filter(({ name }) => name !== 'hang');
  return Array.from({ length: count }, (_, index) => {
    const row = rows[Math.floor(((index + fraction(seed, index)) * rows.length) / count)];
    const column = quick[(index + seed) % quick.length];
    if (row === undefined || column === undefined) throw new Error('there is nothing to take a sample of');
    return { row, column };
  });
}

/** From 0 up to 1, by a hash of two whole numbers (the finaliser of MurmurHash3). */
function fraction(seed: number, index: number): number {
  let hash = Math.imul(seed ^ Math.imul(index + 1, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
