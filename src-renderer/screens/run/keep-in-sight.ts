/** Keeps what matters now in sight within a list that scrolls on its own. */
import { useEffect, type RefObject } from 'react';

/**
 * Scrolls the list alone, never the window, so that the first element that `selector` finds stands a third down with what
 * comes next below it: when `changed` is another, and whenever the list becomes higher or lower. Nothing moves when there
 * is none.
 */
export function useKeptInSight(
  list: RefObject<HTMLElement | null>,
  selector: string,
  changed: string | number | null,
): void {
  useEffect(() => {
    const box = list.current;
    if (box === null) return undefined;
    keepInSight(box, selector);
    const observer = new ResizeObserver(() => keepInSight(box, selector));
    observer.observe(box);
    return () => observer.disconnect();
  }, [list, selector, changed]);
}

function keepInSight(box: HTMLElement, selector: string): void {
  const found = box.querySelector<HTMLElement>(selector);
  if (found === null) return;
  box.scrollTop += found.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
}
