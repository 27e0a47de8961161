/** The heading of a screen. It takes the focus when the screen comes, so that the keyboard and the ear start there. */
import './screen-title.scss';
import { type ReactNode, useEffect, useRef } from 'react';

/**
 * The `h1` of a screen. Give it another `key` when what it heads is a new thing.
 *
 * @param props.lead a sentence below it: what this screen is for
 * @param props.above what it belongs to, above it
 */
export function ScreenTitle({
  children,
  lead,
  above,
}: {
  readonly children: ReactNode;
  readonly lead?: ReactNode;
  readonly above?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className="screen-title">
      {above === undefined ? null : <p className="screen-title__above">{above}</p>}
      <h1 ref={heading} tabIndex={-1}>
        {children}
      </h1>
      {lead === undefined ? null : <p className="screen-title__lead">{lead}</p>}
    </div>
  );
}
