/**
 * Walking through the lines of a bundle: a filter, the page of it that is shown, and the line that is chosen. Lines come
 * from main by the page; of answers that overtake each other, only the last question's counts.
 */
import { useEffect, useRef, useState } from 'react';
import { type AuditView, type LineDetail, type LineFilter, type LinesPage, PAGE_LINES } from '../../../ipc/audit-view';
import { look } from '../../store';

/** Where one is. */
export interface Walk {
  readonly filter: LineFilter;
  /** Null until the first page has come. */
  readonly page: LinesPage | null;
  /** The chosen line; null while there is none. */
  readonly line: number | null;
  /** Place of the chosen line among those of the filter. */
  readonly place: number;
}

/** Ways to go on. */
export interface Ways {
  /** Shows the lines of a filter, at the chosen line or the one nearest to it. */
  readonly choose: (filter: LineFilter) => void;
  /** Goes to a line, among all lines. */
  readonly goTo: (line: number) => void;
  /** Chooses the line at a place of the filter. */
  readonly goToPlace: (place: number) => void;
}

const ALL: LineFilter = { by: 'all' };

/** Where one is in a bundle, and the ways on; null: nothing can be walked through. */
export function useWalk(audit: AuditView | null): readonly [Walk, Ways] {
  const [walk, setWalk] = useState<Walk>({ filter: ALL, page: null, line: null, place: 0 });
  const asked = useRef(0);
  const bundle = audit?.bundle ?? null;
  const found = audit?.search?.found ?? 0;

  /** Shows a page; `place` null: the one where the line nearest to the chosen one is. */
  const show = async (filter: LineFilter, wanted: number | null): Promise<void> => {
    if (bundle === null) return;
    asked.current += 1;
    const own = asked.current;
    const isWanted = (): boolean => own === asked.current;
    const place = wanted ?? (await look('audit.place', { bundle, filter, line: walk.line ?? 0 }, isWanted));
    if (place === undefined) return;
    const from = Math.floor(place / PAGE_LINES) * PAGE_LINES;
    const page = await look('audit.lines', { bundle, filter, from, count: PAGE_LINES }, isWanted);
    if (page === undefined) return;
    const at = Math.min(place - from, page.lines.length - 1);
    setWalk({ filter, page, line: page.lines[at]?.line ?? null, place: Math.max(0, from + at) });
  };

  // Another bundle, or the same one verified again: it is walked on at the same line.
  useEffect(() => {
    void show(walk.filter.by === 'search' ? ALL : walk.filter, null);
  }, [bundle]);

  // More was found, and the page of the search has room for it.
  useEffect(() => {
    if (walk.filter.by === 'search' && (walk.page?.lines.length ?? 0) < PAGE_LINES) void show(walk.filter, walk.place);
  }, [found]);

  const ways: Ways = {
    choose: (filter) => void show(filter, null),
    goTo: (line) => void show(ALL, line),
    goToPlace: (place) => {
      const chosen = walk.page?.lines[place - walk.page.from];
      if (chosen === undefined) {
        void show(walk.filter, place);
        return;
      }
      asked.current += 1;
      setWalk({ ...walk, line: chosen.line, place });
    },
  };
  return [walk, ways];
}

/** A line in full; the one before stays until it has come. Null while there is none. */
export function useLineDetail(bundle: string, line: number | null): LineDetail | null {
  const [detail, setDetail] = useState<LineDetail | null>(null);
  useEffect(() => {
    let isWanted = true;
    if (line !== null) {
      void look('audit.line', { bundle, line }, () => isWanted).then((answer) => {
        if (answer !== undefined) setDetail(answer);
      });
    }
    return () => {
      isWanted = false;
    };
  }, [bundle, line]);
  return line === null ? null : detail;
}
