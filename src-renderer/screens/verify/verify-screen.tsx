/** Verification of an evidence bundle: what is given from outside and the choice of a bundle, then the bundle itself. */
import './verify-screen.scss';
import type { CeremonySummary, ScreenView } from '../../../ipc/view';
import { ScreenTitle } from '../../components/screen-title';
import { AuditScreen } from '../audit/audit-screen';
import { OutsideForm } from './outside-form';

/** The screen, before and after a bundle was opened. */
export function VerifyScreen({
  screen: { report, audit, comparison },
  ceremonies,
}: {
  readonly screen: Extract<ScreenView, { kind: 'verify' }>;
  readonly ceremonies: readonly CeremonySummary[];
}) {
  if (report !== null) {
    return (
      <AuditScreen key={report.folder} report={report} audit={audit} comparison={comparison} ceremonies={ceremonies} />
    );
  }
  return (
    <>
      <ScreenTitle lead="Keyrite recomputes every hash, signature and rule of the bundle. It changes nothing in it.">
        Verify a bundle
      </ScreenTitle>
      <div className="verify">
        <p className="verify__none">No bundle was verified yet. Choose the folder of one.</p>
        <OutsideForm report={null} />
      </div>
    </>
  );
}
