/** Takes the passphrase of the person's key file, or has one made. */
import type { PassphraseDialogue } from './secret-words';
import { UnseenFields } from './unseen-fields';

interface PassphraseProps {
  readonly dialogue: PassphraseDialogue;
  /** Takes the passphrase, UTF-8, in a buffer of its own, and zeroes it. */
  readonly onGive: (passphrase: Uint8Array<ArrayBuffer>) => void;
  readonly onDecline: () => void;
}

export function PassphraseQuestion({ dialogue, onGive, onDecline }: PassphraseProps) {
  const { make, wrong } = dialogue;
  return (
    <UnseenFields
      id="passphrase"
      title={`${make ? 'Make' : 'Enter'} the passphrase of your key file`}
      name="passphrase"
      range={dialogue}
      make={make}
      warning={wrong ? 'The one typed before does not open the file. Nothing counts the tries' : undefined}
      keep="You need it whenever you sign: keep it as the plan says."
      notGiven="and was not tried on the file"
      onGive={onGive}
      onDecline={onDecline}
    />
  );
}
