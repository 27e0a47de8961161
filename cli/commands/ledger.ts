/** `keyrite ledger`: custody ledger and sets of shares at the end of a ceremony, ready for the next binding. */
import { stringify } from 'yaml';
import type { Balance } from '../../ceremony/custody/ledger';
import type { ShareBalance } from '../../ceremony/custody/share-sets';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { UsageError } from '../../workstation/explain';
import { existingFolder } from '../../workstation/input';
import { EXIT, type ExitCode } from '../exit';
import { progressLine } from '../progress-line';
import { readArguments } from './arguments';
import { outsideOf } from './verify';

/** What of a bundle goes on in the next binding. */
export interface Balances {
  readonly custody: Balance;
  readonly shareSets: ShareBalance;
}

/** Prints the balances of a bundle that holds, as the members `custody` and `shareSets` of a binding. Exit 1 for any other bundle. */
export async function ledger(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'BUNDLE', ['plan-hash', 'approver'], ['approver']);
  const balance = await balanceOf(given.operand, outsideOf(given));
  if (balance === null) {
    const text = `${given.operand} is not a closed bundle that holds: its ledger is not carried over. See: keyrite verify`;
    process.stderr.write(`keyrite: ${text}\n`);
    if (given.json) process.stdout.write(`${JSON.stringify({ error: text, exit: EXIT.findings })}\n`);
    return EXIT.findings;
  }
  // An empty ledger was always printed; sets of shares only where there are any.
  const carried = {
    custody: balance.custody,
    ...(balance.shareSets.sets.length === 0 ? {} : { shareSets: balance.shareSets }),
  };
  const printed = { ...balance.custody, ...(carried.shareSets === undefined ? {} : { shareSets: carried.shareSets }) };
  process.stdout.write(given.json ? `${JSON.stringify(printed)}\n` : stringify(carried, { lineWidth: 0 }));
  return EXIT.good;
}

/**
 * The balance at the end of a bundle; null when the bundle is refused or incomplete.
 *
 * @throws UsageError when `path` is no folder
 */
export async function balanceOf(
  path: string,
  outside: Parameters<typeof verifyBundle>[1] = {},
): Promise<Balances | null> {
  const bundle = existingFolder(path, 'bundle');
  const { verdict, summary } = await verifyBundle(new FileBundleFolder(bundle), outside, progressLine(process.stderr));
  if (summary === null || (verdict !== 'consistent' && verdict !== 'verified')) return null;
  const from = { ceremony: summary.ceremony, root: summary.root };
  return {
    custody: { from, objects: [...summary.custody] },
    shareSets: { from: { ...from }, sets: [...summary.shareSets] },
  };
}

/** The balance of a bundle that a binding is held against. Throws UsageError for one that does not hold. */
export async function requiredBalance(path: string): Promise<Balances> {
  const balance = await balanceOf(path);
  if (balance !== null) return balance;
  throw new UsageError(
    `${path} is not a closed bundle that holds, so that no ledger is taken from it`,
    'See: keyrite verify',
  );
}
