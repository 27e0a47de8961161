/** Timestamps under certificates that somebody trusts: `openssl ts -verify`, for Node has no CMS. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Finding } from '../ceremony/bundle/findings';
import type { BundleSummary } from '../ceremony/bundle/verify';
import { checkpointFiles } from '../ceremony/transcript/checkpoint';
import { FOR_EVERY_CHILD } from './child-environment';
import { UsageError } from './explain';

/** How long openssl may take over one token, in milliseconds. */
const LIMIT_MS = 30_000;

/**
 * What is wrong with a bundle's timestamps; none may fail, and one must be there.
 *
 * @param bundle folder of the bundle
 * @param ca file of certificates in PEM: of the authorities' issuers
 * @throws UsageError when openssl cannot be run
 */
export function timestampFindings(bundle: string, summary: BundleSummary, ca: string): readonly Finding[] {
  const final = summary.checkpoints.find((one) => one.final);
  if (final === undefined || summary.timestamps.length === 0) {
    return [{ where: 'outside', line: null, reason: 'no timestamp is there to check with the certificates given' }];
  }
  const checkpoint = join(bundle, checkpointFiles(final.number).body);
  return summary.timestamps.flatMap(({ file }) => {
    const args = ['ts', '-verify', '-data', checkpoint, '-in', join(bundle, file), '-CAfile', ca];
    const { status, error } = spawnSync('openssl', args, {
      env: FOR_EVERY_CHILD,
      stdio: 'ignore',
      timeout: LIMIT_MS,
    });
    if (error !== undefined) {
      throw new UsageError(
        `openssl could not be run (${'code' in error ? String(error.code) : error.message})`,
        'Install it, or check the timestamp on another machine: openssl ts -verify',
      );
    }
    if (status === 0) return [];
    return [{ where: file, line: null, reason: 'openssl ts -verify does not accept it under the certificates given' }];
  });
}
