/** What the bundle says it is: to be compared, not to be believed. */
import type { VerifyView } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { Fields } from '../../components/fields';
import { Hash, ReadAloud } from '../../components/hash';
import { Panel } from '../../components/panel';
import { Table } from '../../components/table';
import { counted, roleWord, utc } from '../../components/words';

type Summary = NonNullable<VerifyView['summary']>;

/** Root, plan, checkpoints and people of the bundle. */
export function BundleSummary({
  report: { folder, summary, verdict },
  onGoTo,
}: {
  readonly report: VerifyView;
  readonly onGoTo: (line: number) => void;
}) {
  if (summary === null) {
    return (
      <Panel title="The bundle">
        <p>
          What is in <span className="mono breakable">{folder}</span> could not be read as a bundle.
        </p>
      </Panel>
    );
  }
  const { title, ceremony, mode, outcome, lines, planHash, planHashWords, root, rootWords, signers, roster } = summary;
  const isRefused = verdict === 'refused';
  return (
    <>
      <Panel
        title="Root of the transcript"
        aside={isRefused ? 'As the bundle has it; the bundle is refused' : 'Compare it with what people wrote down'}
      >
        <ReadAloud label="Root of the transcript" hex={root} words={rootWords} />
      </Panel>
      <Panel
        title="Hash of the plan"
        aside={isRefused ? 'As the bundle has it; the bundle is refused' : 'Compare it with the printed script'}
      >
        <ReadAloud label="Hash of the plan" hex={planHash} words={planHashWords} />
      </Panel>
      <Panel title="The bundle" aside="In its own words">
        <Fields
          fields={[
            { name: 'Title', value: title },
            { name: 'Ceremony', value: <span className="mono">{ceremony}</span> },
            { name: 'Mode', value: mode === 'rehearsal' ? 'Rehearsal' : 'Production' },
            { name: 'Outcome', value: outcome === null ? 'Not closed' : OUTCOMES[outcome] },
            { name: 'Transcript', value: counted(lines, 'line') },
            { name: 'Signed at the end', value: signers.length === 0 ? 'By nobody' : signers.join(', ') },
            { name: 'Folder', value: <span className="mono">{folder}</span> },
          ]}
        />
        <Table
          label="Roster of the bundle"
          rows={roster}
          rowKey={({ id }) => id}
          columns={[
            { head: 'Person', cell: ({ name }) => name },
            { head: 'Id', cell: ({ id }) => <span className="mono">{id}</span> },
            { head: 'Roles', kind: 'wide', cell: ({ roles }) => roles.map(roleWord).join(', ') },
          ]}
        />
      </Panel>
      <Checkpoints summary={summary} onGoTo={onGoTo} />
      <AfterTheClose summary={summary} />
    </>
  );
}

const OUTCOMES = { completed: 'Completed', abandoned: 'Abandoned' } as const;

function Checkpoints({
  summary: { checkpoints, cosigners },
  onGoTo,
}: {
  readonly summary: Summary;
  readonly onGoTo: (line: number) => void;
}) {
  if (checkpoints.length === 0) return null;
  return (
    <Panel title="Checkpoints" aside="What people signed">
      <Table
        label="Checkpoints"
        rows={checkpoints}
        rowKey={({ number }) => String(number)}
        columns={[
          { head: 'Number', cell: ({ number, final }) => `${String(number)}${final ? ', the last' : ''}` },
          { head: 'Lines', kind: 'number', cell: ({ size }) => size },
          { head: 'Root', cell: ({ root }) => <Hash hex={root} /> },
          {
            head: 'Signed by',
            kind: 'wide',
            cell: ({ signers }) => (signers.length === 0 ? 'Nobody' : signers.join(', ')),
          },
          {
            head: 'Ways',
            kind: 'action',
            cell: ({ number, size, final }) =>
              final ? null : (
                <ActionButton
                  small
                  weight="quiet"
                  label={`Line ${String(size)}, which announces checkpoint ${String(number)}`}
                  onAct={() => onGoTo(size)}
                >
                  {`Line ${String(size)}`}
                </ActionButton>
              ),
          },
        ]}
      />
      <p>
        {cosigners.length === 0
          ? 'Nobody is on record as having recomputed the root on a station of their own: all relied on the operator’s screen'
          : `Recomputed on a station of their own: ${cosigners.map(({ name, at, verdict }) => `${name}, ${utc(at)}, ${verdict}`).join('; ')}. Everybody else relied on the operator’s screen`}
      </p>
    </Panel>
  );
}

/** Addenda and timestamps; nothing when there are none. */
function AfterTheClose({ summary: { addenda, timestamps } }: { readonly summary: Summary }) {
  if (addenda.length === 0) return null;
  return (
    <Panel title="After the close" aside={counted(addenda.length, 'addendum', 'addenda')}>
      <Table
        label="Addenda"
        rows={addenda}
        rowKey={({ number }) => String(number)}
        columns={[
          { head: 'Number', cell: ({ number }) => number },
          { head: 'Time', cell: ({ at }) => utc(at) },
          { head: 'Why', kind: 'wide', cell: ({ reason }) => <span className="breakable">{reason}</span> },
          {
            head: 'Signed by',
            cell: ({ signers }) => (signers.length === 0 ? 'Nobody' : signers.join(', ')),
          },
        ]}
      />
      {timestamps.map(({ file, genTime }) => (
        <p key={file}>
          Timestamp {generalizedWords(genTime)} over the last checkpoint, in <span className="mono">{file}</span>. Whose
          it is can be checked with <span className="mono">openssl ts -verify</span>
        </p>
      ))}
    </Panel>
  );
}

/** GeneralizedTime such as `20261124025237Z` as `2026-11-24 02:52:37 UTC`; anything else as it stands. */
function generalizedWords(time: string): string {
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(time);
  if (found === null) return time;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] = found;
  return `${year}-${month}-${day} ${hour}:${minute}:${second} UTC`;
}
