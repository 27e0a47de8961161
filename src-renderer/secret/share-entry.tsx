/**
 * Takes a share from its custodian's worksheet, row by row. Whether it is right, only the share process tells: a refusal
 * comes in a new window that knows nothing of what was typed in this one, and names the row.
 */
import { type RefObject, createRef, useEffect, useState } from 'react';
import { Actions } from './actions';
import { Heading } from './heading';
import { KeyField } from './key-field';
import { type EnterDialogue, printable, refusedRow, whichShare } from './secret-words';
import { ShownText } from './shown-text';
import type { TypedBytes } from './typed-bytes';
import { useTyped } from './use-typed';
import { GROUPS, ROWS, ROW_DIGITS, typedSheet } from './worksheet-form';

const DIGITS_RULE = 'Digits are 0 to 9 and A to F: a zero is never the letter O, a one never I or L';

interface ShareEntryProps {
  readonly dialogue: EnterDialogue;
  /** Takes the share, UTF-8, in a buffer of its own, and zeroes it. */
  readonly onGive: (share: Uint8Array<ArrayBuffer>) => void;
  readonly onDecline: () => void;
}

interface Trouble {
  /** From 0. */
  readonly row: number;
  readonly words: string;
}

export function ShareEntry({ dialogue, onGive, onDecline }: ShareEntryProps) {
  const rows = useTyped(ROWS, ROW_DIGITS);
  const [inputs] = useState(() => rows.map((): RefObject<HTMLInputElement | null> => createRef()));
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [, setTouched] = useState(0);
  const touched = () => setTouched((count) => count + 1);
  const wrongRow = refusedRow(dialogue.refused);
  const goTo = (row: number) => inputs[row]?.current?.focus();
  useEffect(() => inputs[0]?.current?.focus(), [inputs]);

  const give = () => {
    const short = rows.findIndex((row) => row.length < ROW_DIGITS);
    if (short < 0) {
      onGive(typedSheet(rows));
      return;
    }
    setTrouble({ row: short, words: `Row ${String(short + 1)}: digits are missing, it has ${String(ROW_DIGITS)}` });
    goTo(short);
  };
  const enter = (row: number, typed: TypedBytes) => {
    if (typed.length < ROW_DIGITS) {
      setTrouble({ row, words: `Row ${String(row + 1)}: digits are missing, it has ${String(ROW_DIGITS)}` });
    } else if (row + 1 < ROWS) {
      setTrouble(null);
      goTo(row + 1);
    } else {
      give();
    }
  };
  const text = (row: number, typed: TypedBytes, characters: string) => {
    let words: string | null = null;
    for (const character of characters) {
      if (/\s/.test(character)) continue;
      if (!/^[0-9a-f]$/i.test(character)) words = `Row ${String(row + 1)}: that key is no digit. ${DIGITS_RULE}`;
      else if (typed.length === ROW_DIGITS)
        words = `Row ${String(row + 1)} is full: Enter goes on, Backspace takes back`;
      else typed.append(character.toUpperCase());
    }
    setTrouble(words === null ? null : { row, words });
    touched();
  };

  return (
    <section className="secret-question">
      <Heading focus={false}>Type your share, {whichShare(dialogue)}, from the worksheet</Heading>
      {dialogue.refused === null ? null : (
        <p className="secret-warning" role="alert">
          Not taken: {printable(dialogue.refused)}. Look at {wrongRow === null ? 'it' : `row ${String(wrongRow)}`} on
          your worksheet, and type all rows again: what you typed before is not kept
        </p>
      )}
      <p id="row-rule" className="is-wide">
        In each row, all digits after its number, check digits too. Enter goes on to the next row, Backspace takes back
        a digit, Ctrl-U the row. Blanks and small letters make no difference
      </p>
      <div className="share-fields">
        {rows.map((typed, row) => (
          <KeyField
            key={row}
            id={`row-${String(row + 1)}`}
            label={
              <>
                <span>Row {row + 1}</span>
                {wrongRow === row + 1 ? <span className="share-wrong">was wrong</span> : null}
              </>
            }
            input={inputs[row] ?? createRef()}
            describedBy={trouble?.row === row ? 'row-trouble' : 'row-rule'}
            invalid={trouble?.row === row}
            onText={(characters) => text(row, typed, characters)}
            onErase={(all) => {
              if (all) typed.clear();
              else typed.removeLast();
              setTrouble(null);
              touched();
            }}
            onEnter={() => enter(row, typed)}
            onMove={(by) => goTo(row + by)}
          >
            <ShownText typed={typed} groups={GROUPS} />
          </KeyField>
        ))}
      </div>
      <p id="row-trouble" className="secret-trouble" role="alert">
        {trouble?.words ?? ''}
      </p>
      <Actions primary="Give my share" onPrimary={give} onDecline={onDecline} />
    </section>
  );
}
