/** Who is in the room, who must act now, who has confirmed, whether the quorum is there, and exceptions that wait. */
import './people-panel.scss';
import { useRef, useState, type ReactNode } from 'react';
import type { PersonView, RunView } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { Icon } from '../../components/icon';
import { counted, roleWord } from '../../components/words';
import { useKeptInSight } from './keep-in-sight';
import { PeopleDialog } from './people-dialog';
import { EXCEPTION_KIND, presenceWords } from './run-words';

/** People, quorum and exceptions, on the right of the run screen. */
export function PeoplePanel({ run }: { readonly run: RunView }): ReactNode {
  const here = run.people.filter((person) => person.attends);
  const beforehand = run.people.filter((person) => !person.attends);
  const present = here.filter((person) => person.present).length;
  const asked = here.filter((person) => person.asked).map((person) => person.id);
  const box = useRef<HTMLDivElement>(null);
  useKeptInSight(box, '[data-state="asked"]', asked.join());
  return (
    <section className="run-region run-people" aria-labelledby="run-people-title">
      <header className="run-region__head">
        <h2 id="run-people-title">People</h2>
        <p>{`${present} of ${here.length} present`}</p>
      </header>
      <div ref={box} className="run-scroll" role="group" aria-labelledby="run-people-title" tabIndex={0}>
        <Changes run={run} />
        <ul className="run-people__list">
          {here.map((person) => (
            <PersonRow key={person.id} person={person} />
          ))}
        </ul>
        {beforehand.length === 0 ? null : (
          <p className="run-people__note">
            {`Not in the room: ${beforehand.map((person) => `${person.name} (${person.roles.map(roleWord).join(', ')})`).join(', ')}`}
          </p>
        )}
        <Exceptions run={run} />
      </div>
      {run.task.kind === 'ended' ? null : <Way run={run} />}
      <div className="run-quorum">
        <h3>Quorum for the last record</h3>
        <ul>
          {run.quorum.map(({ role, count, present: there }) => (
            <li key={role} data-enough={there >= count}>
              <Icon name={there >= count ? 'good' : 'waiting'} />
              <span>{`${count} × ${roleWord(role)}`}</span>
              <span className="run-quorum__there">{`${there} present`}</span>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}

const STATE_ICON = { confirmed: 'good', asked: 'present', present: 'good', absent: 'waiting' } as const;

/** One person: icon, name, position and roles, and where they stand. */
export function PersonRow({ person }: { readonly person: PersonView }): ReactNode {
  const state = person.confirmed ? 'confirmed' : person.asked ? 'asked' : person.present ? 'present' : 'absent';
  return (
    <li className="run-person" data-state={state}>
      <Icon name={STATE_ICON[state]} />
      <span className="run-person__name">
        <bdi>{person.name}</bdi>
        {person.played ? <span className="run-mark run-person__played">Played</span> : null}
      </span>
      <span className="run-person__role">{person.roles.map(roleWord).join(', ')}</span>
      <span className="run-person__state">{presenceWords(person)}</span>
    </li>
  );
}

/** Saying that somebody comes or goes, at any moment. */
function Way({ run }: { readonly run: RunView }): ReactNode {
  const [saying, setSaying] = useState(false);
  return (
    <div className="run-people__way">
      <ActionButton weight="quiet" small onAct={() => setSaying(true)}>
        Somebody comes or goes
      </ActionButton>
      {run.changes.length === 0 ? null : (
        <p>
          <Icon name="note" /> {`${counted(run.changes.length, 'waits', 'wait')} for the next safe point`}
        </p>
      )}
      <PeopleDialog run={run} open={saying} onClose={() => setSaying(false)} />
    </div>
  );
}

/** What was said of people, and waits for the next safe point. */
function Changes({ run: { changes } }: { readonly run: RunView }): ReactNode {
  if (changes.length === 0) return null;
  return (
    <div className="run-exceptions">
      <h3>Said, and not on record yet</h3>
      <ul>
        {changes.map(({ text }, place) => (
          <li key={place}>{text}</li>
        ))}
      </ul>
    </div>
  );
}

function Exceptions({ run }: { readonly run: RunView }): ReactNode {
  const { recorded, waiting } = run.exceptions;
  if (recorded === 0 && waiting.length === 0) return null;
  const titles = new Map(run.steps.map((step, index) => [step.id, `Step ${index + 1}, ${step.title}`]));
  return (
    <div className="run-exceptions">
      <h3>Exceptions</h3>
      {recorded === 0 ? null : <p>{counted(recorded, 'exception is on record', 'exceptions are on record')}</p>}
      {waiting.length === 0 ? null : (
        <>
          <p>{`${counted(waiting.length, 'waits', 'wait')} for two signatures, at the next safe point`}</p>
          <ul>
            {waiting.map((one, place) => (
              <li key={place}>
                <strong>{EXCEPTION_KIND[one.kind]}</strong>
                <span>{titles.get(one.step) ?? one.step}</span>
                <span>{one.happened}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
