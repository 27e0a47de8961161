/** The processes and ports of one ceremony, and how it is run with them. */
import { randomBytes } from 'node:crypto';
import type { EnginePorts, People } from '../ceremony/engine/ports';
import type { Binding } from '../ceremony/plan/binding-schema';
import type { Plan } from '../ceremony/plan/schema';
import { ModuleDevices } from '../hsm/devices';
import { ProcessShareRoom } from '../hsm/share-room';
import type { FileBundleFolder } from './bundle-folder';
import { KeyStoreFolders } from './key-store-folders';
import { LinuxWorkstation } from './linux-workstation';
import type { Processes } from './processes';
import { documentPrinter } from './report-pdf/document-printer';
import type { Runtime } from './running-app';

/** What a session is made of. */
export interface SessionParts {
  readonly plan: Plan;
  readonly binding: Binding;
  readonly people: People;
  readonly folder: FileBundleFolder;
  readonly processes: Processes;
  /** What runs the ceremony, as the pre-flight shows it. */
  readonly runtime: Runtime;
}

/** The engine's ports over the processes of a run. End it whatever happens. */
export class Session {
  readonly ports: EnginePorts;
  private readonly devices: ModuleDevices;
  private readonly processes: Processes;

  constructor({ plan, binding, people, folder, processes, runtime }: SessionParts) {
    this.processes = processes;
    this.devices = new ModuleDevices({
      plan,
      binding,
      startWorker: (module) => processes.startModuleWorker(module),
      startKeyFileProcess: () => processes.startKeyFileProcess(),
    });
    this.ports = {
      folder,
      clock: { now: () => new Date().toISOString() },
      random: (length) => randomBytes(length),
      devices: this.devices,
      shares: new ProcessShareRoom(
        (kind) => processes.startShareProcess(kind === 'set' ? 'set' : 'rewrap'),
        binding.people,
      ),
      people,
      workstation: new LinuxWorkstation(folder, runtime),
      keyStores: new KeyStoreFolders(binding.keyStores ?? []),
      printer: documentPrinter,
    };
  }

  /** Ends every process of the ceremony. Never rejects. */
  async end(): Promise<void> {
    // First: a process that waits for a person does not stop, and of one that is killed nobody knows what it did.
    this.processes.voidQuestions?.();
    await this.devices.close();
    await this.processes.endAll();
  }
}
