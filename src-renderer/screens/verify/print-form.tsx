/** Choosing a printer: looked for when somebody wants one, for most auditors file what they save. */
import { type ReactNode, useState } from 'react';
import type { PrintersView } from '../../../ipc/print-view';
import { ActionButton } from '../../components/action-button';
import { Select, SelectItem } from '../../components/carbon';
import { ask } from '../../store';

/** @param props.onPrint is given the printer that was chosen */
export function PrintForm({ onPrint }: { readonly onPrint: (printer: string) => unknown }): ReactNode {
  const [view, setView] = useState<PrintersView | null>(null);
  const [chosen, setChosen] = useState('');
  const look = async (): Promise<void> => {
    const found = await ask('audit.printers', {});
    if (found === undefined) return;
    setView(found);
    setChosen(found.found === 'printers' ? firstChoice(found) : '');
  };
  return (
    <>
      <div className="verify__ways">
        <ActionButton small onAct={look}>
          {view === null ? 'Look for printers' : 'Look for printers again'}
        </ActionButton>
      </div>
      <div role="status">{view === null ? null : <Found view={view} />}</div>
      {view?.found !== 'printers' ? null : (
        <>
          <Select
            id="report-printer"
            labelText="Printer"
            size="sm"
            value={chosen}
            onChange={(event) => setChosen(event.target.value)}
          >
            {chosen === '' ? <SelectItem value="" text="Choose a printer" /> : null}
            {view.printers.map((one) => (
              <SelectItem key={one} value={one} text={one === view.usual ? `${one} (the usual one)` : one} />
            ))}
          </Select>
          <div className="verify__ways">
            <ActionButton
              small
              unavailable={chosen === '' ? 'Choose a printer first' : null}
              onAct={() => onPrint(chosen)}
            >
              Print
            </ActionButton>
          </div>
        </>
      )}
    </>
  );
}

/** What was found, in words: also for those who do not see the list appear. */
function Found({ view }: { readonly view: PrintersView }): ReactNode {
  if (view.found === 'none') {
    return (
      <>
        <p>{view.why}</p>
        <p>{view.next}</p>
      </>
    );
  }
  const { length } = view.printers;
  return <p>{length === 1 ? 'One printer is there' : `${String(length)} printers are there`}</p>;
}

/** The usual printer, or the only one; else somebody chooses. */
function firstChoice({ printers, usual }: Extract<PrintersView, { found: 'printers' }>): string {
  return usual ?? (printers.length === 1 ? (printers[0] ?? '') : '');
}
