/** Raising an exception, at any moment: about which step, of which kind, expected, happened, decided. */
import { useId, useState, type ReactNode } from 'react';
import { Select, SelectItem, TextArea } from '../../components/carbon';
import type { RunView } from '../../../ipc/view';
import { NO_EXCEPTION } from '../../drafts';
import { act, forgetException, keepException, useWindow } from '../../store';
import { DialogBox } from './dialog-box';
import { EXCEPTION_KIND, type RaisableKind } from './run-words';

const KINDS: readonly RaisableKind[] = [
  'step-deviated',
  'people',
  'materials',
  'clock',
  'preflight',
  'readback-skipped',
  'other',
];
const FIELDS = [
  { name: 'expected', label: 'What was expected', missing: 'Say what should have been' },
  { name: 'happened', label: 'What happened', missing: 'Say what happened instead' },
  { name: 'decided', label: 'What was decided', missing: 'Say what was decided, and why it is safe to go on' },
] as const;
/** Longest text of the contract, in UTF-16 code units. */
const LONGEST = 4000;

/** The dialog. What was typed stays when it is closed or could not be recorded, and when the run ends; it goes once it is recorded. */
export function ExceptionDialog({
  run,
  open,
  onClose,
}: {
  readonly run: RunView;
  readonly open: boolean;
  readonly onClose: () => void;
}): ReactNode {
  const id = useId();
  const draft = useWindow((state) => (state.drafts.ceremony === run.ceremony ? state.drafts.exception : NO_EXCEPTION));
  const [tried, setTried] = useState(false);
  const step = draft.step ?? nearestStep(run);
  const raise = async (): Promise<void> => {
    const missing = FIELDS.find(({ name }) => draft[name].trim() === '');
    setTried(missing !== undefined);
    if (missing !== undefined) {
      document.getElementById(`${id}-${missing.name}`)?.focus();
      return;
    }
    if (step === undefined) return;
    if (!(await act('run.raise-exception', { ...draft, step }))) return;
    forgetException(draft);
    onClose();
  };
  return (
    <DialogBox open={open} heading="Raise an exception" yes="Put it on record" no="Back" onNo={onClose} onYes={raise}>
      <p>
        Anybody in the room may ask for it. At the next safe point an administrator and the witness or auditor sign it,
        each with their own key; then it stands in the transcript and in the report.
      </p>
      <div className="run-dialog__row">
        <Select
          id={`${id}-step`}
          labelText="About which step"
          value={step ?? ''}
          onChange={(event) => keepException({ ...draft, step: event.target.value })}
        >
          {run.steps.map((one, place) => (
            <SelectItem key={one.id} value={one.id} text={`${place + 1}  ${one.title}`} />
          ))}
        </Select>
        <Select
          id={`${id}-kind`}
          labelText="What it is about"
          value={draft.kind}
          onChange={(event) => {
            const kind = KINDS.find((one) => one === event.target.value);
            if (kind !== undefined) keepException({ ...draft, kind });
          }}
        >
          {KINDS.map((kind) => (
            <SelectItem key={kind} value={kind} text={EXCEPTION_KIND[kind]} />
          ))}
        </Select>
      </div>
      {FIELDS.map(({ name, label, missing }) => (
        <TextArea
          key={name}
          id={`${id}-${name}`}
          labelText={label}
          rows={2}
          maxLength={LONGEST}
          value={draft[name]}
          invalid={tried && draft[name].trim() === ''}
          invalidText={missing}
          onChange={(event) => keepException({ ...draft, step: step ?? null, [name]: event.target.value })}
        />
      ))}
    </DialogBox>
  );
}

/** The present step; before the first the first, after the last the last. */
function nearestStep(run: RunView): string | undefined {
  const over = run.steps.findLastIndex((step) => step.status !== 'waiting');
  return run.steps[run.present ?? Math.max(over, 0)]?.id;
}
