/** What does not hold in a bundle, and what it lacks: each with the file and the line, and a way to the line. */
import type { VerifyView } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { Panel } from '../../components/panel';
import { Table } from '../../components/table';
import { counted } from '../../components/words';

type Finding = VerifyView['findings'][number];

/** The findings; nothing when there are none, since the verdict says so. */
export function VerifyFindings({
  report: { findings, findingsInAll, missing, missingInAll },
  onGoTo,
}: {
  readonly report: VerifyView;
  readonly onGoTo: (line: number) => void;
}) {
  return (
    <>
      <Listed title="Findings" noun="finding" findings={findings} inAll={findingsInAll} onGoTo={onGoTo} />
      <Listed title="What is missing" noun="thing" findings={missing} inAll={missingInAll} onGoTo={onGoTo} />
    </>
  );
}

function Listed({
  title,
  noun,
  findings,
  inAll,
  onGoTo,
}: {
  readonly title: string;
  readonly noun: string;
  readonly findings: readonly Finding[];
  readonly inAll: number;
  readonly onGoTo: (line: number) => void;
}) {
  if (findings.length === 0) return null;
  const left = inAll - findings.length;
  return (
    <Panel title={title} aside={counted(inAll, noun)}>
      <FindingTable label={title} findings={findings} onGoTo={onGoTo} />
      {left > 0 ? (
        <p className="quiet">
          The first {findings.length} are listed; of the other {left}, those about lines stand with their lines in the
          transcript
        </p>
      ) : null}
    </Panel>
  );
}

function FindingTable({
  label,
  findings,
  onGoTo,
}: {
  readonly label: string;
  readonly findings: readonly Finding[];
  readonly onGoTo: (line: number) => void;
}) {
  const rows = findings.map((finding, place) => ({ ...finding, place }));
  return (
    <Table
      label={label}
      rows={rows}
      rowKey={({ place }) => String(place)}
      columns={[
        { head: 'Where', cell: ({ where }) => <span className="verify__where mono breakable">{where}</span> },
        { head: 'Line', kind: 'number', cell: ({ line }) => line ?? '–' },
        { head: 'Why', kind: 'wide', cell: ({ reason }) => <span className="breakable">{reason}</span> },
        {
          head: 'Ways',
          kind: 'action',
          cell: ({ line, leadsTo, where }) =>
            leadsTo === null ? null : (
              <ActionButton
                small
                weight="quiet"
                label={line === null ? `Named in line ${String(leadsTo)}: ${where}` : `Go to line ${String(leadsTo)}`}
                onAct={() => onGoTo(leadsTo)}
              >
                {line === null ? `Named in line ${String(leadsTo)}` : `Go to line ${String(leadsTo)}`}
              </ActionButton>
            ),
        },
      ]}
    />
  );
}
