/**
 * A dialog before something that should not happen by mistake, or that takes more than a button. The browser's own
 * modal dialog: everything behind it is inert, Escape closes it, and the focus goes back to where it was.
 */
import './dialog-box.scss';
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { ActionButton } from '../../components/action-button';
import { dismissTrouble, useWindow } from '../../store';
import { TASK_HEADING } from './task-frame';
import { TroubleWords } from './trouble-words';

/** What a dialog is made of. */
export interface DialogBoxProps {
  readonly open: boolean;
  readonly heading: string;
  /** Words on the button that does it. */
  readonly yes: string;
  /** Words on the button that leaves everything as it was. */
  readonly no: string;
  readonly danger?: boolean;
  /** Resolves when it was done or could not be; the dialog stays open until its owner shuts it. */
  readonly onYes: () => Promise<void>;
  readonly onNo: () => void;
  readonly children: ReactNode;
}

/** Shows the dialog while `open`. Why it could not be done is shown in it: the shell's words would be behind it. */
export function DialogBox({
  open,
  heading,
  yes,
  no,
  danger = false,
  onYes,
  onNo,
  children,
}: DialogBoxProps): ReactNode {
  const box = useRef<HTMLDialogElement>(null);
  const title = useId();
  const trouble = useWindow((state) => state.trouble);
  useEffect(() => {
    const dialog = box.current;
    if (dialog === null || open === dialog.open) return;
    // What went wrong before has nothing to do with this.
    if (open) {
      dismissTrouble();
      dialog.showModal();
    } else {
      dialog.close();
      if (document.activeElement === document.body) document.getElementById(TASK_HEADING)?.focus();
    }
  }, [open]);
  const leave = (): void => {
    dismissTrouble();
    onNo();
  };
  return (
    <dialog
      ref={box}
      className="run-dialog"
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        leave();
      }}
    >
      {open ? (
        <>
          <h2 id={title}>{heading}</h2>
          <div className="run-dialog__body">{children}</div>
          {trouble === null ? null : <TroubleWords trouble={trouble} />}
          <div className="run-dialog__actions">
            <ActionButton weight={danger ? 'danger' : 'primary'} onAct={onYes}>
              {yes}
            </ActionButton>
            <ActionButton onAct={leave}>{no}</ActionButton>
          </div>
        </>
      ) : null}
    </dialog>
  );
}
