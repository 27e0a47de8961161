/** A report of the bundle, to be read, signed and filed: made anew, for the one in the bundle is not part of the record. */
import { type ReactNode, useState } from 'react';
import { PAPERS, type Paper } from '../../../ipc/print-view';
import { ActionButton } from '../../components/action-button';
import { RadioButton, RadioButtonGroup } from '../../components/carbon';
import { Panel } from '../../components/panel';
import { ask } from '../../store';
import { PrintForm } from './print-form';

/** Ways to a report. */
export function ReportPanel(): ReactNode {
  const [paper, setPaper] = useState<Paper>('A4');
  const [done, setDone] = useState('');
  const save = async (form: 'PDF' | 'HTML'): Promise<void> => {
    setDone('');
    const wanted = form === 'PDF' ? ({ form: 'pdf', paper } as const) : ({ form: 'html' } as const);
    if ((await ask('audit.save-report', wanted)) === true) setDone(`Saved as ${form}, outside the bundle`);
  };
  const print = async (printer: string): Promise<void> => {
    setDone('');
    const printed = await ask('audit.print-report', { printer, paper });
    if (printed !== undefined) setDone(`Handed to printer ${printed.printer} as job ${String(printed.job)}`);
  };
  return (
    <Panel title="Report">
      <p className="quiet">
        Made now, from the record, with the verdict above in it. The report that lies in the bundle is not part of what
        people signed.
      </p>
      <RadioButtonGroup
        legendText="Paper, for PDF and print"
        name="report-paper"
        valueSelected={paper}
        onChange={(chosen) => setPaper(chosen === 'Letter' ? 'Letter' : 'A4')}
      >
        {PAPERS.map((one) => (
          <RadioButton key={one} id={`report-paper-${one}`} value={one} labelText={one} />
        ))}
      </RadioButtonGroup>
      <div className="verify__ways">
        <ActionButton small onAct={() => save('PDF')}>
          Save as PDF …
        </ActionButton>
        <ActionButton small onAct={() => save('HTML')}>
          Save as HTML …
        </ActionButton>
      </div>
      <PrintForm onPrint={print} />
      <p role="status">{done}</p>
    </Panel>
  );
}
