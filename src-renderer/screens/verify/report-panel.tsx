/** A report of the bundle, to be read, signed and filed: made anew, for the one in the bundle is not part of the record. */
import { type ReactNode, useState } from 'react';
import { ActionButton } from '../../components/action-button';
import { Panel } from '../../components/panel';
import { ask } from '../../store';

/** Ways to a report. */
export function ReportPanel(): ReactNode {
  const [saved, setSaved] = useState<'pdf' | 'html' | null>(null);
  const save = async (form: 'pdf' | 'html'): Promise<void> => {
    setSaved(null);
    if ((await ask('audit.save-report', { form })) === true) setSaved(form);
  };
  return (
    <Panel title="Report">
      <p className="quiet">
        Made now, from the record, with the verdict above in it. The report that lies in the bundle is not part of what
        people signed.
      </p>
      <div className="verify__ways">
        <ActionButton small onAct={() => save('pdf')}>
          Save as PDF …
        </ActionButton>
        <ActionButton small onAct={() => save('html')}>
          Save as HTML …
        </ActionButton>
      </div>
      <p role="status" className="verify__saved">
        {saved === null ? '' : `Saved as ${saved === 'pdf' ? 'PDF' : 'HTML'}, outside the bundle`}
      </p>
    </Panel>
  );
}
