/** A binding before it is used: everything in it, and whether it is there now. */
import './binding-screen.scss';
import type { BindingView, PlanView, SessionView } from '../../../ipc/view';
import { ActionBar } from '../../components/action-bar';
import { ActionButton } from '../../components/action-button';
import { Fields } from '../../components/fields';
import { FindingsList } from '../../components/findings-list';
import { ReadAloud } from '../../components/hash';
import { Panel } from '../../components/panel';
import { ScreenTitle } from '../../components/screen-title';
import { counted } from '../../components/words';
import { act } from '../../store';
import { ApprovalsPanel } from './approvals-panel';
import { SessionPanel } from './session-panel';
import { KeyStoresTable, MediaTable, ModulesTable, ParametersTable, PeopleTable, UnitsTable } from './binding-tables';

/** The binding, and the way on. */
export function BindingMade({
  plan,
  binding,
  session,
}: {
  readonly plan: PlanView;
  readonly binding: BindingView;
  /** Null for the first session. */
  readonly session: SessionView | null;
}) {
  const room = binding.from === 'room';
  return (
    <>
      <ScreenTitle above={plan.title} lead="Compare each line with what is in the room before you begin.">
        {session === null
          ? `Binding for a ${binding.mode} ceremony`
          : `Binding for session ${String(session.number)} of a ${binding.mode} ceremony`}
      </ScreenTitle>
      <div className="binding__top">
        <Panel title="Hash of the binding" aside="The approvers sign it together with the hash of the plan">
          <ReadAloud label="Hash of the binding" hex={binding.sha256} words={binding.words} />
        </Panel>
        <div className="binding__beside">
          <Panel title="What the check finds">
            <FindingsList findings={binding.findings} none="Everything that the binding names is there" />
          </Panel>
          <Panel title="Where it comes from">
            <Fields
              fields={[
                {
                  name: room ? 'Made by' : 'File',
                  value: room ? (
                    'Keyrite, for this rehearsal; throw-away'
                  ) : (
                    <span className="mono">{binding.from}</span>
                  ),
                },
                { name: 'Ceremony', value: <span className="mono">{binding.ceremony}</span> },
                { name: 'Mode', value: binding.mode === 'rehearsal' ? 'Rehearsal' : 'Production' },
              ]}
            />
          </Panel>
        </div>
      </div>
      {session === null ? null : <SessionPanel session={session} />}
      <Panel title="People" aside={playedAside(binding)}>
        <PeopleTable people={binding.people} />
      </Panel>
      <ApprovalsPanel approvals={binding.approvals} />
      <Panel title="Modules">
        <ModulesTable modules={binding.modules} />
      </Panel>
      <Panel title="Crypto units">
        <UnitsTable units={binding.units} />
      </Panel>
      <Panel title="Media">
        <MediaTable media={binding.media} />
      </Panel>
      {binding.keyStores.length === 0 ? null : (
        <Panel title="Key stores">
          <KeyStoresTable keyStores={binding.keyStores} />
        </Panel>
      )}
      <Panel title="Wrapping parameters">
        <ParametersTable parameters={binding.parameters} />
      </Panel>
      <ActionBar>
        <ActionButton
          weight="primary"
          unavailable={binding.good ? null : 'The check of the binding finds an error'}
          onAct={() => void act('ceremony.begin', {})}
        >
          {session === null ? 'Begin the ceremony' : `Begin session ${String(session.number)}`}
          {someAreMissing(binding) ? ': approvals are signed first' : ''}
        </ActionButton>
        <ActionButton onAct={() => void act('binding.drop', {})}>
          {session === null ? 'Choose another binding' : 'Not now: back to home'}
        </ActionButton>
      </ActionBar>
    </>
  );
}

function someAreMissing({ approvals }: BindingView): boolean {
  return approvals.approvers.some(({ standing }) => standing === 'signs' || standing === 'cannot-sign');
}

function playedAside({ people, mode }: BindingView): string {
  const all = counted(people.length, 'person', 'people');
  if (mode === 'production') return all;
  const played = people.filter((person) => person.played).length;
  return played === people.length ? `${all}, all played by Keyrite` : `${all}, ${String(played)} played by Keyrite`;
}
