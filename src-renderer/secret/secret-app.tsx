/** What a secret window shows: first who must come to the keyboard, then the one question, then nothing. */
import { useState, useSyncExternalStore } from 'react';
import type { Dialogue } from '../../hsm/dialogue';
import type { SecretContext } from '../../ipc/contract';
import { ComeToKeyboard } from './come-to-keyboard';
import { Over, Waiting } from './over';
import { PassphraseQuestion } from './passphrase-question';
import { PinQuestion } from './pin-question';
import type { SecretExchange } from './secret-exchange';
import { SecretFrame } from './secret-frame';
import { ShareEntry } from './share-entry';
import { ShareKeyQuestion } from './share-key-question';
import { ShareShown } from './share-shown';
import { whichPin } from './secret-words';
import { YesFirst } from './yes-first';

export function SecretApp({ exchange }: { exchange: SecretExchange }) {
  const stage = useSyncExternalStore(exchange.subscribe, exchange.stage);
  switch (stage.is) {
    case 'waiting':
      return <Waiting />;
    case 'asked':
      return <Asked context={stage.context} dialogue={stage.dialogue} exchange={exchange} />;
    case 'over':
      return (
        <SecretFrame context={stage.context}>
          <Over ending={stage.ending} />
        </SecretFrame>
      );
  }
}

interface AskedProps {
  readonly context: SecretContext;
  readonly dialogue: Dialogue;
  readonly exchange: SecretExchange;
}

function Asked({ context, dialogue, exchange }: AskedProps) {
  // SECURITY(K-71): until the person asked for says that they sit here alone, nothing is shown and nothing can be typed.
  const [seated, setSeated] = useState(context.stillSeated);
  const decline = () => exchange.decline();
  return (
    <SecretFrame context={context}>
      {!seated ? (
        <ComeToKeyboard context={context} dialogue={dialogue} onSeated={() => setSeated(true)} onDecline={decline} />
      ) : dialogue.kind === 'pin' ? (
        <PinQuestion context={context} dialogue={dialogue} onGive={(pin) => exchange.give(pin)} onDecline={decline} />
      ) : dialogue.kind === 'final-try' ? (
        <YesFirst
          title={`The device will ask for ${whichPin(dialogue, context)} on its own pad`}
          warning="This is the final try. If the PIN is wrong, the token locks it"
          onYes={() => exchange.give(new Uint8Array(0))}
          onDecline={decline}
        />
      ) : dialogue.kind === 'passphrase' ? (
        <PassphraseQuestion dialogue={dialogue} onGive={(typed) => exchange.give(typed)} onDecline={decline} />
      ) : dialogue.kind === 'share-key' ? (
        <ShareKeyQuestion dialogue={dialogue} onGive={(typed) => exchange.give(typed)} onDecline={decline} />
      ) : dialogue.kind === 'share-show' ? (
        <ShareShown
          dialogue={dialogue}
          sheet={exchange.shown}
          atOnce={!context.stillSeated}
          onCopied={() => exchange.give(new Uint8Array(0))}
          onDecline={decline}
        />
      ) : (
        <ShareEntry dialogue={dialogue} onGive={(share) => exchange.give(share)} onDecline={decline} />
      )}
    </SecretFrame>
  );
}
