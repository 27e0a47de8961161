/** Whether a script was started by itself, and not imported; also when the checkout is reached through a symbolic link. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @param {string} url `import.meta.url` of the script
 */
export function isMain(url) {
  const started = process.argv[1];
  return started !== undefined && realpathSync(started) === fileURLToPath(url);
}
