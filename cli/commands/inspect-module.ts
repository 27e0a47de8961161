/** `keyrite inspect --module`: what a token really does, by asking it. */
import { randomBytes } from 'node:crypto';
import type { CapabilityReport } from '../../ceremony/command/capability-report';
import type { Module } from '../../ceremony/plan/binding-schema';
import type { UnitTarget } from '../../hsm/contract';
import { forbidCoreDumps } from '../../workstation/core-dumps';
import { loadModule, type ModuleWorker } from '../../workstation/module-worker';
import { findPartition, refuseUsedPartition } from '../../workstation/qualification/test-partition';
import { enterStore } from '../../workstation/rehearsal/opencryptoki-store';
import { foreignModule } from '../../workstation/rehearsal/room';
import {
  initialiseThrowAway,
  makeThrowAwayStore,
  STORE_NAMES,
  type StoreName,
} from '../../workstation/rehearsal/throw-away-token';
import { capabilityTable } from '../capability-table';
import { EXIT, type ExitCode } from '../exit';
import { builtScripts, NodeChildren } from '../node-children';
import { requireTerminal } from '../terminal';

/** Id of the children's run; no ceremony has it, since it is no folder's. */
const RUN = 'inspect';

/** Prints the report as a table, or as one JSON object. */
export async function inspectModule(module: string, token: string | null, json: boolean): Promise<ExitCode> {
  const name = STORE_NAMES.find((one) => one === module);
  forbidCoreDumps();
  const report = name === undefined ? await askPartition(module, token) : await askThrowAway(name);
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : capabilityTable(report));
  return report.objects.appeared.length + report.objects.gone.length === 0 ? EXIT.good : EXIT.findings;
}

/** On a token that is made for this and removed. */
async function askThrowAway(name: StoreName): Promise<CapabilityReport> {
  const store = makeThrowAwayStore(name);
  const interrupted = (): void => {
    store.leave();
    process.off('SIGINT', interrupted);
    process.kill(process.pid, 'SIGINT');
  };
  process.on('SIGINT', interrupted);
  try {
    return await ask(store, initialiseThrowAway);
  } finally {
    process.off('SIGINT', interrupted);
    store.leave();
  }
}

/** On a test partition of the caller's; the user PIN is asked for at the terminal. */
async function askPartition(path: string, label: string | null): Promise<CapabilityReport> {
  const module = foreignModule(path);
  if (module === null) throw new RangeError('module: expected a path');
  requireTerminal();
  return ask({ folder: '', module, player: null }, async (worker) => {
    const token = await findPartition(worker, label);
    const pin = { parts: 1 as const, holders: ['holder'] };
    const address = { blank: false, label: token.label, serial: token.serial };
    const target: UnitTarget = { unit: 'partition', address, identitySpki: null, user: pin, securityOfficer: pin };
    await refuseUsedPartition(() => worker.call('unit.read', { target, nonce: randomBytes(32).toString('hex') }));
    return target;
  });
}

async function ask(
  store: { readonly folder: string; readonly module: Module; readonly player: string | null },
  open: (worker: ModuleWorker) => Promise<UnitTarget>,
): Promise<CapabilityReport> {
  const children = new NodeChildren({
    ceremony: RUN,
    scripts: builtScripts(),
    modules: [store.module],
    player: store.player,
    names: { holder: 'Holder of the user PIN' },
    startThrough: (module) => enterStore(store.folder, module),
  });
  try {
    const worker = await loadModule(children, store.module);
    return await worker.call('unit.capabilities', { target: await open(worker) });
  } finally {
    await children.endAll();
  }
}
