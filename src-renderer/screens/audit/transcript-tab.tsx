/** The transcript to be walked through: what to walk by on the left, lines in the middle, the chosen line on the right. */
import type { ReactNode } from 'react';
import type { AuditView, LineFilter } from '../../../ipc/audit-view';
import { FacetList } from './facet-list';
import { LineList } from './line-list';
import { LINE_PANE, LinePane } from './line-pane';
import { grouped } from './numbers';
import { SearchForm } from './search-form';
import { useLineDetail, type Walk, type Ways } from './use-walk';

/** The three parts. */
export function TranscriptTab({
  audit,
  walk,
  ways,
  shown,
}: {
  readonly audit: AuditView;
  readonly walk: Walk;
  readonly ways: Ways;
  /** False while another part of the screen is shown. */
  readonly shown: boolean;
}): ReactNode {
  const detail = useLineDetail(audit.bundle, walk.line);
  const label = filterWords(walk.filter, audit);
  return (
    <div className="audit-walk">
      <section className="audit-region" aria-label="What to walk by">
        <FacetList audit={audit} chosen={walk.filter} shown={shown} onChoose={ways.choose} />
      </section>
      <section className="audit-region" aria-labelledby="audit-lines-title">
        <header className="audit-region__head">
          <h2 id="audit-lines-title">{label}</h2>
          <SearchForm audit={audit} onFound={() => ways.choose({ by: 'search' })} />
          {audit.beyond ? (
            <p className="quiet">Only the first {grouped(audit.lines)} lines can be walked through here</p>
          ) : null}
        </header>
        <LineList
          label={label}
          walk={walk}
          ways={ways}
          shown={shown}
          last={Math.max(0, audit.lines - 1)}
          onOpen={() => document.getElementById(LINE_PANE)?.focus()}
        />
      </section>
      <LinePane bundle={audit.bundle} detail={detail} onGoTo={ways.goTo} />
    </div>
  );
}

function filterWords(filter: LineFilter, { steps, people, units, search }: AuditView): string {
  switch (filter.by) {
    case 'all':
      return 'All lines';
    case 'findings':
      return 'Lines with findings';
    case 'exceptions':
      return 'Exceptions';
    case 'failures':
      return 'Failures and interruptions';
    case 'checkpoints':
      return 'Checkpoints';
    case 'search':
      return `Lines with “${search?.text ?? ''}”`;
    case 'step':
      return `Step: ${steps.find(({ id }) => id === filter.id)?.title ?? filter.id}`;
    case 'person':
      return people.find(({ id }) => id === filter.id)?.name ?? filter.id;
    case 'unit':
      return units.find(({ id }) => id === filter.id)?.name ?? filter.id;
  }
}
