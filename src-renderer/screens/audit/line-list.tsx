/** The lines of a filter, a page of them at a time: the keys lead through all of them, and pages turn by themselves. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { TextInput } from '../../components/carbon';
import { type AuditLine, PAGE_LINES } from '../../../ipc/audit-view';
import { ActionButton } from '../../components/action-button';
import { Icon } from '../../components/icon';
import { counted, utc } from '../../components/words';
import { placeByKey, scrollTo } from './list-keys';
import { grouped } from './numbers';
import type { Walk, Ways } from './use-walk';

/** Id of the list of lines, which takes the focus when somebody goes to a line. */
export const LINE_LIST = 'audit-lines';
const entryId = (line: number): string => `audit-line-${String(line)}`;

/** The list, with what turns its pages below it. */
export function LineList({
  label,
  walk,
  ways,
  last,
  shown,
  onOpen,
}: {
  /** What the lines are, such as `All lines`. */
  readonly label: string;
  readonly walk: Walk;
  readonly ways: Ways;
  /** Number of the last line of the transcript. */
  readonly last: number;
  /** False while another part of the screen is shown: nothing can be scrolled then. */
  readonly shown: boolean;
  /** Enter was pressed on a line. */
  readonly onOpen: () => void;
}): ReactNode {
  const { page, line, place } = walk;
  const total = page?.total ?? 0;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (shown && line !== null) scrollTo(box.current, document.getElementById(entryId(line)));
  }, [shown, line, page]);
  const byKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') {
      event.preventDefault();
      onOpen();
      return;
    }
    const next = placeByKey(event.key, place, total, inSight(box.current));
    if (next === null) return;
    event.preventDefault();
    if (next !== place) ways.goToPlace(next);
  };
  return (
    <>
      <div
        ref={box}
        id={LINE_LIST}
        className="audit-scroll audit-lines"
        role="listbox"
        tabIndex={0}
        aria-label={`${label}, times in UTC`}
        {...(line === null ? {} : { 'aria-activedescendant': entryId(line) })}
        onKeyDown={byKey}
      >
        {page?.lines.map((one, at) => (
          <Row
            key={one.line}
            line={one}
            chosen={one.line === line}
            place={page.from + at}
            total={total}
            onChoose={() => ways.goToPlace(page.from + at)}
          />
        ))}
      </div>
      {page === null || total > 0 ? null : <p className="audit-none">There is no such line</p>}
      <Pager walk={walk} ways={ways} last={last} />
    </>
  );
}

function Row({
  line: { line, at, type, step, by, text, findings },
  chosen,
  place,
  total,
  onChoose,
}: {
  readonly line: AuditLine;
  readonly chosen: boolean;
  readonly place: number;
  readonly total: number;
  readonly onChoose: () => void;
}): ReactNode {
  return (
    <div
      id={entryId(line)}
      role="option"
      className="audit-line"
      aria-selected={chosen}
      aria-posinset={place + 1}
      aria-setsize={total}
      onClick={onChoose}
    >
      <span className="audit-line__number">
        <span className="visually-hidden">Line </span>
        {line}
      </span>
      <span className="audit-line__head">
        <span className="audit-line__time">{at === '' ? '' : utc(at, 'time')}</span>
        <span className="audit-line__type">{type}</span>
        {step === null ? null : <span className="audit-line__step">{step}</span>}
        {findings === 0 ? null : (
          <span className="audit-line__finding">
            <Icon name="bad" /> {counted(findings, 'finding')}
          </span>
        )}
      </span>
      <span className="audit-line__text">
        {text}
        {by.length === 0 ? null : <span className="quiet">{` (${by.join(', ')})`}</span>}
      </span>
    </div>
  );
}

function Pager({
  walk: { page, place },
  ways,
  last,
}: {
  readonly walk: Walk;
  readonly ways: Ways;
  readonly last: number;
}): ReactNode {
  const [typed, setTyped] = useState('');
  const wanted = /^\d{1,9}$/.test(typed.trim()) ? Number(typed) : null;
  const problem =
    typed.trim() === '' || (wanted !== null && wanted <= last) ? null : `A number from 0 to ${grouped(last)}`;
  const total = page?.total ?? 0;
  const from = page?.from ?? 0;
  const until = from + (page?.lines.length ?? 0);
  const turn = (to: number): void => {
    ways.goToPlace(Math.max(0, Math.min(total - 1, to)));
    document.getElementById(LINE_LIST)?.focus();
  };
  return (
    <div className="audit-pager">
      <p className="audit-pager__where" role="status">
        {total === 0 ? 'None' : `${grouped(place + 1)} of ${grouped(total)}`}
      </p>
      {total <= PAGE_LINES ? null : (
        <span className="audit-pager__turn">
          <ActionButton
            small
            weight="quiet"
            label={`Earlier ${String(PAGE_LINES)} lines`}
            onAct={() => from > 0 && turn(from - PAGE_LINES)}
          >
            Earlier
          </ActionButton>
          <ActionButton
            small
            weight="quiet"
            label={`Later ${String(PAGE_LINES)} lines`}
            onAct={() => until < total && turn(until)}
          >
            Later
          </ActionButton>
        </span>
      )}
      <form
        className="audit-pager__go"
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted === null || problem !== null) return;
          ways.goTo(wanted);
          setTyped('');
          document.getElementById(LINE_LIST)?.focus();
        }}
      >
        <TextInput
          id="audit-go-to"
          size="sm"
          labelText="Go to line"
          inline
          value={typed}
          maxLength={9}
          inputMode="numeric"
          autoComplete="off"
          invalid={problem !== null}
          invalidText={problem ?? ''}
          onChange={(event) => setTyped(event.target.value)}
        />
      </form>
    </div>
  );
}

/** How many lines a page of the list shows: what PageUp and PageDown pass over. */
function inSight(box: HTMLElement | null): number {
  const row = box?.querySelector<HTMLElement>('[role="option"]');
  if (box === null || row === null || row === undefined || row.offsetHeight === 0) return 10;
  return Math.max(1, Math.floor(box.clientHeight / row.offsetHeight) - 1);
}
