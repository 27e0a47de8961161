/** What a module offered to a rehearsal holds already: a rehearsal touches only tokens that it initialised itself. */
import { DeviceError } from '../../ceremony/command/device-error';
import type { TokenDescription } from '../../ceremony/engine/ports';
import type { Module } from '../../ceremony/plan/binding-schema';
import type { Plan } from '../../ceremony/plan/schema';
import { UsageError } from '../explain';
import type { Processes } from '../processes';

/**
 * Looks at the tokens of a module, before anything is made, and refuses a module that the plans cannot be rehearsed on.
 *
 * @param processes can start a worker of the module; nobody is asked anything. The caller ends them
 * @throws UsageError when it is no PKCS#11 module, has no blank token, or a token with a label that a plan is to give
 */
export async function refuseUsedTokens(module: Module, plans: readonly Plan[], processes: Processes): Promise<void> {
  const tokens = await tokensOf(module, processes);
  const blank = plans.flatMap((plan) =>
    plan.units.filter(({ begins }) => begins !== 'imprint' && begins !== 'operational'),
  );
  for (const { id, label } of blank) {
    const taken = tokens.find((token) => token.initialised && token.label === label);
    if (taken !== undefined) {
      throw new UsageError(
        `the module ${module.path} has a token labelled “${label}” already (serial ${taken.serial}), the label that the plan gives to unit ${id}. ${UNTOUCHED}`,
        REMEDY,
      );
    }
  }
  if (blank.length === 0 || tokens.some((token) => !token.initialised)) return;
  const found = tokens.map((token) => `“${token.label}” (serial ${token.serial})`).join(', ');
  throw new UsageError(
    tokens.length === 0
      ? `the module ${module.path} shows no token at all. ${UNTOUCHED}`
      : `every token of the module ${module.path} is initialised already: ${found}. ${UNTOUCHED}`,
    REMEDY,
  );
}

const UNTOUCHED = 'Nothing was touched';
const REMEDY =
  'A rehearsal works on blank tokens only and never wipes one. Offer a module with blank tokens (SoftHSM2: an empty store, named by SOFTHSM2_CONF), or leave --module out.';

async function tokensOf(module: Module, processes: Processes): Promise<readonly TokenDescription[]> {
  try {
    const { id, path, sha256, files } = module;
    const worker = processes.startModuleWorker(module);
    await worker.call('module.load', { module: id, path, sha256, libraryParameters: null, files });
    return (await worker.call('module.describe', {})).tokens;
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw new UsageError(
      `${module.path} cannot be rehearsed on: ${error.message}`,
      `${error.next}\nName a PKCS#11 module that has blank tokens, or leave --module out.`,
    );
  }
}
