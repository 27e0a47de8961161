/** The heading of what is new in the window: it takes the focus, so that no key meant for another window answers here. */
import { type ReactNode, useEffect, useRef } from 'react';

export function Heading({ children, focus = true }: { children: ReactNode; focus?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (focus) heading.current?.focus();
  }, [focus]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}
