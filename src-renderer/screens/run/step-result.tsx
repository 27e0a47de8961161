/** What the step before leaves: values to write down, objects to look through, and what was said while it went. */
import './step-result.scss';
import type { ReactNode } from 'react';
import type { ResultView } from '../../../ipc/view';
import { Hash, ReadAloud } from '../../components/hash';
import { Table } from '../../components/table';
import { counted } from '../../components/words';
import { NoticeList } from './step-words';

type Value = ResultView['values'][number];
type Inventory = ResultView['inventories'][number];

/** Whether people have something to look at before the next step begins, more than was said meanwhile. */
export function asksForALook(result: ResultView): boolean {
  return result.values.length > 0 || result.inventories.length > 0;
}

/** All of it. */
export function StepResult({ result }: { readonly result: ResultView }): ReactNode {
  return (
    <div className="run-result">
      {byOwner(result.values).map(({ about, members }) => (
        <section key={about} aria-label={about}>
          <h3>
            <bdi>{about}</bdi>
          </h3>
          <dl className="run-result__values">
            {members.map((value) => (
              <Row key={value.name} value={value} />
            ))}
          </dl>
        </section>
      ))}
      {result.inventories.map((inventory) => (
        <Objects key={inventory.unit} inventory={inventory} />
      ))}
      <NoticeList title="Said while it went" notices={result.notices} />
    </div>
  );
}

function Row({ value: { about, name, kind, value, words } }: { readonly value: Value }): ReactNode {
  return (
    <>
      <dt>{name}</dt>
      {kind === 'spoken' ? (
        <dd className="run-result__spoken">
          <ReadAloud label={`${name}, ${about}`} hex={value} words={words} />
        </dd>
      ) : (
        <dd>{kind === 'hex' ? <Hash hex={value} /> : <bdi className="run-result__text">{value || 'none'}</bdi>}</dd>
      )}
    </>
  );
}

function Objects({ inventory: { unit, objects, more } }: { readonly inventory: Inventory }): ReactNode {
  return (
    <section aria-label={`Objects on ${unit}`}>
      <h3>
        <bdi>{unit}</bdi>: {counted(objects.length + more, 'object')}
      </h3>
      {objects.length === 0 ? null : (
        <Table
          label={`Objects on ${unit}`}
          rows={objects.map((object, place) => ({ ...object, place }))}
          rowKey={({ place }) => String(place)}
          columns={[
            { head: 'Label', cell: ({ label }) => <bdi>{label || 'none'}</bdi> },
            { head: 'What it is', cell: ({ what }) => <bdi>{what}</bdi> },
            { head: 'Attributes that matter', kind: 'wide', cell: ({ attributes }) => attributes },
            {
              head: 'Check value',
              cell: ({ checkValue }) =>
                checkValue === null ? (
                  'none'
                ) : (
                  <>
                    <Hash hex={checkValue.value} /> {checkValue.algorithm}
                  </>
                ),
            },
          ]}
        />
      )}
      {more === 0 ? null : <p>{`${counted(more, 'more object')}, in the transcript`}</p>}
    </section>
  );
}

/** Values that belong to one thing, together, in their order. */
function byOwner(values: readonly Value[]): readonly { readonly about: string; readonly members: readonly Value[] }[] {
  const owners = [...new Set(values.map(({ about }) => about))];
  return owners.map((about) => ({ about, members: values.filter((value) => value.about === about) }));
}
