/** Draws what was typed where it may show. Written straight onto the page, so that React holds no copy. */
import { useLayoutEffect, useRef } from 'react';
import type { TypedBytes } from './typed-bytes';

interface ShownProps {
  readonly typed: TypedBytes;
  /** Lengths of the groups, in characters; what is not typed yet shows as dots. None: the text as it is. */
  readonly groups?: readonly number[];
}

export function ShownText({ typed, groups = [] }: ShownProps) {
  const before = useRef<HTMLSpanElement>(null);
  const after = useRef<HTMLSpanElement>(null);
  // After every rendering: whoever changes the typed bytes renders again.
  useLayoutEffect(() => {
    if (before.current === null || after.current === null) return;
    const length = groups.reduce((sum, group) => sum + group, 0);
    before.current.textContent = groups.length === 0 ? typed.text() : drawn(typed, groups, 0, typed.length);
    after.current.textContent = drawn(typed, groups, typed.length, length);
  });
  useLayoutEffect(() => {
    const spans = [before.current, after.current];
    return () => {
      for (const span of spans) span?.replaceChildren();
    };
  }, []);
  return (
    <span className="key-field-shown mono" aria-hidden="true">
      <span ref={before} />
      <span className="key-field-caret" />
      <span ref={after} className="key-field-rest" />
    </span>
  );
}

/** What stands for a typed row while it is hidden: the same for a short one and a long one. */
export function HiddenText({ typed }: Pick<ShownProps, 'typed'>) {
  return (
    <span className="key-field-shown mono" aria-hidden="true">
      {typed.isEmpty ? '' : '••••••••'}
    </span>
  );
}

/** Places `from` to `to` of a row, with a gap before each group but the first. */
function drawn(typed: TypedBytes, groups: readonly number[], from: number, to: number): string {
  const starts = groups.map((_, at) => groups.slice(0, at).reduce((sum, group) => sum + group, 0));
  let text = '';
  for (let place = from; place < to; place += 1) {
    const at = starts.indexOf(place);
    if (at > 0) text += at === groups.length - 1 ? '   ' : ' ';
    text += place < typed.length ? typed.at(place) : '·';
  }
  return text;
}
