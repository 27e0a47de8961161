/** Approvals of a binding before it is used: who has approved, who signs at the beginning, and who is missing. */
import { approverStandings, approversOf, refuseMissingApprovals } from '../../ceremony/engine/approvals';
import { CeremonyStopped } from '../../ceremony/engine/ceremony';
import { rosterOf, type Documents } from '../../ceremony/engine/open';
import type { Binding } from '../../ceremony/plan/binding-schema';
import type { RosterEntry } from '../../ceremony/transcript/line';
import type { BindingView, FindingView } from '../../ipc/view';
import { readApprovalFiles } from '../../workstation/approval-files';
import type { Bound } from './bound';
import { isGood } from './plan-view';

const MISSING = 'approvals-missing';

/** Who approves, and where each of them stands. */
export function approvalsView(documents: Documents, first?: Binding): BindingView['approvals'] {
  const approvers = boundApprovers(documents, first);
  const standings = approverStandings(documents, approvers);
  return {
    needed: documents.plan.plan.approval.count,
    approvers: approvers.map(({ id, name }) => ({ id, name, standing: standings.get(id) ?? 'cannot-sign' })),
  };
}

/** What is said where too few can approve: an error until their files are brought. */
export function approvalFindings(documents: Documents, first?: Binding): FindingView[] {
  try {
    refuseMissingApprovals(documents, boundApprovers(documents, first));
    return [];
  } catch (error) {
    if (!(error instanceof CeremonyStopped)) throw error;
    const [message = '', remedy = ''] = error.message.split('\n');
    return [{ severity: 'error', step: null, rule: MISSING, message: `${message}.`, remedy }];
  }
}

/**
 * A binding with one approval more.
 *
 * @throws UsageError for a file that is no approval of this plan and binding
 */
export function withApproval(bound: Bound, file: string): Bound {
  const first = bound.session?.first;
  const [content] = readApprovalFiles([file], bound.documents, boundApprovers(bound.documents, first));
  const approvals = [...(bound.documents.approvals ?? []), ...(content === undefined ? [] : [content])];
  const documents = { ...bound.documents, approvals };
  const findings = [
    ...bound.view.findings.filter(({ rule }) => rule !== MISSING),
    ...approvalFindings(documents, first),
  ];
  return {
    ...bound,
    documents,
    view: { ...bound.view, approvals: approvalsView(documents, first), findings, good: isGood(findings) },
  };
}

/**
 * Approvers of the binding; none where a position is bound that the plan lacks, which the check says.
 *
 * @param first the binding before, of a later session: who comes with a binding does not approve it
 */
export function boundApprovers(documents: Documents, first?: Binding): RosterEntry[] {
  const { positions } = documents.plan.plan;
  const { people } = documents.binding.binding;
  if (people.some(({ position }) => !positions.some(({ id }) => id === position))) return [];
  const known = first?.people.map(({ id }) => id);
  return approversOf(documents, rosterOf(documents)).filter(({ id }) => known?.includes(id) ?? true);
}
