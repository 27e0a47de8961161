/** Who of a rehearsal's people is played: everybody, all but some, or nobody. */
import './playing-choice.scss';
import { Checkbox, RadioButton, RadioButtonGroup } from './carbon';
import { useId } from 'react';
import type { PersonChoice, Playing } from '../../ipc/view';
import { roleWord } from './words';

/** What is chosen; `me` is kept when another way is looked at meanwhile. */
export interface PlayingDraft {
  readonly who: Playing['who'];
  readonly me: readonly string[];
}

/** What is chosen before anybody has chosen. */
export const NOTHING_CHOSEN: PlayingDraft = { who: 'all', me: [] };

const WAYS = ['all', 'others', 'nobody'] as const;
const WORDS: Readonly<Record<Playing['who'], string>> = {
  all: 'Play everybody, so that one person can see the whole ceremony',
  others: 'Play the others; I am …',
  nobody: 'Play nobody: everybody who takes part is here',
};

/** The choice as main takes it; null while it is not complete. */
export function playingOf({ who, me }: PlayingDraft): Playing | null {
  if (who !== 'others') return { who };
  return me.length === 0 ? null : { who, me: [...me] };
}

/** The choice. Without people it cannot be some of them. */
export function PlayingChoice({
  people,
  draft,
  onChange,
}: {
  readonly people: readonly PersonChoice[];
  readonly draft: PlayingDraft;
  readonly onChange: (draft: PlayingDraft) => void;
}) {
  const id = useId();
  return (
    <div className="playing-choice">
      <RadioButtonGroup
        legendText="Who is played"
        name={id}
        orientation="vertical"
        valueSelected={draft.who}
        onChange={(chosen) => {
          const who = WAYS.find((one) => one === chosen);
          if (who !== undefined) onChange({ ...draft, who });
        }}
      >
        {WAYS.filter((way) => way !== 'others' || people.length > 0).map((way) => (
          <RadioButton key={way} id={`${id}-${way}`} value={way} labelText={WORDS[way]} />
        ))}
      </RadioButtonGroup>
      {draft.who !== 'others' ? null : (
        <fieldset className="playing-choice__people">
          <legend>I am, one or more</legend>
          {people.map((person) => (
            <Checkbox
              key={person.id}
              id={`${id}-me-${person.id}`}
              labelText={`${person.name}, ${roleWord(person.role).toLowerCase()}`}
              checked={draft.me.includes(person.id)}
              onChange={(_event, { checked }) => {
                const others = draft.me.filter((one) => one !== person.id);
                onChange({ ...draft, me: checked ? [...others, person.id] : others });
              }}
            />
          ))}
        </fieldset>
      )}
    </div>
  );
}
