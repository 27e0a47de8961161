/** The verdict and everything that it rests on; at its side, what the auditor brings along. */
import type { ReactNode } from 'react';
import type { VerifyView } from '../../../ipc/view';
import { BundleSummary } from './bundle-summary';
import { OutsideForm } from './outside-form';
import { ReportPanel } from './report-panel';
import { VerdictPanel } from './verdict-panel';
import { VerifyFindings } from './verify-findings';

/** What the first tab shows. */
export function VerdictTab({
  report,
  onGoTo,
}: {
  readonly report: VerifyView;
  readonly onGoTo: (line: number) => void;
}): ReactNode {
  return (
    <div className="verify">
      <div className="verify__report">
        <VerdictPanel key={verdictOf(report)} report={report} />
        <VerifyFindings report={report} onGoTo={onGoTo} />
        <BundleSummary report={report} onGoTo={onGoTo} />
      </div>
      <div className="verify__report">
        <OutsideForm report={report} />
        {/* What was saved or printed was a report of this bundle under this verdict. */}
        <ReportPanel key={verdictOf(report)} />
      </div>
    </div>
  );
}

/** What a verdict is of: the same words about something else are a new verdict, which is announced. */
const verdictOf = ({ folder, planHash, approverKeys, verdict }: VerifyView): string =>
  [folder, planHash, ...approverKeys, verdict].join(' ');
