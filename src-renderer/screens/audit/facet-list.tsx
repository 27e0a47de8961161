/** What the lines can be walked by: all of them, what is of note, and each step, person and unit with what it has. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef } from 'react';
import type { AuditView, LineFilter, StepFacet } from '../../../ipc/audit-view';
import { Icon, type IconName } from '../../components/icon';
import { counted, roleWord } from '../../components/words';
import { placeByKey, scrollTo } from './list-keys';
import { grouped } from './numbers';

/** How many entries PageUp and PageDown pass over. */
const PAGE = 10;

interface Entry {
  readonly filter: LineFilter;
  readonly name: string;
  readonly lines: number;
  readonly icon?: IconName;
  readonly tone?: 'good' | 'bad' | 'caution';
  /** In words, below the name. */
  readonly note?: string;
}

interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** Ids of entries in the page. */
const entryId = (filter: LineFilter): string => `facet-${filter.by}-${'id' in filter ? filter.id : ''}`;

/** The list. Choosing follows the arrow keys. */
export function FacetList({
  audit,
  chosen,
  shown,
  onChoose,
}: {
  readonly audit: AuditView;
  readonly chosen: LineFilter;
  /** False while another part of the screen is shown: nothing can be scrolled then. */
  readonly shown: boolean;
  readonly onChoose: (filter: LineFilter) => void;
}): ReactNode {
  const groups = groupsOf(audit);
  const entries = groups.flatMap((group) => group.entries);
  const place = Math.max(
    0,
    entries.findIndex(({ filter }) => entryId(filter) === entryId(chosen)),
  );
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (shown) scrollTo(box.current, document.getElementById(entryId(chosen)));
  }, [shown, chosen]);
  const byKey = (event: KeyboardEvent): void => {
    const next = placeByKey(event.key, place, entries.length, PAGE);
    const entry = next === null ? undefined : entries[next];
    if (entry === undefined) return;
    event.preventDefault();
    if (next !== place) onChoose(entry.filter);
  };
  return (
    <div
      ref={box}
      className="audit-scroll audit-facets"
      role="listbox"
      tabIndex={0}
      aria-label="Walk by"
      aria-activedescendant={entryId(entries[place]?.filter ?? chosen)}
      onKeyDown={byKey}
    >
      {groups.map(({ title, entries: own }) => (
        <div key={title} role="group" aria-label={title} className="audit-facets__group">
          <div role="presentation" className="audit-facets__title">
            {title}
          </div>
          {own.map((entry) => (
            <div
              key={entryId(entry.filter)}
              id={entryId(entry.filter)}
              role="option"
              className="audit-facet"
              data-tone={entry.tone ?? 'quiet'}
              aria-selected={entryId(entry.filter) === entryId(chosen)}
              onClick={() => onChoose(entry.filter)}
            >
              {entry.icon === undefined ? <span /> : <Icon name={entry.icon} />}
              <span className="audit-facet__name">
                {entry.name}
                {entry.note === undefined ? null : <span className="audit-facet__note">{entry.note}</span>}
              </span>
              <span className="audit-facet__count">
                {grouped(entry.lines)}
                <span className="visually-hidden"> lines</span>
              </span>
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}

function groupsOf(audit: AuditView): readonly Group[] {
  const { search } = audit;
  const lines: Entry[] = [{ filter: { by: 'all' }, name: 'All lines', lines: audit.lines }];
  if (search !== null) {
    lines.push({ filter: { by: 'search' }, name: `Found: ${search.text}`, lines: search.found });
  }
  if (audit.findings > 0) {
    const tone = { icon: 'bad', tone: 'bad' } as const;
    lines.push({ filter: { by: 'findings' }, name: 'With findings', lines: audit.findings, ...tone });
  }
  const exceptional = audit.exceptions > 0 ? ({ icon: 'warning', tone: 'caution' } as const) : {};
  lines.push(
    { filter: { by: 'exceptions' }, name: 'Exceptions', lines: audit.exceptions, ...exceptional },
    { filter: { by: 'failures' }, name: 'Failures and interruptions', lines: audit.failures },
    { filter: { by: 'checkpoints' }, name: 'Checkpoints', lines: audit.checkpoints },
  );
  const steps = audit.steps.map((step): Entry => {
    const { word, icon, tone } = OUTCOMES[step.outcome];
    return {
      filter: { by: 'step', id: step.id },
      name: step.number === null ? step.title : `${String(step.number)}. ${step.title}`,
      lines: step.lines,
      icon,
      ...(tone === undefined ? {} : { tone }),
      note: [word, ...notesOf(step)].join(', '),
    };
  });
  const people = audit.people.map(({ id, name, roles, lines: own }): Entry => ({
    filter: { by: 'person', id },
    name,
    lines: own,
    note: roles.length === 0 ? 'Not on the roster' : roles.map(roleWord).join(', '),
  }));
  const units = audit.units.map(({ id, name, lines: own }): Entry => ({
    filter: { by: 'unit', id },
    name,
    lines: own,
    note: id,
  }));
  return [
    { title: 'Lines', entries: lines },
    { title: 'Steps of the plan', entries: steps },
    { title: 'People', entries: people },
    { title: 'Crypto units', entries: units },
  ].filter(({ entries }) => entries.length > 0);
}

function notesOf({ number, attempts, exceptions, failures }: StepFacet): string[] {
  return [
    ...(number === null ? ['not in the plan'] : []),
    ...(attempts > 1 ? [counted(attempts, 'attempt')] : []),
    ...(failures > 0 ? [counted(failures, 'failure')] : []),
    ...(exceptions > 0 ? [counted(exceptions, 'exception')] : []),
  ];
}

const OUTCOMES: Readonly<
  Record<StepFacet['outcome'], { readonly word: string; readonly icon: IconName; readonly tone?: 'good' | 'caution' }>
> = {
  complete: { word: 'Complete', icon: 'good', tone: 'good' },
  skipped: { word: 'Skipped', icon: 'warning', tone: 'caution' },
  'under-way': { word: 'Not completed', icon: 'warning', tone: 'caution' },
  'not-begun': { word: 'Not begun', icon: 'none' },
};
