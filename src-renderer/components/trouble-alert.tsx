/** Why something could not be done: what happened, what was changed, what to do next. Announced, and focused. */
import './trouble-alert.scss';
import { useEffect, useRef } from 'react';
import type { Trouble } from '../../ipc/define';
import { ActionButton } from './action-button';
import { Icon } from './icon';

/**
 * The words about a failure. It takes the focus; when it is put away the focus goes back to where it was.
 *
 * @param props.onDismiss leaves the button out where it is not given
 */
export function TroubleAlert({ trouble, onDismiss }: { readonly trouble: Trouble; readonly onDismiss?: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  const before = useRef<Element | null>(null);
  useEffect(() => {
    if (!place.current?.contains(document.activeElement)) before.current = document.activeElement;
    place.current?.focus();
  }, [trouble]);
  const dismiss = () => {
    onDismiss?.();
    if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
  };
  return (
    <div ref={place} className="trouble-alert" role="alert" tabIndex={-1}>
      <p className="trouble-alert__happened">
        <Icon name="warning" /> <span>{trouble.happened}</span>
      </p>
      <dl className="trouble-alert__rest">
        <dt>Changed</dt>
        <dd>{trouble.changed}</dd>
        <dt>Now</dt>
        <dd>{trouble.next}</dd>
      </dl>
      {onDismiss === undefined ? null : (
        <ActionButton weight="quiet" small onAct={dismiss}>
          Put this message away
        </ActionButton>
      )}
    </div>
  );
}
