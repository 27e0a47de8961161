/** Keys of a list in which one entry is chosen at a time: the same wherever there is one. */

/**
 * Place that a key leads to; null for a key that leads nowhere.
 *
 * @param count how many entries there are
 * @param page how many of them PageUp and PageDown pass over
 */
export function placeByKey(key: string, place: number, count: number, page: number): number | null {
  const last = count - 1;
  if (last < 0) return null;
  switch (key) {
    case 'ArrowDown':
      return Math.min(last, place + 1);
    case 'ArrowUp':
      return Math.max(0, place - 1);
    case 'PageDown':
      return Math.min(last, place + page);
    case 'PageUp':
      return Math.max(0, place - page);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}

/**
 * Scrolls a list just as far as an entry of it needs to be in sight; an entry far away comes to stand a third down, with
 * what follows it below.
 */
export function scrollTo(box: HTMLElement | null, entry: HTMLElement | null): void {
  if (box === null || entry === null) return;
  const [outer, inner] = [box.getBoundingClientRect(), entry.getBoundingClientRect()];
  const above = outer.top - inner.top;
  const below = inner.bottom - outer.bottom;
  if (Math.max(above, below) > 2 * inner.height) box.scrollTop += inner.top - outer.top - outer.height / 3;
  else if (above > 0) box.scrollTop -= above;
  else if (below > 0) box.scrollTop += below;
}
