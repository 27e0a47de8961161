/** What can be done at any moment of a run: raise an exception, stop at the next safe point. */
import { useState, type ReactNode } from 'react';
import type { RunView } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { Icon } from '../../components/icon';
import { act } from '../../store';
import { DialogBox } from './dialog-box';
import { ExceptionDialog } from './exception-dialog';

/** The two ways, with their dialogs; nothing once the run has ended, and no dialog is open when it is gone on with. */
export function RunWays({ run }: { readonly run: RunView }): ReactNode {
  return run.task.kind === 'ended' ? null : <Ways run={run} />;
}

function Ways({ run }: { readonly run: RunView }): ReactNode {
  const [raising, setRaising] = useState(false);
  const [stopping, setStopping] = useState(false);
  return (
    <div className="run-ways-out">
      <ActionButton weight="quiet" small onAct={() => setRaising(true)}>
        Raise an exception
      </ActionButton>
      {run.stopping ? (
        <p className="run-ways-out__stopping">
          <Icon name="note" /> Stops at the next safe point
        </p>
      ) : (
        <ActionButton weight="quiet" small onAct={() => setStopping(true)}>
          Stop at the next safe point
        </ActionButton>
      )}
      <ExceptionDialog run={run} open={raising} onClose={() => setRaising(false)} />
      <DialogBox
        open={stopping}
        heading="Stop at the next safe point"
        yes="Stop there"
        no="Go on"
        onNo={() => setStopping(false)}
        onYes={async () => {
          if (await act('run.stop', {})) setStopping(false);
        }}
      >
        <p>
          Nothing is lost: what was done stays done and is on record, and what runs now comes to its end first. The
          ceremony can be gone on with from the home screen, today or another day.
        </p>
        <p>Until then the units, the envelopes and this workstation need somebody to watch them.</p>
      </DialogBox>
    </div>
  );
}
