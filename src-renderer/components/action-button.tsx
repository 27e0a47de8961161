/** A button that asks main for something. It keeps the focus while main works, and says why it cannot be used. */
import './action-button.scss';
import { Button } from './carbon';
import { type ReactNode, useId } from 'react';
import { useWindow } from '../store';

/** How much weight an action has on its screen: one primary action at most. */
export type Weight = 'primary' | 'secondary' | 'quiet' | 'danger';

const KINDS = { primary: 'primary', secondary: 'tertiary', quiet: 'ghost', danger: 'danger' } as const;

/**
 * A button for an action. It is never `disabled`, which would drop the focus: it stays reachable, is announced as
 * unavailable with the reason, and does nothing.
 *
 * @param props.unavailable why it cannot be used now, shown below it; null when it can
 * @param props.describedBy id of what else describes it
 */
export function ActionButton({
  onAct,
  children,
  weight = 'secondary',
  unavailable = null,
  label,
  small = false,
}: {
  readonly onAct: () => unknown;
  readonly children: ReactNode;
  readonly weight?: Weight;
  readonly unavailable?: string | null;
  /** Fuller name for those who do not see what it stands beside; begins with the words on it. */
  readonly label?: string;
  readonly small?: boolean;
}) {
  const busy = useWindow((state) => (state.view?.busy ?? null) !== null);
  const reason = useId();
  const resting = unavailable !== null || busy;
  return (
    <span className="action-button">
      <Button
        kind={KINDS[weight]}
        size={small ? 'sm' : 'md'}
        className={resting ? 'action-button__resting' : ''}
        aria-disabled={resting}
        aria-describedby={unavailable === null ? undefined : reason}
        aria-label={label}
        onClick={() => {
          if (!resting) onAct();
        }}
      >
        {children}
      </Button>
      {unavailable === null ? null : (
        <span id={reason} className="action-button__reason">
          {unavailable}
        </span>
      )}
    </span>
  );
}
