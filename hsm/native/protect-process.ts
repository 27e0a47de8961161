/** What every process that holds a PIN, a share or a key does first. */
import { EXIT_CODES } from '../serve';
import { companion } from './companion';

/**
 * Forbids core dumps of this process, to files and to programs of the system alike, and looks into its memory by other
 * programs of the same user. A process that is not let do that ends at once, with a code of its own.
 *
 * @param exit ends the process
 */
export function protectProcess(exit: (code: number) => void): void {
  try {
    // SECURITY(K-194): the limit alone does not keep a dump from a program that `core_pattern` names.
    companion().forbidDumps();
  } catch {
    exit(EXIT_CODES.unprotected);
  }
}
