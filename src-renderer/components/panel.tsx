/** A part of a screen under a heading of its own. */
import './panel.scss';
import { type ReactNode, useId } from 'react';

/**
 * A section with a heading.
 *
 * @param props.title its `h2`
 * @param props.aside what stands at the right of the heading, such as a count or a small action
 * @param props.bare without a surface of its own
 */
export function Panel({
  title,
  aside,
  bare = false,
  children,
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly bare?: boolean;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={bare ? 'panel panel--bare' : 'panel'} aria-labelledby={id}>
      <div className="panel__head">
        <h2 id={id}>{title}</h2>
        {aside === undefined ? null : <div className="panel__aside">{aside}</div>}
      </div>
      {children}
    </section>
  );
}
