/** A test partition: a token that people set aside, with a user PIN and nothing else on it. */
import type { TokenDescription, UnitReading } from '../../ceremony/engine/ports';
import { UsageError } from '../explain';
import type { ModuleWorker } from '../module-worker';

/**
 * The one token of a module that can be a test partition.
 *
 * @param label its label; null takes the only one that has a user PIN
 * @throws UsageError when there is none, or several and no label
 */
export async function findPartition(worker: ModuleWorker, label: string | null): Promise<TokenDescription> {
  const { path, tokens } = await worker.call('module.describe', {});
  const ready = tokens.filter((one) => one.initialised && one.userPinSet && (label === null || one.label === label));
  const [only, ...more] = ready;
  if (only !== undefined && more.length === 0) return only;
  const told = tokens.map((one) => `“${one.label}” (serial ${one.serial}, ${conditionOf(one)})`).join(', ');
  throw new UsageError(
    ready.length === 0
      ? `the module ${path} shows no token ${label === null ? '' : `labelled “${label}” `}that is initialised and has a user PIN. It shows: ${told === '' ? 'none' : told}. Nothing was touched`
      : `the module ${path} shows ${String(ready.length)} tokens that it could be: ${told}. Nothing was touched`,
    ready.length === 0
      ? "Set a test partition aside with the vendor's tool, with a user PIN and nothing on it."
      : 'Name the test partition: --token LABEL',
  );
}

function conditionOf(token: TokenDescription): string {
  if (!token.initialised) return 'not initialised';
  return token.userPinSet ? 'has a user PIN' : 'no user PIN';
}

/**
 * Looks at everything that the user can see.
 *
 * @param read logs in and reads the token
 * @throws UsageError when there is anything: nothing is ever destroyed that Keyrite did not make itself; DeviceError
 */
export async function refuseUsedPartition(read: () => Promise<UnitReading>): Promise<void> {
  const { objects, token } = await read();
  const found = objects ?? [];
  if (found.length === 0) return;
  const shown = found.slice(0, MOST_SHOWN).map((one) => `${one.class} “${one.label}”`);
  if (found.length > MOST_SHOWN) shown.push(`${String(found.length - MOST_SHOWN)} more`);
  throw new UsageError(
    `the token “${token?.label ?? ''}” is no test partition: ${String(found.length)} objects are on it (${shown.join(', ')}). Nothing was changed`,
    'Set an empty partition aside for this. Keyrite destroys nothing here that it did not make itself.',
  );
}

const MOST_SHOWN = 10;
