/** Takes a PIN, or has one made. */
import { useState } from 'react';
import type { SecretContext } from '../../ipc/contract';
import { type PinDialogue, whichPin } from './secret-words';
import { UnseenFields } from './unseen-fields';
import { YesFirst } from './yes-first';

interface PinProps {
  readonly context: SecretContext;
  readonly dialogue: PinDialogue;
  /** Takes the PIN, UTF-8, in a buffer of its own, and zeroes it. */
  readonly onGive: (pin: Uint8Array<ArrayBuffer>) => void;
  readonly onDecline: () => void;
}

export function PinQuestion({ context, dialogue, onGive, onDecline }: PinProps) {
  const { warning, make, part, parts } = dialogue;
  const [warned, setWarned] = useState(warning !== 'final-try' && warning !== 'locked');
  const title = `${make ? 'Make' : 'Enter'} ${whichPin(dialogue, context)}`;
  if (!warned) {
    const text =
      warning === 'final-try'
        ? 'This is the final try. If the PIN is wrong, the token locks it'
        : 'The token says that this PIN is locked';
    return <YesFirst title={title} warning={text} onYes={() => setWarned(true)} onDecline={onDecline} />;
  }
  return (
    <UnseenFields
      id="pin"
      title={title}
      name={parts === 1 ? 'PIN' : 'part'}
      label={parts === 1 ? 'PIN' : `PIN, part ${String(part)} of ${String(parts)}`}
      range={dialogue}
      make={make}
      warning={warning === 'count-low' ? 'Warning: a wrong PIN was given before. The token allows few more' : undefined}
      keep="Whoever holds it needs it later: keep it as the plan says."
      notGiven="and was not given to the token"
      onGive={onGive}
      onDecline={onDecline}
    />
  );
}
