/** Two bundles row by row: steps, exceptions, and what stood for the plan's names. */
import type { ReactNode } from 'react';
import type { ComparisonView, StepRunView } from '../../../ipc/audit-view';
import { ActionButton } from '../../components/action-button';
import { StatusWord } from '../../components/status-word';
import { Table } from '../../components/table';
import { differencesOf, runWords } from './compared-words';

/** What the two bundles are called. */
interface Names {
  readonly a: string;
  readonly b: string;
}

/** Steps in the order in which they were begun. */
export function StepTable({
  steps,
  names,
  onlyDifferent,
  onGoTo,
}: {
  readonly steps: ComparisonView['steps'];
  readonly names: Names;
  readonly onlyDifferent: boolean;
  readonly onGoTo: (line: number) => void;
}): ReactNode {
  const all = steps.map((step) => ({ ...step, differences: differencesOf(step, names) }));
  const rows = onlyDifferent ? all.filter(({ differences }) => differences.length > 0) : all;
  if (rows.length === 0) return <p>No step differs in anything of note</p>;
  return (
    <Table
      label="Steps of both bundles"
      rows={rows}
      rowKey={({ id }) => id}
      columns={[
        {
          head: 'Step',
          cell: ({ id, title }) => (
            <>
              {title} <span className="audit-comparison__below mono">{id}</span>
            </>
          ),
        },
        { head: names.a, cell: ({ a }) => <Run run={a} onGoTo={onGoTo} /> },
        { head: names.b, cell: ({ b }) => <Run run={b} onGoTo={null} /> },
        {
          head: 'Differs in',
          cell: ({ differences }) =>
            differences.length === 0 ? (
              <span className="quiet">Nothing of note</span>
            ) : (
              <StatusWord tone="caution">{differences.join(', ')}</StatusWord>
            ),
        },
      ]}
    />
  );
}

function Run({
  run,
  onGoTo,
}: {
  readonly run: StepRunView | null;
  /** Null: its lines are of the bundle that is not open. */
  readonly onGoTo: ((line: number) => void) | null;
}): ReactNode {
  if (run === null) return <span className="quiet">Not begun</span>;
  const { first, last, by } = run;
  const lines = first === last ? `Line ${String(first)}` : `Lines ${String(first)} to ${String(last)}`;
  return (
    <>
      {runWords(run)}
      {by.length === 0 ? null : <span className="audit-comparison__below">{by.join(', ')}</span>}
      {onGoTo === null ? (
        <span className="audit-comparison__below">{lines}</span>
      ) : (
        <span className="audit-comparison__below">
          <ActionButton small weight="quiet" onAct={() => onGoTo(first)}>
            {lines}
          </ActionButton>
        </span>
      )}
    </>
  );
}

type Exception = ComparisonView['exceptions'][number];

/** Exceptions of both, those of one step and kind beside each other. */
export function ExceptionTable({
  exceptions,
  names,
  onGoTo,
}: {
  readonly exceptions: readonly Exception[];
  readonly names: Names;
  readonly onGoTo: (line: number) => void;
}): ReactNode {
  const rows = exceptions.map((exception, place) => ({ ...exception, place }));
  return (
    <Table
      label="Exceptions of both bundles"
      rows={rows}
      rowKey={({ place }) => String(place)}
      columns={[
        {
          head: 'Step',
          cell: ({ step, kind }) => (
            <>
              <span className="mono">{step ?? 'None'}</span> <span className="audit-comparison__below">{kind}</span>
            </>
          ),
        },
        { head: names.a, cell: ({ a }) => <Said exception={a} onGoTo={onGoTo} /> },
        { head: names.b, cell: ({ b }) => <Said exception={b} onGoTo={null} /> },
      ]}
    />
  );
}

function Said({
  exception,
  onGoTo,
}: {
  readonly exception: Exception['a'];
  readonly onGoTo: ((line: number) => void) | null;
}): ReactNode {
  if (exception === null) return <span className="quiet">None</span>;
  const { happened, decided, signers, line } = exception;
  return (
    <>
      <span className="breakable">{happened}</span>
      <span className="audit-comparison__below breakable">Decided: {decided}</span>
      <span className="audit-comparison__below">
        Signed by {signers.length === 0 ? 'nobody' : signers.join(', ')}
        {onGoTo === null ? `, line ${String(line)}` : null}
      </span>
      {onGoTo === null ? null : (
        <span className="audit-comparison__below">
          <ActionButton small weight="quiet" onAct={() => onGoTo(line)}>
            {`Line ${String(line)}`}
          </ActionButton>
        </span>
      )}
    </>
  );
}

const BOUND: Readonly<Record<string, string>> = {
  person: 'Position',
  key: 'Key of',
  module: 'Module',
  unit: 'Crypto unit',
  'wrapping-parameters': 'Wrapping parameters',
  'key-store': 'Key store',
  medium: 'Medium',
  program: 'Program',
};

/** What stood for a name of the plan in one and in the other. */
export function BindingTable({
  binding,
  names,
}: {
  readonly binding: ComparisonView['binding'];
  readonly names: Names;
}): ReactNode {
  const bound = (words: string | null): ReactNode =>
    words === null ? <span className="quiet">Nothing</span> : <span className="breakable">{words}</span>;
  return (
    <Table
      label="What stood for the plan’s names"
      rows={binding}
      rowKey={({ what, name }) => `${what} ${name}`}
      columns={[
        {
          head: 'Name',
          cell: ({ what, name }) => (
            <>
              {BOUND[what] ?? what} <span className="mono">{name}</span>
            </>
          ),
        },
        { head: names.a, cell: ({ a }) => bound(a) },
        { head: names.b, cell: ({ b }) => bound(b) },
      ]}
    />
  );
}
