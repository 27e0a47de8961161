/**
 * Takes a share from its custodian's worksheet, row by row. Whether it is right, only the share process tells: a refusal
 * comes in a new window that knows nothing of what was typed in this one, and names the row.
 */
import { type RefObject, createRef, useEffect, useRef, useState } from 'react';
import { Actions } from './actions';
import { Heading } from './heading';
import { KeyField } from './key-field';
import { KeyboardTest } from './keyboard-test';
import { type EnterDialogue, printable, whichShare } from './secret-words';
import { HiddenText, ShownText } from './shown-text';
import type { TypedBytes } from './typed-bytes';
import { useHidden, WHY_HIDDEN } from './use-hidden';
import { useTyped } from './use-typed';
import { formOf, refusedRow, typedSheet } from './worksheet-form';

interface ShareEntryProps {
  readonly dialogue: EnterDialogue;
  /** Takes the share, UTF-8, in a buffer of its own, and zeroes it. */
  readonly onGive: (share: Uint8Array<ArrayBuffer>) => void;
  readonly onDecline: () => void;
}

interface Trouble {
  /** From 0; null where it is about all of them. */
  readonly row: number | null;
  readonly words: string;
}

export function ShareEntry({ dialogue, onGive, onDecline }: ShareEntryProps) {
  const [form] = useState(() => formOf(dialogue));
  const rows = useTyped(form.rows, form.capacity);
  const [inputs] = useState(() => rows.map((): RefObject<HTMLInputElement | null> => createRef()));
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [, setTouched] = useState(0);
  const touched = () => setTouched((count) => count + 1);
  const wrongRow = refusedRow(dialogue.refused);
  /** The row that is being typed. */
  const place = useRef(0);
  const goTo = (row: number) => {
    if (inputs[row] === undefined) return;
    place.current = row;
    inputs[row].current?.focus();
  };
  const { hidden, hide, show, button } = useHidden({
    hiddenAtFirst: false,
    hasContent: rows.some((typed) => !typed.isEmpty),
    onShown: () => goTo(place.current),
  });
  useEffect(() => inputs[0]?.current?.focus(), [inputs]);
  const tell = (row: number, words: string) => setTrouble({ row, words: `${form.nameOf(row)}: ${words}` });

  const give = () => {
    if (hidden !== null) {
      setTrouble({ row: null, words: 'What you typed is hidden. Show it and look at it once more, then give it' });
      button.current?.focus();
      return;
    }
    for (const [row, typed] of rows.entries()) {
      const lacks = form.lacks(typed, row);
      if (lacks === null) continue;
      tell(row, lacks);
      goTo(row);
      return;
    }
    onGive(typedSheet(rows, form));
  };
  const toShow = () => {
    setTrouble(null);
    show();
  };
  const enter = (row: number, typed: TypedBytes) => {
    const lacks = form.lacks(typed, row);
    if (lacks !== null) tell(row, lacks);
    else if (row + 1 < rows.length) {
      setTrouble(null);
      goTo(row + 1);
    } else give();
  };
  const text = (row: number, typed: TypedBytes, characters: string) => {
    place.current = row;
    let words: string | null = null;
    for (const character of characters) {
      const kept = form.keep(character);
      if (kept === null) words = form.noKey;
      else if (kept !== '' && typed.length === form.capacity) words = 'it is full. Enter goes on, Backspace takes back';
      else if (kept !== '') typed.append(kept);
    }
    if (words === null) setTrouble(null);
    else tell(row, words);
    touched();
  };

  return (
    <section className="secret-question">
      <Heading focus={false}>Type your share, {whichShare(dialogue)}, from the worksheet</Heading>
      {dialogue.refused === null ? null : (
        <p className="secret-warning" role="alert">
          Not taken: {printable(dialogue.refused)}. Look at{' '}
          {wrongRow === null ? 'it' : form.nameOf(wrongRow).toLowerCase()} on your worksheet, and type all rows again:
          what you typed before is not kept
        </p>
      )}
      <p id="row-rule" className="is-wide">
        {form.rule}. It hides when you look away from this window, and after five minutes without a key
      </p>
      {dialogue.refused === null ? <KeyboardTest /> : null}
      <div className={`share-fields is-${dialogue.form}`}>
        {rows.map((typed, row) => (
          <KeyField
            key={row}
            id={`row-${String(row + 1)}`}
            label={
              <>
                <span>{form.nameOf(row)}</span>
                {wrongRow === row ? <span className="share-wrong">was wrong</span> : null}
              </>
            }
            input={inputs[row] ?? createRef()}
            describedBy={trouble?.row === row ? 'row-trouble' : 'row-rule'}
            invalid={trouble?.row === row}
            disabled={hidden !== null}
            onText={(characters) => text(row, typed, characters)}
            onErase={(all) => {
              place.current = row;
              if (all) typed.clear();
              else typed.removeLast();
              setTrouble(null);
              touched();
            }}
            onEnter={() => enter(row, typed)}
            onMove={(by) => goTo(row + by)}
          >
            {hidden === null ? <ShownText typed={typed} groups={form.groups} /> : <HiddenText typed={typed} />}
          </KeyField>
        ))}
      </div>
      <p id="row-trouble" className="secret-trouble" role="alert">
        {trouble?.words ?? ''}
      </p>
      <Actions primary="Give my share" onPrimary={give} onDecline={onDecline}>
        <button type="button" ref={button} className="secret-button" onClick={hidden === null ? hide : toShow}>
          {hidden === null ? 'Hide now (Escape)' : 'Show again'}
        </button>
        <span role="status">{hidden === null ? '' : `${WHY_HIDDEN[hidden]}. What you typed is kept`}</span>
      </Actions>
      {/* Who typed it once already needs the place for the rows. */}
      {dialogue.refused === null ? null : <KeyboardTest />}
    </section>
  );
}
