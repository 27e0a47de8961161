/**
 * The Electron that the app runs on in a checkout: the pinned one where its binary can be had, else the development
 * runtime. Either is a folder of Electron's files whose program is called `electron`.
 */
import { fetchDevelopmentRuntime } from './development-runtime.mjs';
import { fetchPinnedElectron } from './pinned-electron.mjs';

/**
 * @typedef {object} Runtime
 * @property {'pinned' | 'development'} kind the development runtime is past its end of life, and refused for production
 * @property {string} version of Electron, such as `25.1.1`
 * @property {string} folder absolute; the program in it is `electron`
 */

/**
 * @param {string} root folder of the checkout
 * @param {(text: string) => void} say
 * @param {{ retry?: boolean }} [options] `retry` tries to fetch the pinned Electron even if that failed today
 * @returns {Promise<Runtime>}
 * @throws SetupFailure when neither can be had
 */
export async function electronRuntime(root, say, { retry = false } = {}) {
  return (await fetchPinnedElectron(root, say, { retry })) ?? (await fetchDevelopmentRuntime(root, say));
}

/**
 * One line about a runtime.
 *
 * @param {Runtime} runtime
 */
export function describeRuntime({ kind, version }) {
  return kind === 'pinned'
    ? `Electron ${version}, the pinned one`
    : `Electron ${version}, the development runtime: past its end of life, for rehearsals only`;
}
