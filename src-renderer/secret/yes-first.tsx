/** A warning that must be read: YES is typed before the PIN is asked for. */
import { useRef, useState } from 'react';
import { Actions } from './actions';
import { Heading } from './heading';
import { KeyField } from './key-field';
import { ShownText } from './shown-text';
import { useTyped } from './use-typed';
import type { TypedBytes } from './typed-bytes';

const YES = 'YES';

interface YesProps {
  readonly title: string;
  readonly warning: string;
  readonly onYes: () => void;
  readonly onDecline: () => void;
}

export function YesFirst({ title, warning, onYes, onDecline }: YesProps) {
  const [typed] = useTyped(1, YES.length) as readonly [TypedBytes];
  const input = useRef<HTMLInputElement>(null);
  const [trouble, setTrouble] = useState('');
  const [, setTouched] = useState(0);
  const touched = () => setTouched((count) => count + 1);

  const goOn = () => {
    const isYes = !typed.overflown && typed.text() === YES;
    typed.clear();
    touched();
    if (isYes) {
      onYes();
      return;
    }
    setTrouble('Nothing was given. Type YES in capitals to go on, or decline');
    input.current?.focus();
  };

  return (
    <section className="secret-question">
      <Heading>{title}</Heading>
      <p className="secret-warning">Warning: {warning}</p>
      <KeyField
        id="yes"
        label="Type YES to go on. Do not type the PIN here"
        input={input}
        describedBy="yes-trouble"
        invalid={trouble !== ''}
        onEnter={goOn}
        onText={(text) => {
          typed.append(text);
          touched();
        }}
        onErase={() => {
          typed.clear();
          touched();
        }}
      >
        <ShownText typed={typed} />
      </KeyField>
      <p id="yes-trouble" className="secret-trouble" role="alert">
        {trouble}
      </p>
      <Actions primary="Go on" onPrimary={goOn} onDecline={onDecline} />
    </section>
  );
}
