/** Calls a person to the keyboard, and everybody else away from it. */
import type { Dialogue } from '../../hsm/dialogue';
import type { SecretContext } from '../../ipc/contract';
import { Actions } from './actions';
import { Heading } from './heading';
import { printable, whichPin, whichShare, whichShareKey } from './secret-words';

interface ComeProps {
  readonly context: SecretContext;
  readonly dialogue: Dialogue;
  readonly onSeated: () => void;
  readonly onDecline: () => void;
}

export function ComeToKeyboard({ context, dialogue, onSeated, onDecline }: ComeProps) {
  const person = printable(context.person);
  return (
    <section className="secret-question is-call">
      <Heading>{person} comes to the keyboard</Heading>
      <p className="secret-lead">Everybody else looks away from screen and keyboard</p>
      <p>
        {person} is asked to {asked(dialogue, context)}. Nothing of it shows until {person} is alone at the screen.
      </p>
      <Actions primary={`I am ${person}, and alone at the screen`} onPrimary={onSeated} onDecline={onDecline} />
    </section>
  );
}

function asked(dialogue: Dialogue, context: SecretContext): string {
  switch (dialogue.kind) {
    case 'pin':
      return `${dialogue.make ? 'make' : 'enter'} ${whichPin(dialogue, context).replace('your own token', 'their own token')}`;
    case 'final-try':
      return `say whether the final try of ${whichPin(dialogue, context).replace('your own token', 'their own token')} is used`;
    case 'passphrase':
      return `${dialogue.make ? 'make' : 'enter'} the passphrase of their key file`;
    case 'share-show':
      return `copy their share, ${whichShare(dialogue)}, by hand onto the worksheet`;
    case 'share-key':
      return `${dialogue.make ? 'make' : 'enter'} ${whichShareKey(dialogue).replace('your share', 'their share')}`;
    case 'share-enter':
      return `type their share, ${whichShare(dialogue)}, from the worksheet`;
  }
}
