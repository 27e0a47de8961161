/** What a binding names, as tables: an expert compares them line by line. */
import type { BindingView } from '../../../ipc/view';
import { Hash } from '../../components/hash';
import { OkWord } from '../../components/status-word';
import { Table } from '../../components/table';
import { roleWord, utc } from '../../components/words';

/** People, their keys, and where these are. */
export function PeopleTable({ people }: Pick<BindingView, 'people'>) {
  return (
    <Table
      label="People of the binding"
      rows={people}
      rowKey={({ id }) => id}
      columns={[
        {
          head: 'Person',
          cell: ({ id, name }) => (
            <>
              {name} <span className="binding__below mono">{id}</span>
            </>
          ),
        },
        { head: 'Role', cell: ({ role }) => roleWord(role) },
        {
          head: 'Here',
          cell: ({ played }) => (played ? 'Played by Keyrite' : 'In person'),
        },
        {
          head: 'Key, SHA-256',
          cell: ({ key, algorithm }) => (
            <>
              <Hash hex={key} /> <span className="binding__below">{algorithm}</span>
            </>
          ),
        },
        {
          head: 'Held in',
          cell: ({ holder, token }) =>
            holder === 'file' ? (
              'A key file, which can be copied'
            ) : (
              <>
                Token <span className="mono">{token ?? 'not named'}</span>
              </>
            ),
        },
      ]}
    />
  );
}

/** PKCS#11 modules with their hashes. */
export function ModulesTable({ modules }: Pick<BindingView, 'modules'>) {
  return (
    <Table
      label="PKCS#11 modules"
      rows={modules}
      rowKey={({ id }) => id}
      columns={[
        { head: 'Module', cell: ({ id }) => <span className="mono">{id}</span> },
        {
          head: 'File and SHA-256',
          kind: 'wide',
          cell: ({ path, sha256 }) => (
            <>
              <span className="mono breakable">{path}</span>{' '}
              <span className="binding__below">
                <Hash hex={sha256} />
              </span>
            </>
          ),
        },
        { head: 'Check', cell: ({ ok }) => <OkWord ok={ok} /> },
        { head: 'Found', cell: ({ state }) => state },
      ]}
    />
  );
}

/** Crypto units, their tokens, and their last known state. */
export function UnitsTable({ units }: Pick<BindingView, 'units'>) {
  return (
    <Table
      label="Crypto units of the binding"
      rows={units}
      rowKey={({ id }) => id}
      columns={[
        {
          head: 'Unit',
          cell: ({ id, name }) => (
            <>
              {name} <span className="binding__below mono">{id}</span>
            </>
          ),
        },
        { head: 'Module', cell: ({ module }) => <span className="mono">{module}</span> },
        { head: 'Token', cell: ({ token }) => <span className="mono">{token}</span> },
        {
          head: 'Last known state',
          kind: 'wide',
          cell: ({ lastKnown }) => (lastKnown === null ? 'None: the unit is new' : <Hash hex={lastKnown} />),
        },
      ]}
    />
  );
}

/** Media for what is exported. */
export function MediaTable({ media }: Pick<BindingView, 'media'>) {
  if (media.length === 0) return <p>The plan exports to no medium; the evidence bundle stays on this workstation.</p>;
  return (
    <Table
      label="Media"
      rows={media}
      rowKey={({ id }) => id}
      columns={[
        { head: 'Medium', cell: ({ id }) => <span className="mono">{id}</span> },
        { head: 'Path', kind: 'wide', cell: ({ path }) => <span className="mono breakable">{path}</span> },
        { head: 'Check', cell: ({ ok }) => <OkWord ok={ok} /> },
        { head: 'Found', cell: ({ state }) => state },
      ]}
    />
  );
}

/** Key stores: where their folders are, and how many keys are in them under which master key. */
export function KeyStoresTable({ keyStores }: Pick<BindingView, 'keyStores'>) {
  return (
    <Table
      label="Key stores"
      rows={keyStores}
      rowKey={({ id }) => id}
      columns={[
        {
          head: 'Store',
          cell: ({ id, name }) => (
            <>
              {name} <span className="binding__below mono">{id}</span>
            </>
          ),
        },
        { head: 'Path', kind: 'wide', cell: ({ path }) => <span className="mono breakable">{path}</span> },
        { head: 'Found', cell: ({ state }) => state },
      ]}
    />
  );
}

/** Wrapping parameters: for which service, with which fingerprint, until when. */
export function ParametersTable({ parameters }: Pick<BindingView, 'parameters'>) {
  if (parameters.length === 0) return <p>The plan wraps no key.</p>;
  return (
    <Table
      label="Wrapping parameters"
      rows={parameters}
      rowKey={({ id }) => id}
      columns={[
        { head: 'Name', cell: ({ id }) => <span className="mono">{id}</span> },
        { head: 'Service', cell: ({ target }) => <span className="mono">{target}</span> },
        {
          head: 'File, and words of the wrapping key',
          kind: 'wide',
          cell: ({ file, words }) => (
            <>
              <span className="mono breakable">{file}</span> <span className="binding__below">{words}</span>
            </>
          ),
        },
        { head: 'Expires', cell: ({ expires }) => (expires.includes('T') ? utc(expires) : expires) },
      ]}
    />
  );
}
