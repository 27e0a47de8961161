/** Home: what one can do, the ceremonies that are here, and the state of the room. */
import './home-screen.scss';
import { useState } from 'react';
import type { AppView, CeremonySummary } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { Panel } from '../../components/panel';
import { ScreenTitle } from '../../components/screen-title';
import { counted } from '../../components/words';
import { act } from '../../store';
import { CeremonyTable } from './ceremony-table';
import { GoOnPanel } from './go-on-panel';
import { RoomPanel } from './room-panel';

/** The home screen, from the view. */
export function HomeScreen({ view }: { readonly view: AppView }) {
  const [goingOn, setGoingOn] = useState<CeremonySummary | null>(null);

  const goOn = (ceremony: CeremonySummary) => {
    if (ceremony.mode === 'rehearsal') setGoingOn(ceremony);
    else if (ceremony.status === 'paused') {
      void act('ceremony.next-session', { ceremony: ceremony.ceremony, playing: { who: 'nobody' }, from: 'file' });
    } else void act('ceremony.resume', { ceremony: ceremony.ceremony, playing: { who: 'nobody' } });
  };

  return (
    <div className="home">
      <div className="home__work">
        <ScreenTitle lead="A plan is reviewed, bound to people, tokens and media, carried out step by step, and leaves an evidence bundle that anybody can verify.">
          Key ceremonies
        </ScreenTitle>
        <div className="home__actions">
          <ActionButton weight="primary" onAct={() => void act('plan.open-file', {})}>
            Open a plan file …
          </ActionButton>
          <ActionButton onAct={() => void act('verify.show', {})}>Verify a bundle …</ActionButton>
        </div>
        <Panel title="Ceremonies on this workstation" aside={counted(view.ceremonies.length, 'ceremony', 'ceremonies')}>
          <CeremonyTable ceremonies={view.ceremonies} onGoOn={goOn} />
          {goingOn === null ? null : (
            <GoOnPanel key={goingOn.ceremony} ceremony={goingOn} onCancel={() => setGoingOn(null)} />
          )}
          <p className="small quiet">
            Kept in <span className="mono breakable">{view.ceremoniesFolder}</span>
          </p>
        </Panel>
        <Panel title="Example plans">
          <ul className="home__examples">
            {view.examples.map((example) => (
              <li key={example.id}>
                <div>
                  <h3>{example.title}</h3>
                  <p className="quiet">{example.purpose}</p>
                </div>
                <ActionButton
                  small
                  label={`Review this example: ${example.title}`}
                  onAct={() => void act('plan.open-example', { id: example.id })}
                >
                  Review this example
                </ActionButton>
                <p className="small quiet">{counted(example.steps, 'step')}</p>
              </li>
            ))}
          </ul>
        </Panel>
      </div>
      <RoomPanel view={view} />
    </div>
  );
}
