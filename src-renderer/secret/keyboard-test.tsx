/** A harmless field in which a person finds out what the keys of this keyboard give, before a PIN or share is typed. */
import { useRef, useState } from 'react';
import { KeyboardLayout } from './keyboard-layout';
import { KeyField } from './key-field';
import { ShownText } from './shown-text';
import type { TypedBytes } from './typed-bytes';
import { useTyped } from './use-typed';

const MAX_TEST_BYTES = 64;

export function KeyboardTest() {
  const [open, setOpen] = useState(false);
  return (
    <div className="keyboard-test">
      <button
        type="button"
        className="secret-button is-quiet is-small"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        Test the keyboard first
      </button>
      <KeyboardLayout />
      {open ? <TestField /> : null}
    </div>
  );
}

function TestField() {
  const [typed] = useTyped(1, MAX_TEST_BYTES) as readonly [TypedBytes];
  const input = useRef<HTMLInputElement>(null);
  const [, setTouched] = useState(0);
  const touched = () => setTouched((count) => count + 1);
  const clear = () => {
    typed.clear();
    touched();
  };
  return (
    <div className="keyboard-test-field">
      <KeyField
        id="keyboard-test"
        label="Type anything here to test the keyboard, but no secret: it is given to nobody"
        input={input}
        describedBy="keyboard-test-note"
        onText={(text) => {
          typed.append(text);
          touched();
        }}
        onErase={(all) => {
          if (all) typed.clear();
          else typed.removeLast();
          touched();
        }}
        onEnter={clear}
        onLeave={clear}
      >
        <ShownText typed={typed} />
      </KeyField>
      <p id="keyboard-test-note" className="quiet small">
        A key that gives another letter than is printed on it: the workstation is set to another keyboard layout. What
        stands here is wiped when you leave the field
      </p>
    </div>
  );
}
