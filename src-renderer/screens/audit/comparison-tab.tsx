/** The open bundle beside another one: a rehearsal and the production after it, or before and after. */
import { type ReactNode, useState } from 'react';
import { Checkbox, Select, SelectItem } from '../../components/carbon';
import type { ComparedView, ComparisonView } from '../../../ipc/audit-view';
import type { CeremonySummary, VerifyView } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { Fields } from '../../components/fields';
import { Hash } from '../../components/hash';
import { Panel } from '../../components/panel';
import { StatusWord } from '../../components/status-word';
import { utc } from '../../components/words';
import { act, ask } from '../../store';
import { VERDICTS } from '../verify/verdict-words';
import { namesOf, tookWords } from './compared-words';
import { BindingTable, ExceptionTable, StepTable } from './comparison-tables';
import { grouped } from './numbers';

/** The comparison, and the choice of what to compare with. */
export function ComparisonTab({
  comparison,
  report,
  ceremonies,
  onGoTo,
}: {
  readonly comparison: ComparisonView | null;
  readonly report: VerifyView;
  readonly ceremonies: readonly CeremonySummary[];
  readonly onGoTo: (line: number) => void;
}): ReactNode {
  return (
    <div className="audit-comparison">
      <Choice comparison={comparison} others={ceremonies.filter(({ folder }) => folder !== report.folder)} />
      {comparison === null ? null : <Compared comparison={comparison} onGoTo={onGoTo} />}
    </div>
  );
}

function Choice({
  comparison,
  others,
}: {
  readonly comparison: ComparisonView | null;
  readonly others: readonly CeremonySummary[];
}): ReactNode {
  const readable = others.filter(({ status }) => status !== 'unreadable');
  const [chosen, setChosen] = useState(readable[0]?.ceremony ?? '');
  return (
    <Panel title="Compare with another bundle">
      <p className="quiet">
        Steps, attempts, times, exceptions and what stood for the plan’s names are put side by side. The other bundle is
        verified too; nothing in either is changed.
      </p>
      <div className="audit-comparison__ways">
        {readable.length === 0 ? null : (
          <>
            <Select
              id="audit-compare-with"
              labelText="Ceremony on this workstation"
              size="md"
              value={chosen}
              onChange={(event) => setChosen(event.target.value)}
            >
              {readable.map(({ ceremony, mode }) => (
                <SelectItem
                  key={ceremony}
                  value={ceremony}
                  text={`${ceremony}, ${mode === 'rehearsal' ? 'rehearsal' : 'production'}`}
                />
              ))}
            </Select>
            <ActionButton onAct={() => act('audit.compare-ceremony', { ceremony: chosen })}>
              Compare with this one
            </ActionButton>
          </>
        )}
        <ActionButton onAct={() => ask('audit.compare-folder', {})}>Choose the folder of a bundle …</ActionButton>
        {comparison === null ? null : (
          <ActionButton weight="quiet" onAct={() => act('audit.drop-comparison', {})}>
            Put the comparison away
          </ActionButton>
        )}
      </div>
    </Panel>
  );
}

function Compared({
  comparison,
  onGoTo,
}: {
  readonly comparison: ComparisonView;
  readonly onGoTo: (line: number) => void;
}): ReactNode {
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  const names = namesOf(comparison);
  const { a, b, samePlan, sameOrder, steps, exceptions, moreExceptions, binding } = comparison;
  return (
    <>
      <div className="audit-comparison__sides">
        <Side name={names.a} side={a} />
        <Side name={names.b} side={b} />
      </div>
      <Panel title="At a glance">
        <ul className="audit-plain audit-comparison__glance">
          <li>
            {samePlan ? (
              <StatusWord tone="good">The same plan, by its hash</StatusWord>
            ) : (
              <StatusWord tone="bad">Two different plans</StatusWord>
            )}
          </li>
          <li>
            {sameOrder ? (
              <StatusWord tone="good">The same steps in the same order</StatusWord>
            ) : (
              <StatusWord tone="caution">Steps missing, further steps, or another order</StatusWord>
            )}
          </li>
          <li>
            <StatusWord tone={exceptions.length === 0 ? 'good' : 'caution'}>
              {exceptions.length === 0
                ? 'No exceptions in either'
                : `Exceptions in one or both: ${String(exceptions.length)}`}
            </StatusWord>
          </li>
          <li>
            <StatusWord tone="quiet" icon="note">
              {binding.length === 0
                ? 'The same people, keys, modules, units and media'
                : `Bound otherwise in ${String(binding.length)} places`}
            </StatusWord>
          </li>
        </ul>
      </Panel>
      <Panel
        title="Steps"
        aside={
          <Checkbox
            id="audit-only-different"
            labelText="Only what differs"
            checked={onlyDifferent}
            onChange={(_event, { checked }) => setOnlyDifferent(checked)}
          />
        }
      >
        <StepTable steps={steps} names={names} onlyDifferent={onlyDifferent} onGoTo={onGoTo} />
      </Panel>
      {exceptions.length === 0 ? null : (
        <Panel title="Exceptions">
          <ExceptionTable exceptions={exceptions} names={names} onGoTo={onGoTo} />
          {moreExceptions ? <p className="quiet">There are more than are listed here</p> : null}
        </Panel>
      )}
      {binding.length === 0 ? null : (
        <Panel title="What stood for the plan’s names" aside="Only what differs">
          <BindingTable binding={binding} names={names} />
        </Panel>
      )}
    </>
  );
}

function Side({ name, side }: { readonly name: string; readonly side: ComparedView }): ReactNode {
  const { verdict, findings, title, mode, ceremony, outcome, began, lines, planHash, folder } = side;
  const { word, tone, icon } = VERDICTS[verdict];
  return (
    <Panel
      title={name}
      aside={
        <StatusWord tone={tone} icon={icon}>
          {findings === 0 ? word : `${word}: ${String(findings)} ${findings === 1 ? 'finding' : 'findings'}`}
        </StatusWord>
      }
    >
      <Fields
        fields={[
          { name: 'Title', value: title },
          { name: 'Ceremony', value: <span className="mono breakable">{ceremony}</span> },
          { name: 'Mode', value: mode === 'rehearsal' ? 'Rehearsal' : 'Production' },
          {
            name: 'Outcome',
            value: outcome === null ? 'Not closed' : outcome === 'completed' ? 'Completed' : 'Abandoned',
          },
          { name: 'Opened', value: utc(began) },
          { name: 'Took', value: tookWords(side) },
          { name: 'Lines', value: grouped(lines) },
          { name: 'Hash of the plan', value: <Hash hex={planHash} /> },
          { name: 'Folder', value: <span className="mono breakable">{folder}</span> },
        ]}
      />
    </Panel>
  );
}
