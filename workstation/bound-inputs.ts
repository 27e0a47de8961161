/**
 * What plan and binding name must be there and usable before anybody is called to the workstation: found at the step
 * that needs it, it would end a ceremony that has run for hours.
 */
import { existsSync, statSync } from 'node:fs';
import { DeviceError } from '../ceremony/command/device-error';
import { RecordError } from '../ceremony/keypackage/read-record';
import { expiryProblem, readWrappingParameters } from '../ceremony/keypackage/wrapping-parameters';
import type { Binding } from '../ceremony/plan/binding-schema';
import type { Plan } from '../ceremony/plan/schema';
import { checkModuleFiles } from '../hsm/pkcs11/module-file';
import { UsageError } from './explain';
import { readBytes } from './input';

/** Largest parameters file that is read, in bytes. */
const PARAMETERS_LIMIT = 64 * 1024;

/**
 * Checks the modules of a binding, and the wrapping parameters it names for the plan.
 *
 * @throws UsageError for a file that is missing or cannot be read; DeviceError `MODULE_CHANGED`, `PARAMETERS_EXPIRED`,
 *   `PARAMETERS_TARGET` or `PARAMETERS_PURPOSE` for one that is refused
 */
export function checkBoundInputs(plan: Plan, binding: Binding): void {
  for (const { id, path, sha256, files } of binding.modules) {
    for (const file of [path, ...files.map((one) => one.path)]) readModuleFile(id, file);
    checkModuleFiles(id, [{ path, sha256 }, ...files]);
  }
  for (const { id, file } of binding.wrappingParameters) checkParameters(plan, id, file);
  for (const { id, path } of binding.keyStores ?? []) {
    if (existsSync(path) && statSync(path).isDirectory()) continue;
    throw new UsageError(
      `key store ${id}: ${path} is no folder`,
      'Bring the medium with the store, or correct the path in the binding and have it approved again.',
    );
  }
}

/**
 * Checks wrapping parameters against the steps of the plan that use them.
 *
 * @param id the plan's name for them; null: they are used for every key package of the plan
 */
export function checkParameters(plan: Plan, id: string | null, file: string): void {
  const bytes = readBytes(file, 'wrapping-parameters.json', PARAMETERS_LIMIT);
  const parameters = readOr(file, () => readWrappingParameters(bytes));
  const expired = expiryProblem(parameters, new Date().toISOString());
  if (expired !== null) throw refused('PARAMETERS_EXPIRED', `${file}: ${expired}`, `Collect new ones: ${COLLECT}`);
  for (const step of plan.steps) {
    if (step.action !== 'key.package' || (id !== null && step.parameters !== id)) continue;
    const target = step.target ?? 'ibm-key-protect';
    if (target !== parameters.target) {
      throw refused(
        'PARAMETERS_TARGET',
        `${file} is for ${parameters.target}, and step ${step.id} of the plan says ${target}`,
        'Collect parameters of the service that the plan names.',
      );
    }
    if (step.purpose === parameters.purpose.do) continue;
    throw refused(
      'PARAMETERS_PURPOSE',
      `${file} is for “${parameters.purpose.do}”, and step ${step.id} of the plan says “${step.purpose}”`,
      `Collect parameters for the purpose of the plan: ${COLLECT} --purpose ${step.purpose}`,
    );
  }
}

const COLLECT = 'keyrite-connect collect';

function readOr<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    throw new UsageError(`${file}: ${error.message}`, `Bring the file again from the connected machine: ${COLLECT}`);
  }
}

function readModuleFile(module: string, path: string): void {
  try {
    readBytes(path, 'file', MODULE_LIMIT);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(
      `module ${module}: ${error.message}`,
      "Correct the path in the binding, or install the vendor's software; then have the binding approved again.",
    );
  }
}

/** Largest module file, in bytes: vendors' modules have up to some tens of MB. */
const MODULE_LIMIT = 1024 * 1024 * 1024;

function refused(code: string, message: string, next: string): DeviceError {
  return new DeviceError({
    code,
    message,
    changed: 'Nothing was begun, and no device was touched.',
    next,
    uncertain: false,
  });
}
