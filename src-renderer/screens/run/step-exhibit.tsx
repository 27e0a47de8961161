/** What a step is about, where it is more than words: what pre-flight found, who has answered the roll call, and the set that patterns are compared with. */
import type { ReactNode } from 'react';
import type { RoomFinding, RunView, UnitView } from '../../../ipc/view';
import { Hash, ReadAloud } from '../../components/hash';
import { Icon } from '../../components/icon';
import { PersonRow } from './people-panel';
import { AT_WORK } from './run-words';

/** The exhibit of the present step; nothing for most. */
export function StepExhibit({ run }: { readonly run: RunView }): ReactNode {
  const action = run.present === null ? undefined : run.steps[run.present]?.action;
  if (action === 'preflight' && run.observations.length > 0) return <Findings findings={run.observations} />;
  if (action === 'roll-call') return <RollCall run={run} />;
  const atWork = run.units.filter((unit) => unit.atWork !== undefined);
  if (atWork.length > 1) return <WhoIsWhere units={atWork} />;
  if (run.set !== null && action !== undefined && WITH_SET.includes(action)) return <ShareSet set={run.set} />;
  return null;
}

/** One row for each unit that is worked on at once with others. */
function WhoIsWhere({ units }: { readonly units: readonly UnitView[] }): ReactNode {
  return (
    <table className="run-work">
      <caption>Units at work, those of different modules at the same time</caption>
      <thead>
        <tr>
          <th scope="col">Unit</th>
          <th scope="col">Module</th>
          <th scope="col">Now</th>
        </tr>
      </thead>
      <tbody>
        {units.map(({ id, name, module, atWork }) => (
          <tr key={id} data-at={atWork}>
            <th scope="row">
              <bdi>{name}</bdi>
            </th>
            <td>{module}</td>
            <td>{atWork === undefined ? '' : AT_WORK[atWork]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Steps in which the pattern of the set is compared with registers, or its id with worksheets. */
const WITH_SET: readonly string[] = [
  'shares.distribute',
  'shares.reshare',
  'master-key.load',
  'master-key.verify',
  'master-key.commit',
  'master-key.activate',
  'master-key.clear',
];

function ShareSet({ set: { set, pattern, words } }: { readonly set: NonNullable<RunView['set']> }): ReactNode {
  return (
    <section className="run-set" aria-label="The set of shares">
      <h3>
        Verification pattern of set <Hash hex={set} />
      </h3>
      <ReadAloud label="Verification pattern of the set" hex={pattern} words={words} />
    </section>
  );
}

/** Findings, those that ask for something first. */
function Findings({ findings }: { readonly findings: readonly RoomFinding[] }): ReactNode {
  const order = (finding: RoomFinding): number => (finding.ok === false ? 0 : finding.ok === true ? 1 : 2);
  const missing = findings.filter((finding) => finding.ok === false).length;
  return (
    <div className="run-findings">
      <h3>
        {missing === 0 ? 'The workstation is as it should be' : `${missing} of ${findings.length} findings need a look`}
      </h3>
      <ul>
        {findings
          .toSorted((left, right) => order(left) - order(right))
          .map((finding) => (
            <Finding key={finding.check} finding={finding} />
          ))}
      </ul>
    </div>
  );
}

function Finding({ finding }: { readonly finding: RoomFinding }): ReactNode {
  const [state, icon, word] =
    finding.ok === null
      ? (['none', 'none', 'Does not apply'] as const)
      : finding.ok
        ? (['good', 'good', 'Good'] as const)
        : (['bad', 'warning', 'Not as it should be'] as const);
  return (
    <li data-state={state}>
      <Icon name={icon} />
      <span>
        <strong>{finding.check}</strong>
        <span className="visually-hidden">{` ${word}:`}</span> {finding.found}
        {finding.remedy === '' ? null : <span className="run-findings__remedy">{finding.remedy}</span>}
      </span>
    </li>
  );
}

function RollCall({ run }: { readonly run: RunView }): ReactNode {
  const called = run.people.filter((person) => person.attends);
  return (
    <div className="run-rollcall">
      <h3>{`${called.filter((person) => person.present).length} of ${called.length} have proved presence`}</h3>
      <ul>
        {called.map((person) => (
          <PersonRow key={person.id} person={person} />
        ))}
      </ul>
    </div>
  );
}
