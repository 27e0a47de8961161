/**
 * Links of network HSMs, and what steers a module: the pre-flight tells interfaces that may be up from those that must not,
 * and a module whose configuration file is not the bound one is not loaded.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NodeChildren, builtScripts } from '../../cli/node-children';
import { THIS_RUNTIME } from '../../cli/this-app';
import type { HsmLink, Observation } from '../../ceremony/engine/ports';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { LinuxWorkstation } from '../../workstation/linux-workstation';
import { loadModule } from '../../workstation/module-worker';
import { makeThrowAwayStore } from '../../workstation/rehearsal/throw-away-token';
import { CHECKOUT, scratch } from './program';

const place = scratch();
afterAll(place.leave);
const interfaces = join(place.folder, 'net');

beforeAll(() => {
  for (const [name, state] of [
    ['lo', 'unknown'],
    ['eth0', 'up'],
    ['eth1', 'up'],
    ['eth2', 'down'],
  ] as const) {
    mkdirSync(join(interfaces, name), { recursive: true });
    writeFileSync(join(interfaces, name, 'operstate'), `${state}\n`);
  }
});

const link = (name: string): HsmLink => ({ module: 'luna', interface: name, peer: '10.0.0.7', port: 1792 });

async function observed(...links: readonly HsmLink[]): Promise<readonly Observation[]> {
  const bundle = new FileBundleFolder(join(place.folder, 'none'));
  const all = await new LinuxWorkstation(bundle, THIS_RUNTIME, undefined, interfaces).observe([], links);
  return all.filter(({ check }) => check === 'network' || check.startsWith('HSM link'));
}

it('names every interface that is up and is no HSM link of the binding', async () => {
  expect(await observed()).toEqual([{ check: 'network', ok: false, found: 'eth0, eth1' }]);
  expect(await observed(link('eth1'))).toEqual([
    { check: 'network', ok: false, found: 'eth0' },
    { check: 'HSM link eth1', ok: true, found: 'up: module luna, to 10.0.0.7, port 1792' },
  ]);
  expect(await observed(link('eth0'), link('eth1'))).toMatchObject([
    { check: 'network', ok: true, found: 'none is up but the HSM links of the binding: eth0, eth1' },
    { ok: true },
    { ok: true },
  ]);
});

it('says of a link that it is not up, or not there', async () => {
  const found = 'not up, or not there: module luna, to 10.0.0.7, port 1792';
  expect((await observed(link('eth2'), link('eth7'))).slice(1)).toEqual([
    { check: 'HSM link eth2', ok: false, found },
    { check: 'HSM link eth7', ok: false, found },
  ]);
});

it('loads no module whose configuration file was changed since it was bound', async () => {
  const store = makeThrowAwayStore('softhsm2');
  const modules = [store.module];
  const scripts = builtScripts(join(CHECKOUT, 'build'));
  const children = new NodeChildren({ ceremony: 'config', scripts, modules, player: store.player, names: {} });
  try {
    // The variable that the binding names reaches the worker: SoftHSM2 finds its store by it, and by nothing else here.
    const worker = await loadModule(children, store.module);
    expect((await worker.call('module.describe', {})).tokens).toHaveLength(1);
    const [conf] = store.module.files;
    appendFileSync(conf?.path ?? '', '# one word more\n');
    await expect(loadModule(children, store.module)).rejects.toMatchObject({
      code: 'MODULE_CHANGED',
      changed: 'The module was not loaded; no device was touched.',
      uncertain: false,
    });
  } finally {
    await children.endAll();
    store.leave();
  }
});
