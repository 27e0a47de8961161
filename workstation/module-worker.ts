/** A worker with its module loaded, outside a ceremony. */
import type { Module } from '../ceremony/plan/binding-schema';
import type { ProcessClient } from '../hsm/client';
import type { MODULE_OPERATIONS } from '../hsm/contract';
import type { Processes } from './processes';

/** What carries out the operations of a module. */
export type ModuleWorker = ProcessClient<typeof MODULE_OPERATIONS>;

/** Starts a worker and loads the module in it, once its files are as bound. Throws DeviceError, and what the start throws. */
export async function loadModule(
  processes: Pick<Processes, 'startModuleWorker'>,
  module: Module,
): Promise<ModuleWorker> {
  const worker = processes.startModuleWorker(module);
  const { id, path, sha256, libraryParameters, files } = module;
  await worker.call('module.load', {
    module: id,
    path,
    sha256,
    libraryParameters: libraryParameters ?? null,
    files,
  });
  return worker;
}
