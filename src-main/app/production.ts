/** Production needs the packaged app on a runtime that is supported. */
import type { RuntimeView } from '../../ipc/view';
import type { Binding } from '../../ceremony/plan/binding-schema';
import { UsageError } from '../../workstation/explain';
import type { Runtime } from '../../workstation/running-app';

/**
 * Whether what runs is the packaged app. One for tests lets a debugger in, and so counts only on the runtime that it admits
 * for that (standing `test`): never on one that production is done on.
 */
export function isProductionPackage(found: {
  /** Electron runs an app that was packaged. */
  readonly isPackaged: boolean;
  /** The fuses are as the table says; in a test build, with the one open that a debugger needs. */
  readonly fusesAsTold: boolean;
  readonly testBuild: boolean;
  readonly standing: RuntimeView['standing'];
}): boolean {
  const { isPackaged, fusesAsTold, testBuild, standing } = found;
  return isPackaged && fusesAsTold && (!testBuild || standing === 'test');
}

/** Whether production may run here. A runtime of standing `test` is one that only a build for tests admits. */
export function admitsProduction({ standing, fit }: RuntimeView): boolean {
  return fit && standing !== 'development';
}

/** @throws UsageError for a production binding on a runtime that nobody vouches for */
export function refuseProduction({ mode }: Binding, runtime: RuntimeView): void {
  // SECURITY(K-65): an end-of-life runtime has holes that are known; a checkout is what anybody made of it.
  if (mode !== 'production' || admitsProduction(runtime)) return;
  throw new UsageError(
    `production needs the packaged app on a supported runtime; this is ${describe(runtime)}, and is refused without exception`,
    'Bind a rehearsal instead, or use the packaged app on a supported Electron.',
  );
}

/** The runtime as the pre-flight shows it. */
export function runtimeForPreflight(runtime: RuntimeView): Runtime {
  const fit = admitsProduction(runtime);
  return {
    packaged: fit,
    found: fit ? describe(runtime) : `${describe(runtime)}: rehearsals only`,
    name: `Electron ${runtime.electron}, Node ${runtime.node}`,
  };
}

function describe(runtime: RuntimeView): string {
  const { standing, electron } = runtime;
  const app = appWords(runtime);
  return standing === 'development'
    ? `${app} on the end-of-life development runtime, Electron ${electron}`
    : `${app} on Electron ${electron}`;
}

/** What it is, apart from whether it is fit: the record must not call a package a checkout. */
function appWords({ packaged, testBuild, fit }: RuntimeView): string {
  if (testBuild) return packaged ? 'a packaged test build' : 'a test build in a checkout';
  if (!packaged) return 'a checkout';
  return fit ? 'the packaged app' : 'a package whose fuses are not as they should be';
}
