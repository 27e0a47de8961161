/** Parts of the screen of which one is shown: chosen by the arrow keys, Home and End, as tabs are everywhere. */
import { type KeyboardEvent, type ReactNode, useRef } from 'react';

/** A part, by its id. */
export interface Tab<Id extends string> {
  readonly id: Id;
  readonly label: string;
  /** Such as a count; read with the label. */
  readonly mark?: string;
}

/** Ids that tab and panel know each other by. */
const tabId = (id: string): string => `audit-tab-${id}`;
const panelId = (id: string): string => `audit-panel-${id}`;

/** The tabs. */
export function TabList<Id extends string>({
  label,
  tabs,
  chosen,
  onChoose,
}: {
  readonly label: string;
  readonly tabs: readonly Tab<Id>[];
  readonly chosen: Id;
  readonly onChoose: (id: Id) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const byKey = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ id }) => id === chosen);
    const steps: Readonly<Record<string, number>> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 };
    const next = Object.hasOwn(steps, event.key) ? tabs.at((steps[event.key] ?? 0) % tabs.length) : undefined;
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next.id);
    list.current?.querySelector<HTMLElement>(`#${tabId(next.id)}`)?.focus();
  };
  return (
    <div ref={list} className="audit-tabs" role="tablist" aria-label={label} onKeyDown={byKey}>
      {tabs.map(({ id, label: name, mark }) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={tabId(id)}
          className="audit-tabs__tab"
          aria-selected={id === chosen}
          aria-controls={panelId(id)}
          tabIndex={id === chosen ? 0 : -1}
          onClick={() => onChoose(id)}
        >
          {name}
          {mark === undefined ? null : <span className="audit-tabs__mark"> {mark}</span>}
        </button>
      ))}
    </div>
  );
}

/** What a tab shows; it stays in the page while it is not shown, with what is typed in it. `scrolls`: as a whole. */
export function TabPanel({
  id,
  shown,
  scrolls = false,
  children,
}: {
  readonly id: string;
  readonly shown: boolean;
  readonly scrolls?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div
      role="tabpanel"
      id={panelId(id)}
      className={scrolls ? 'audit-panel audit-panel--scrolls' : 'audit-panel'}
      aria-labelledby={tabId(id)}
      hidden={!shown}
      tabIndex={scrolls ? 0 : -1}
    >
      {children}
    </div>
  );
}
