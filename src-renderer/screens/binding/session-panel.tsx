/** The session that a binding is for: in what it differs from the one before the pause. */
import type { SessionView } from '../../../ipc/view';
import { Panel } from '../../components/panel';
import { Table } from '../../components/table';

const WHAT: Readonly<Record<SessionView['differs'][number]['what'], string>> = {
  person: 'Position',
  key: 'Key of',
  module: 'Module',
  unit: 'Crypto unit',
  'wrapping-parameters': 'Wrapping parameters',
  'key-store': 'Key store',
  medium: 'Medium',
  program: 'Program',
};

/** Every difference; a sentence when there is none. */
export function SessionPanel({ session: { differs } }: { readonly session: SessionView }) {
  return (
    <Panel title="What differs from the session before" aside="The approvers sign it as it stands here">
      {differs.length === 0 ? (
        <p>Nothing: the same people, modules, units, parameters and media.</p>
      ) : (
        <Table
          label="What differs from the session before"
          rows={differs}
          rowKey={({ what, name }) => `${what} ${name}`}
          columns={[
            {
              head: 'What',
              cell: ({ what, name }) => (
                <>
                  {WHAT[what]} <span className="mono">{name}</span>
                </>
              ),
            },
            { head: 'Before', cell: ({ before }) => <Bound words={before} /> },
            { head: 'Now', kind: 'wide', cell: ({ now }) => <Bound words={now} /> },
          ]}
        />
      )}
    </Panel>
  );
}

function Bound({ words }: { readonly words: string | null }) {
  return words === null ? 'None' : <span className="breakable">{words}</span>;
}
