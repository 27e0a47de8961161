/** Takes what locks or opens the file of a share: a passphrase, or the identity that its recipient has. */
import { printable, whichShareKey, type ShareKeyDialogue } from './secret-words';
import { UnseenFields } from './unseen-fields';

interface ShareKeyProps {
  readonly dialogue: ShareKeyDialogue;
  /** Takes what was typed, UTF-8, in a buffer of its own, and zeroes it. */
  readonly onGive: (typed: Uint8Array<ArrayBuffer>) => void;
  readonly onDecline: () => void;
}

export function ShareKeyQuestion({ dialogue, onGive, onDecline }: ShareKeyProps) {
  const { make, refused, what } = dialogue;
  return (
    <UnseenFields
      id="share-key"
      title={`${make ? 'Make' : 'Enter'} ${whichShareKey(dialogue)}`}
      name={what}
      range={dialogue}
      make={make}
      warning={refused === null ? undefined : `Not taken: ${printable(refused)}`}
      keep="Without it nobody opens the file: keep it as the plan says."
      notGiven="and was not tried on the file"
      onGive={onGive}
      onDecline={onDecline}
    />
  );
}
