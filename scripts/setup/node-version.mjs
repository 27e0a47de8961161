/** The oldest Node that every tool of the project runs on (vitest 4 and eslint 10 ask for it). */
import { SetupFailure } from './step.mjs';

const OLDEST = [20, 19];

/**
 * @param {string} version such as `20.19.1`
 * @returns {string} what was found
 * @throws SetupFailure when it is too old
 */
export function checkNodeVersion(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw new SetupFailure(
      `Node ${version} is too old`,
      `install Node ${OLDEST.join('.')} or newer (https://nodejs.org) and start again`,
    );
  }
  return `Node ${version}`;
}
