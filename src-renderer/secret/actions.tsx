/** The one primary action, and the way out, which asks once more: declining ends what was asked. */
import { type ReactNode, useEffect, useRef, useState } from 'react';

interface ActionsProps {
  readonly primary: string;
  readonly onPrimary: () => void;
  readonly onDecline: () => void;
  /** Actions between the two. */
  readonly children?: ReactNode;
}

export function Actions({ primary, onPrimary, onDecline, children }: ActionsProps) {
  const [declining, setDeclining] = useState(false);
  const decline = useRef<HTMLButtonElement>(null);
  const wasDeclining = useRef(false);
  useEffect(() => {
    if (wasDeclining.current && !declining) decline.current?.focus();
    wasDeclining.current = declining;
  }, [declining]);
  if (declining) return <Declining onDecline={onDecline} onBack={() => setDeclining(false)} />;
  return (
    <div className="secret-actions">
      <button type="button" className="secret-button is-primary" onClick={onPrimary}>
        {primary}
      </button>
      {children}
      <button type="button" ref={decline} className="secret-button is-quiet" onClick={() => setDeclining(true)}>
        I decline
      </button>
    </div>
  );
}

function Declining({ onDecline, onBack }: { onDecline: () => void; onBack: () => void }) {
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => back.current?.focus(), []);
  return (
    <div className="secret-actions" role="group" aria-labelledby="declining">
      <p id="declining">
        Decline? Nothing is given, this window closes, and the step does not go on until all have decided how
      </p>
      <button type="button" ref={back} className="secret-button" onClick={onBack}>
        Go back
      </button>
      <button type="button" className="secret-button is-danger" onClick={onDecline}>
        Decline
      </button>
    </div>
  );
}
