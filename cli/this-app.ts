/** The command line as the record names it: the running bundle, and the Node it runs on. */
import { realpathSync } from 'node:fs';
import type { App } from '../ceremony/engine/open';
import { describeApp, type Runtime } from '../workstation/running-app';

/** For the pre-flight: nobody vouches for a checkout. */
export const THIS_RUNTIME: Runtime = {
  packaged: false,
  found: 'a checkout on Node: rehearsals only',
  name: `Node ${process.version}`,
};

/** For line 0: the hash is that of the running bundle. */
export function thisApp(): App {
  const program = realpathSync(process.argv[1] ?? '.');
  return describeApp(program, KEYRITE_VERSION, `node ${process.versions.node} ${process.platform} ${process.arch}`);
}
