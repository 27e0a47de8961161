/** The few pictures that go with a word, never instead of one. */

const PATHS = {
  good: 'M13 24 4 15 5.4 13.6 13 21.2 26.6 7.6 28 9z',
  bad: 'M17.4 16 24 9.4 22.6 8 16 14.6 9.4 8 8 9.4 14.6 16 8 22.6 9.4 24 16 17.4 22.6 24 24 22.6z',
  warning: 'M16 3 1.5 29h29zM16 7.1 27.1 27H4.9zM15 13h2v8h-2zM16 22.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z',
  none: 'M8 15h16v2H8z',
  waiting: 'M16 3a13 13 0 1 0 0 26 13 13 0 0 0 0-26zm0 24a11 11 0 1 1 0-22 11 11 0 0 1 0 22z',
  present: 'M9 6 25 16 9 26z',
  note: 'M16 3a13 13 0 1 0 0 26 13 13 0 0 0 0-26zm0 24a11 11 0 1 1 0-22 11 11 0 0 1 0 22zM15 14h2v9h-2zM16 9a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z',
} as const;

/** Names of the pictures. */
export type IconName = keyof typeof PATHS;

/** A picture of the size of the text around it, in its colour. Hidden from screen readers: the word beside it speaks. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 32 32" width="1em" height="1em" fill="currentColor" aria-hidden="true">
      <path fillRule="evenodd" d={PATHS[name]} />
    </svg>
  );
}
