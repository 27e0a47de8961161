/** The state of the room: what was looked at on this workstation, how it is, and what to do about it. */
import type { AppView, RoomFinding } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { OkWord, StatusWord } from '../../components/status-word';
import { counted } from '../../components/words';
import { act } from '../../store';

/** What is not well comes first. */
const order = ({ ok }: RoomFinding): number => (ok === false ? 0 : ok === true ? 1 : 2);

/** Beside the work, since it concerns all of it. */
export function RoomPanel({ view: { room, runtime } }: { readonly view: AppView }) {
  const bad = room.filter(({ ok }) => ok === false).length;
  const sorted = [...room].sort((one, other) => order(one) - order(other));
  return (
    <aside className="home__room" aria-labelledby="room">
      <h2 id="room">State of the room</h2>
      <Summary looked={room.length} bad={bad} />
      <ul className="home__findings">
        {sorted.map(({ check, ok, found, remedy }) => (
          <li key={check}>
            <div className="home__check">
              <h3>{check}</h3>
              <OkWord ok={ok} />
            </div>
            <p className="small breakable">{found}</p>
            {remedy === '' ? null : <p className="small quiet breakable">{remedy}</p>}
          </li>
        ))}
      </ul>
      <ActionButton small onAct={() => void act('room.look-again', {})}>
        Look again
      </ActionButton>
      <p className="small quiet">
        Electron {runtime.electron}, Chromium {runtime.chrome}, Node {runtime.node},{' '}
        {runtime.packaged ? 'packaged' : 'run from a checkout'}
      </p>
    </aside>
  );
}

/** What is not there was not looked at, and is not called good. */
function Summary({ looked, bad }: { readonly looked: number; readonly bad: number }) {
  if (looked === 0) return <StatusWord tone="caution">Not looked at yet</StatusWord>;
  if (bad > 0) return <StatusWord tone="bad">{`${counted(bad, 'check')} not OK`}</StatusWord>;
  return <StatusWord tone="good">Nothing found against a ceremony</StatusWord>;
}
