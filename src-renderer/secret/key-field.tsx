/**
 * A field that takes keys and holds nothing. Chromium tells the browser process (our main) the whole text of the input
 * that has the focus, for input methods, and X11 every text that is selected; so the input here stays empty, each key is
 * handed on and refused to it, and what may show is drawn beside it.
 */
import { type KeyboardEvent, type ReactNode, type RefObject, useEffect, useEffectEvent, useState } from 'react';

interface KeyFieldProps {
  readonly id: string;
  readonly label: ReactNode;
  readonly input: RefObject<HTMLInputElement | null>;
  /** A character, or the few that one key gives. */
  readonly onText: (text: string) => void;
  /** Backspace; `all` with Ctrl, or for Ctrl-U. */
  readonly onErase: (all: boolean) => void;
  readonly onEnter: () => void;
  /** Arrow keys: 1 down, -1 up. */
  readonly onMove?: (by: 1 | -1) => void;
  readonly onLeave?: () => void;
  /** Ids of what describes it. */
  readonly describedBy?: string;
  readonly invalid?: boolean;
  /** Takes no keys while what is drawn is hidden. */
  readonly disabled?: boolean;
  /** Says when Caps Lock is on. */
  readonly capsLockHint?: boolean;
  /** What is drawn over the field. */
  readonly children?: ReactNode;
}

export function KeyField(props: KeyFieldProps) {
  const { id, label, input, describedBy, invalid = false, disabled = false, capsLockHint = false, children } = props;
  const [capsLock, setCapsLock] = useState(false);
  const take = useEffectEvent((text: string) => props.onText(text));

  useEffect(() => {
    const field = input.current;
    return field === null ? undefined : takeKeys(field, take);
  }, [input]);

  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    setCapsLock(event.getModifierState('CapsLock'));
    if (event.nativeEvent.isComposing) return;
    const all = event.ctrlKey || event.metaKey;
    if (event.key === 'Backspace' || (all && event.key.toLowerCase() === 'u')) props.onErase(all);
    else if (event.key === 'Enter') props.onEnter();
    else if (event.key === 'ArrowDown' && props.onMove !== undefined) props.onMove(1);
    else if (event.key === 'ArrowUp' && props.onMove !== undefined) props.onMove(-1);
    else return;
    event.preventDefault();
  };

  return (
    <div className="key-field">
      <label htmlFor={id}>{label}</label>
      <div className={invalid ? 'key-field-box is-invalid' : 'key-field-box'}>
        <input
          id={id}
          ref={input}
          disabled={disabled}
          type="password"
          autoComplete="off"
          spellCheck={false}
          aria-describedby={describedBy}
          aria-invalid={invalid}
          onKeyDown={onKey}
          onKeyUp={(event) => setCapsLock(event.getModifierState('CapsLock'))}
          onBlur={props.onLeave}
        />
        {children}
      </div>
      {capsLockHint ? (
        <p className="key-field-hint" role="status">
          {capsLock ? 'Caps Lock is on' : ''}
        </p>
      ) : null}
    </div>
  );
}

function takeKeys(field: HTMLInputElement, take: (text: string) => void): () => void {
  const beforeInput = (event: InputEvent) => {
    // SECURITY(K-70): the input's own text is told to main, so nothing ever stands in it.
    event.preventDefault();
    if (event.inputType === 'insertText' && event.data !== null && !event.isComposing) take(event.data);
  };
  // Accents made of two keys cannot be prevented: what they give is taken when it is whole, and removed.
  const compositionEnd = (event: CompositionEvent) => {
    field.value = '';
    if (event.data !== '') take(event.data);
  };
  const empty = (event: Event) => {
    if (!(event instanceof InputEvent && event.isComposing)) field.value = '';
  };
  field.addEventListener('beforeinput', beforeInput);
  field.addEventListener('compositionend', compositionEnd);
  field.addEventListener('input', empty);
  return () => {
    field.removeEventListener('beforeinput', beforeInput);
    field.removeEventListener('compositionend', compositionEnd);
    field.removeEventListener('input', empty);
    field.value = '';
  };
}
