/** What makes a secret window unmistakable, with and without colour: frame, band, and whose eyes alone it is for. */
import { type ReactNode, useEffect } from 'react';
import type { SecretContext } from '../../ipc/contract';
import { printable } from './secret-words';

interface FrameProps {
  /** Null where main did not say what the window is for. */
  readonly context: SecretContext | null;
  readonly children: ReactNode;
}

export function SecretFrame({ context, children }: FrameProps) {
  const whose = context === null ? 'SECRET' : `SECRET: for ${printable(context.person)} only`;
  useEffect(() => {
    document.title = whose;
  }, [whose]);
  return (
    <div className="secret-frame">
      <header className="secret-band">
        <ClosedEye />
        <span className="secret-whose">{whose}</span>
        {context?.mode === 'rehearsal' ? <span className="secret-mark is-rehearsal">REHEARSAL</span> : null}
        {context?.endOfLifeRuntime === true ? <span className="secret-mark">END-OF-LIFE RUNTIME</span> : null}
      </header>
      <main className="secret-body">
        {context === null ? null : <WhatFor context={context} />}
        {children}
      </main>
    </div>
  );
}

function WhatFor({ context }: { context: SecretContext }) {
  const [title, step, doing] = [context.title, context.step, context.doing].map(printable);
  return (
    <p className="secret-what-for breakable">
      <span>
        <span className="quiet">{title}</span>
        {step === '' ? null : <span>{step}</span>}
      </span>
      {doing === '' ? null : <span>{doing}</span>}
    </p>
  );
}

/** An eye, crossed out. */
function ClosedEye() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className="secret-eye">
      <path d="M2 16C6 9 10.500 6 16 6s10 3 14 10c-4 7-8.500 10-14 10S6 23 2 16Z" />
      <circle cx="16" cy="16" r="5" />
      <path d="M5 29 27 3" />
    </svg>
  );
}
