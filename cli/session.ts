/** The processes and ports of one ceremony in the command line, and how it is run with them. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import type { App } from '../ceremony/engine/open';
import type { EnginePorts, People } from '../ceremony/engine/ports';
import type { Binding } from '../ceremony/plan/binding-schema';
import type { Plan } from '../ceremony/plan/schema';
import { ModuleDevices } from '../hsm/devices';
import { ProcessShareRoom } from '../hsm/share-room';
import type { FileBundleFolder } from './bundle-folder';
import type { NodeChildren } from './node-children';
import { LinuxWorkstation } from './workstation';

/** What a session is made of. */
export interface SessionParts {
  readonly plan: Plan;
  readonly binding: Binding;
  readonly people: People;
  readonly folder: FileBundleFolder;
  readonly children: NodeChildren;
}

/** The engine's ports over child processes. End it whatever happens. */
export class Session {
  readonly ports: EnginePorts;
  private readonly devices: ModuleDevices;
  private readonly children: NodeChildren;

  constructor({ plan, binding, people, folder, children }: SessionParts) {
    this.children = children;
    this.devices = new ModuleDevices({
      plan,
      binding,
      startWorker: (module) => children.startModuleWorker(module),
    });
    this.ports = {
      folder,
      clock: { now: () => new Date().toISOString() },
      random: (length) => randomBytes(length),
      devices: this.devices,
      shares: new ProcessShareRoom((kind) => children.startShareProcess(kind === 'set' ? 'set' : 'rewrap')),
      people,
      workstation: new LinuxWorkstation(folder),
    };
  }

  /** Ends every process of the ceremony. Never rejects. */
  async end(): Promise<void> {
    await this.devices.close();
    await this.children.endAll();
  }
}

/** This program as line 0 names it: the hash is that of the running bundle. */
export function thisApp(): App {
  const program = realpathSync(process.argv[1] ?? '.');
  return {
    name: 'keyrite',
    version: KEYRITE_VERSION,
    sha256: createHash('sha256').update(readFileSync(program)).digest('hex'),
    runtime: `node ${process.versions.node} ${process.platform} ${process.arch}`,
  };
}
