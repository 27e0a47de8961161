/** A test partition behind a worker, which is started anew when it is gone; the PIN is then asked for again. */
import { DeviceError } from '../../ceremony/command/device-error';
import type { Module } from '../../ceremony/plan/binding-schema';
import type { ArgsOf, MODULE_OPERATIONS, ResultOf, UnitTarget } from '../../hsm/contract';
import { loadModule, type ModuleWorker } from '../module-worker';
import type { Processes } from '../processes';

type Operations = typeof MODULE_OPERATIONS;
type UnitOperation = Extract<keyof Operations, `unit.${string}`>;

/** The partition; operations are sent one after the other. */
export class Partition {
  readonly unit: string;
  readonly module: Module;
  readonly #processes: Pick<Processes, 'startModuleWorker'>;
  #target: UnitTarget;
  #worker: ModuleWorker | null = null;

  /** @param target how the token is found, and who enters its PIN */
  constructor(processes: Pick<Processes, 'startModuleWorker'>, module: Module, target: UnitTarget) {
    this.#processes = processes;
    this.module = module;
    this.unit = target.unit;
    this.#target = target;
  }

  /** From now on a token with another identity key (base64 DER SPKI) is refused; null: the key is gone again. */
  knowIdentity(spki: string | null): void {
    this.#target = { ...this.#target, identitySpki: spki };
  }

  /**
   * Carries out an operation of the unit.
   *
   * @param args its arguments, made from how the token is found
   * @throws DeviceError, and what starting a worker throws
   */
  async call<K extends UnitOperation>(
    operation: K,
    args: (target: UnitTarget) => ArgsOf<Operations, K>,
  ): Promise<ResultOf<Operations, K>> {
    if (this.#worker?.alive !== true) this.#worker = await loadModule(this.#processes, this.module);
    return this.#worker.call(operation, args(this.#target));
  }

  /** Ends the worker, which has the PIN. Never rejects. */
  async end(): Promise<void> {
    await this.#worker?.stop();
    this.#worker = null;
  }
}

/** What was refused, or what went wrong, as a step tells it; anything but a DeviceError is thrown on. */
export function refusal(error: unknown): { readonly code: string; readonly told: string } {
  if (!(error instanceof DeviceError)) throw error;
  return { code: error.code, told: error.message };
}
