/** Shows a share to its custodian, to be copied by hand; it goes from the page at every sign that they look away. */
import { useRef, useState } from 'react';
import { Actions } from './actions';
import { Heading } from './heading';
import { type ShowDialogue, whichShare } from './secret-words';
import { SheetOnPage } from './sheet-on-page';
import { useHidden, WHY_HIDDEN } from './use-hidden';
import { formOf, sheetLines } from './worksheet-form';

interface ShareShownProps {
  readonly dialogue: ShowDialogue;
  /** The worksheet, UTF-8. */
  readonly sheet: Uint8Array;
  /** Whether the custodian has just said to be alone at the screen; else the share waits until it is asked for. */
  readonly atOnce: boolean;
  readonly onCopied: () => void;
  readonly onDecline: () => void;
}

export function ShareShown({ dialogue, sheet, atOnce, onCopied, onDecline }: ShareShownProps) {
  const [wasShown, setWasShown] = useState(atOnce);
  const [compared, setCompared] = useState(false);
  const [trouble, setTrouble] = useState('');
  const box = useRef<HTMLInputElement>(null);
  const { hidden, hide, show, button } = useHidden({ hiddenAtFirst: !atOnce, hasContent: true });

  if (sheetLines(sheet) === null) {
    return (
      <section className="secret-question">
        <Heading>Your share cannot be shown</Heading>
        <p>What came is not a worksheet. Nothing was shown. Decline, and say so to the others</p>
        <div className="secret-actions">
          <button type="button" className="secret-button is-primary" onClick={onDecline}>
            Decline
          </button>
        </div>
      </section>
    );
  }

  const copied = () => {
    if (!wasShown) setTrouble('Your share has not been shown yet. Show it, copy it, and compare');
    else if (!compared) setTrouble('Compare your worksheet with the screen row by row, then tick the box');
    else {
      onCopied();
      return;
    }
    (wasShown ? box : button).current?.focus();
  };
  const toggle = () => {
    if (hidden === null) hide();
    else {
      show();
      setWasShown(true);
      setTrouble('');
    }
  };

  return (
    <section className="secret-question">
      <Heading>Your share, {whichShare(dialogue)}</Heading>
      <p>Copy it by hand onto your worksheet. Once you have put it away, it is never shown again</p>
      <div className="share-columns">
        <div className="share-sheet">
          {hidden === null ? (
            <SheetOnPage sheet={sheet} form={dialogue.form} />
          ) : (
            <p className="share-hidden" role="status">
              {WHY_HIDDEN[hidden]}
            </p>
          )}
        </div>
        <div className="share-side">
          <button type="button" ref={button} className="secret-button" onClick={toggle}>
            {hidden === null ? 'Hide now (Escape)' : wasShown ? 'Show again' : 'Show my share'}
          </button>
          <ul className="share-rules">
            {formOf(dialogue).shown.map((rule) => (
              <li key={rule}>{rule}</li>
            ))}
            <li>It hides when you look away from this window, and after five minutes without a key</li>
          </ul>
          <label className="secret-tick">
            <input
              type="checkbox"
              ref={box}
              checked={compared}
              aria-describedby="copied-trouble"
              onChange={(event) => setCompared(event.target.checked)}
            />
            I have copied it, and compared it row by row
          </label>
          <p id="copied-trouble" className="secret-trouble" role="alert">
            {trouble}
          </p>
        </div>
      </div>
      <Actions primary="Put it away" onPrimary={copied} onDecline={onDecline} />
    </section>
  );
}
