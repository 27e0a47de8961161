/** `npm run package`: the set-up, then the packaged app, with its fuses as they were read back. */
import { APP } from './app-folder.mjs';
import { isMain } from './is-main.mjs';
import { ROOT, setUpThen } from './setup.mjs';
import { SetupFailure, step } from './setup/step.mjs';

/** @typedef {import('./setup/electron-runtime.mjs').Runtime} Runtime */

/**
 * @param {Runtime} runtime
 * @returns {Promise<number>} exit code
 */
async function packageIt(runtime) {
  const { packageApp } = await import('./package/package-app.mjs');
  const { fusesOf, readFuses } = await import('./package/fuses.mjs');
  let program = '';
  try {
    await step('package', async (say) => (program = await packageApp(ROOT, runtime, say)));
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    return 1;
  }
  const fuses = await readFuses(program);
  for (const { name, why } of fusesOf(Number(runtime.version.split('.')[0]))) {
    console.log(`  ${fuses[name] === true ? 'on ' : 'off'}  ${name.padEnd(38)} ${why}`);
  }
  console.log(`\nThe app in ${APP}, packaged: ${program}`);
  if (runtime.kind === 'development') console.log('It is on the development runtime: for rehearsals only');
  return 0;
}

if (isMain(import.meta.url)) {
  await setUpThen({ forApp: true }, (runtime) => {
    if (runtime === null) throw new Error('the set-up found no Electron, and did not fail');
    return packageIt(runtime);
  });
}
