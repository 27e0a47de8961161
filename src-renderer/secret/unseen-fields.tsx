/** Fields for a PIN or a passphrase: typed once, or twice where it is made. Nothing of it shows, not even its length. */
import { useEffect, useRef, useState } from 'react';
import { Actions } from './actions';
import { Heading } from './heading';
import { KeyField } from './key-field';
import { KeyboardTest } from './keyboard-test';
import { type PinDialogue, lengths } from './secret-words';
import type { TypedBytes } from './typed-bytes';
import { useTyped } from './use-typed';

/** Most bytes that a window keeps of a PIN or passphrase: as many as a key file's has, and more than any token takes. */
const MAX_BYTES = 1024;

interface UnseenProps {
  /** Id of the field. */
  readonly id: string;
  readonly title: string;
  /** What is typed, such as `PIN`, as buttons and sentences call it. */
  readonly name: string;
  /** The same for the field, which says more where it is a part only. */
  readonly label?: string;
  /** Lengths that are taken, in bytes. */
  readonly range: Pick<PinDialogue, 'minimum' | 'maximum'>;
  readonly make: boolean;
  readonly warning: string | undefined;
  /** What whoever makes it must know, as a sentence. */
  readonly keep: string;
  /** What was not done with one that is not taken, as a clause. */
  readonly notGiven: string;
  /** Takes it, UTF-8, in a buffer of its own, and zeroes it. */
  readonly onGive: (typed: Uint8Array<ArrayBuffer>) => void;
  readonly onDecline: () => void;
}

export function UnseenFields(props: UnseenProps) {
  const { id, title, name, label = name, range, make, warning, keep, notGiven, onGive, onDecline } = props;
  const [first, again] = useTyped(2, MAX_BYTES) as readonly [TypedBytes, TypedBytes];
  const firstInput = useRef<HTMLInputElement>(null);
  const againInput = useRef<HTMLInputElement>(null);
  const [trouble, setTrouble] = useState('');
  const [, setTouched] = useState(0);
  useEffect(() => firstInput.current?.focus(), []);

  const touched = () => setTouched((count) => count + 1);
  const refuse = (words: string) => {
    first.clear();
    again.clear();
    setTrouble(words);
    touched();
    firstInput.current?.focus();
  };
  const give = () => {
    if (!hasLength(first, range)) refuse(`It is not taken, ${notGiven}: ${lengths(range)}`);
    else if (make && !first.equals(again)) refuse(`The two differ, so neither is taken. Make the ${name} again`);
    else onGive(first.copy());
  };
  const change = (place: TypedBytes) => ({
    onText: (text: string) => {
      place.append(text);
      setTrouble('');
      touched();
    },
    onErase: (all: boolean) => {
      if (all) place.clear();
      else place.removeLast();
      touched();
    },
  });

  return (
    <section className="secret-question">
      <Heading focus={false}>{title}</Heading>
      {warning === undefined ? null : <p className="secret-warning">{warning}</p>}
      <p id={`${id}-rule`}>
        {lengths(range)}; a plain letter, digit or sign is one.{make ? ` ${keep}` : ''} Nothing shows while you type.
        Backspace takes back a character, Ctrl-U all.
      </p>
      <KeyboardTest />
      <KeyField
        id={id}
        label={make ? `New ${label}` : capital(label)}
        input={firstInput}
        describedBy={`${id}-rule ${id}-trouble`}
        invalid={trouble !== ''}
        capsLockHint
        onEnter={() => (make ? againInput.current?.focus() : give())}
        {...change(first)}
      >
        <Taken typed={first} />
      </KeyField>
      {make ? (
        <KeyField
          id={`${id}-again`}
          label="The same again"
          input={againInput}
          describedBy={`${id}-rule`}
          capsLockHint
          onEnter={give}
          {...change(again)}
        >
          <Taken typed={again} />
        </KeyField>
      ) : null}
      <p id={`${id}-trouble`} className="secret-trouble" role="alert">
        {trouble}
      </p>
      <Actions primary={make ? `Take this ${name}` : `Give the ${name}`} onPrimary={give} onDecline={onDecline} />
    </section>
  );
}

/** Whether something was typed: the same for one character and for many. */
function Taken({ typed }: { typed: TypedBytes }) {
  return <span className="key-field-taken">{typed.isEmpty ? 'empty' : 'typed, hidden'}</span>;
}

/** A PIN of another length would be wrong, and cost a try. */
function hasLength(typed: TypedBytes, { minimum, maximum }: UnseenProps['range']): boolean {
  return !typed.overflown && typed.length >= minimum && typed.length <= maximum;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
