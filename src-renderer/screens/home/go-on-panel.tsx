/** Before a rehearsal goes on: who is played from here, and after a pause which binding it goes on with. */
import { useEffect, useId, useRef, useState } from 'react';
import type { CeremonySummary, Playing } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { RadioButton, RadioButtonGroup } from '../../components/carbon';
import { NOTHING_CHOSEN, PlayingChoice, playingOf } from '../../components/playing-choice';
import { act } from '../../store';

const FROM = ['room', 'file'] as const;
const FROM_WORDS = {
  room: 'Keyrite makes it from the rehearsal’s room: the same people, the unit as the pause left it',
  file: 'A binding file',
} as const;

/** Asks who is played, and of a paused ceremony where its next binding comes from; its heading takes the focus, and cancelling gives it back. */
export function GoOnPanel({
  ceremony,
  onCancel,
}: {
  readonly ceremony: CeremonySummary;
  readonly onCancel: () => void;
}) {
  const [draft, setDraft] = useState(NOTHING_CHOSEN);
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef<Element | null>(null);
  useEffect(() => {
    before.current = document.activeElement;
    heading.current?.focus();
  }, []);
  const id = useId();
  const paused = ceremony.status === 'paused';
  const [from, setFrom] = useState<(typeof FROM)[number]>(ceremony.room === true ? 'room' : 'file');
  const playing = playingOf(draft);
  const goOn = (chosen: Playing) =>
    paused
      ? act('ceremony.next-session', { ceremony: ceremony.ceremony, playing: chosen, from })
      : act('ceremony.resume', { ceremony: ceremony.ceremony, playing: chosen });
  const cancel = () => {
    if (before.current instanceof HTMLElement) before.current.focus();
    onCancel();
  };
  return (
    <section className="home__go-on" aria-labelledby="go-on">
      <h2 id="go-on" ref={heading} tabIndex={-1}>
        Go on with the rehearsal {ceremony.title}
      </h2>
      {paused ? (
        <RadioButtonGroup
          legendText="Binding of the next session"
          name={`${id}-from`}
          orientation="vertical"
          valueSelected={from}
          onChange={(chosen) => setFrom(chosen === 'room' ? 'room' : 'file')}
        >
          {FROM.filter((way) => way !== 'room' || ceremony.room === true).map((way) => (
            <RadioButton key={way} id={`${id}-${way}`} value={way} labelText={FROM_WORDS[way]} />
          ))}
        </RadioButtonGroup>
      ) : null}
      <PlayingChoice people={ceremony.people ?? []} draft={draft} onChange={setDraft} />
      <div className="home__actions">
        <ActionButton
          weight="primary"
          unavailable={playing === null ? 'Choose at least one person who you are' : null}
          onAct={() => playing !== null && goOn(playing)}
        >
          {paused ? (from === 'file' ? 'Open the binding…' : 'Look at the binding') : 'Go on with this rehearsal'}
        </ActionButton>
        <ActionButton weight="quiet" onAct={cancel}>
          Not now
        </ActionButton>
      </div>
    </section>
  );
}
