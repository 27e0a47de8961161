/** The ceremonies of this workstation's folder, and what can be done with each. */
import type { CeremonySummary } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { type Column, Table } from '../../components/table';
import { StatusWord } from '../../components/status-word';
import { utc } from '../../components/words';
import { act } from '../../store';

/** The table; one sentence when there is nothing to list. */
export function CeremonyTable({
  ceremonies,
  onGoOn,
}: {
  readonly ceremonies: readonly CeremonySummary[];
  readonly onGoOn: (ceremony: CeremonySummary) => void;
}) {
  if (ceremonies.length === 0) {
    return <p>No ceremony was held here yet. Review an example below, and rehearse it on throw-away tokens.</p>;
  }
  const columns: readonly Column<CeremonySummary>[] = [
    {
      head: 'Ceremony',
      cell: ({ title, ceremony, note }) => (
        <>
          <span className="home__title">{title}</span>
          <span className="home__below mono breakable">{ceremony}</span>
          {note === '' ? null : <span className="home__below">{note}</span>}
        </>
      ),
    },
    { head: 'Mode', cell: ({ mode }) => (mode === 'rehearsal' ? 'Rehearsal' : <strong>Production</strong>) },
    { head: 'Opened', cell: ({ opened }) => (opened === null ? 'Not yet' : <Opened at={opened} />) },
    { head: 'Lines', kind: 'number', cell: ({ lines }) => lines },
    { head: 'Status', cell: ({ status }) => <Status status={status} /> },
    { head: 'Actions', kind: 'action', cell: (ceremony) => <Actions ceremony={ceremony} onGoOn={onGoOn} /> },
  ];
  return (
    <Table
      label="Ceremonies on this workstation"
      columns={columns}
      rows={ceremonies}
      rowKey={({ ceremony }) => ceremony}
    />
  );
}

function Opened({ at }: { readonly at: string }) {
  const [date, ...time] = utc(at).split(' ');
  return (
    <span className="home__opened">
      {date} <span className="home__below">{time.join(' ')}</span>
    </span>
  );
}

function Status({ status }: Pick<CeremonySummary, 'status'>) {
  switch (status) {
    case 'closed':
      return <StatusWord tone="good">Sealed</StatusWord>;
    case 'open':
      return (
        <StatusWord tone="caution" icon="present">
          Not closed
        </StatusWord>
      );
    case 'paused':
      return (
        <StatusWord tone="caution" icon="waiting">
          Paused under seal
        </StatusWord>
      );
    case 'unreadable':
      return <StatusWord tone="bad">Unreadable</StatusWord>;
  }
}

function Actions({
  ceremony,
  onGoOn,
}: {
  readonly ceremony: CeremonySummary;
  readonly onGoOn: (ceremony: CeremonySummary) => void;
}) {
  return (
    <span className="home__row-actions">
      {ceremony.status !== 'open' && ceremony.status !== 'paused' ? null : (
        <ActionButton small label={`Go on with ${ceremony.ceremony}`} onAct={() => onGoOn(ceremony)}>
          Go on
        </ActionButton>
      )}
      {ceremony.status !== 'closed' ? null : (
        <ActionButton
          small
          weight="quiet"
          label={`Copy… the bundle of ${ceremony.ceremony}`}
          onAct={() => void act('ceremony.copy-bundle', { ceremony: ceremony.ceremony })}
        >
          Copy…
        </ActionButton>
      )}
      <ActionButton
        small
        weight="quiet"
        label={`Verify ${ceremony.ceremony}`}
        onAct={() => void act('verify.ceremony', { ceremony: ceremony.ceremony, planHash: null })}
      >
        Verify
      </ActionButton>
    </span>
  );
}
