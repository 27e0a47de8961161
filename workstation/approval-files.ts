/** Files of approvals that people bring: read, and refused before anything begins. */
import { ApprovalRefused, MAX_APPROVAL_BYTES, readApproval } from '../ceremony/engine/approvals';
import type { Documents } from '../ceremony/engine/open';
import type { RosterEntry } from '../ceremony/transcript/line';
import { UsageError } from './explain';
import { readBytes } from './input';

/**
 * Reads approval files that people name.
 *
 * @param approvers those who may approve
 * @throws UsageError naming the first file that is no approval of plan and binding by one of them
 */
export function readApprovalFiles(
  paths: readonly string[],
  documents: Pick<Documents, 'plan' | 'binding'>,
  approvers: readonly RosterEntry[],
): Uint8Array[] {
  return paths.map((path) => {
    const content = readBytes(path, 'approval', MAX_APPROVAL_BYTES);
    try {
      // SECURITY(K-180): before anything begins, by the very rules of the verifier.
      readApproval(content, documents, approvers);
    } catch (error) {
      if (!(error instanceof ApprovalRefused)) throw error;
      throw new UsageError(
        `${path} does not count: ${error.message}`,
        'Have plan and binding approved again with keyrite approve, and bring that file. Nothing was begun.',
      );
    }
    return content;
  });
}
