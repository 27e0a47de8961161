/** What an auditor must never lose sight of: which bundle, rehearsal or production, and whether it is verified. */
import type { ReactNode } from 'react';
import type { VerifyView } from '../../../ipc/view';
import { ScreenTitle } from '../../components/screen-title';
import { Icon } from '../../components/icon';
import { VERDICTS, reasonWords } from '../verify/verdict-words';
import { grouped } from './numbers';

/** The strip. `isSame`: the transcript is still what was verified. */
export function VerdictStrip({ report, isSame }: { readonly report: VerifyView; readonly isSame: boolean }): ReactNode {
  const { summary, folder, verdict } = report;
  const { word, icon, tone } = VERDICTS[verdict];
  return (
    <div className="audit-strip">
      <div className="audit-strip__bundle">
        <ScreenTitle above={aboveWords(report)}>{summary?.title ?? 'Evidence bundle'}</ScreenTitle>
        <p className="audit-strip__folder mono" title={folder}>
          {folder}
        </p>
      </div>
      <p className={`audit-strip__verdict audit-strip__verdict--${isSame ? tone : 'bad'}`}>
        <Icon name={isSame ? icon : 'bad'} />
        <span>
          <strong>
            {isSame ? (verdict === 'verified' ? 'Verified' : `Not verified: ${word.toLowerCase()}`) : 'Changed since'}
          </strong>
          <span className="audit-strip__why">
            {isSame ? reasonWords(report) : 'The transcript is not the one that was verified; verify it again'}
          </span>
        </span>
      </p>
    </div>
  );
}

function aboveWords({ summary }: VerifyView): string {
  if (summary === null) return 'Evidence bundle';
  const mode = summary.mode === 'rehearsal' ? 'Rehearsal' : 'Production';
  return `${mode}, ${grouped(summary.lines)} lines, ${summary.ceremony}`;
}
