/** Two ways to a binding: throw-away tokens for a rehearsal, or a file. */
import './binding-screen.scss';
import { useState } from 'react';
import type { PersonChoice, PlanView } from '../../../ipc/view';
import { ActionBar } from '../../components/action-bar';
import { ActionButton } from '../../components/action-button';
import { Panel } from '../../components/panel';
import { NOTHING_CHOSEN, PlayingChoice, playingOf } from '../../components/playing-choice';
import { ScreenTitle } from '../../components/screen-title';
import { act } from '../../store';
import { NameFields, nameProblem } from './name-fields';
import { ParametersChoice } from './parameters-choice';

/** The choice. What is typed here stays here until it is used. */
export function BindingChoice({
  plan,
  people,
  parametersFile,
}: {
  readonly plan: PlanView;
  readonly people: readonly PersonChoice[];
  readonly parametersFile: string | null;
}) {
  const [draft, setDraft] = useState(NOTHING_CHOSEN);
  const [names, setNames] = useState<Readonly<Record<string, string>>>({});
  const playing = playingOf(draft);
  const changed = Object.fromEntries(
    people.flatMap(({ id, name }) => {
      const typed = names[id]?.trim();
      return typed === undefined || typed === name ? [] : [[id, typed]];
    }),
  );
  const wrongName = people.some(({ id, name }) => nameProblem(names[id] ?? name) !== null);
  const missing =
    playing === null
      ? 'Choose at least one person who you are'
      : wrongName
        ? 'Each person needs a name of 1 to 200 characters'
        : null;

  return (
    <>
      <ScreenTitle
        above={plan.title}
        lead="The plan names positions, units and media. The binding says what stands for each of them on the day. Choose one of two ways."
      >
        Binding
      </ScreenTitle>
      <div className="binding__ways">
        <Panel title="Rehearsal on throw-away tokens">
          <p>
            Keyrite makes tokens and keys of its own, and touches no other token. What is made can never pass as
            production, and is removed at the end, but for the evidence bundle.
          </p>
          <PlayingChoice people={people} draft={draft} onChange={setDraft} />
          <NameFields people={people} names={names} onChange={(id, name) => setNames({ ...names, [id]: name })} />
          <ParametersChoice file={parametersFile} />
          <div>
            <ActionButton
              weight="primary"
              unavailable={missing}
              onAct={() => playing !== null && act('binding.make-rehearsal', { playing, names: changed })}
            >
              Make the throw-away tokens
            </ActionButton>
          </div>
        </Panel>
        <Panel title="Binding file">
          <p>
            A file <span className="mono">*.binding.yaml</span> names the people with their keys, the modules with their
            hashes, the tokens and the media. It says itself whether it is for a rehearsal or for production.
          </p>
          <div>
            <ActionButton onAct={() => void act('binding.open-file', {})}>Open a binding file …</ActionButton>
          </div>
        </Panel>
      </div>
      <ActionBar>
        <ActionButton weight="quiet" onAct={() => void act('home.show', {})}>
          Back home
        </ActionButton>
      </ActionBar>
    </>
  );
}
