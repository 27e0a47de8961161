/** Before the question, and after it: nothing of it is on the page. */
import type { Ending } from './secret-exchange';
import { Heading } from './heading';

const WORDS: Readonly<Record<Ending, readonly [string, string]>> = {
  given: ['Done', 'This window closes by itself. Nothing of what was in it is kept'],
  declined: ['You declined', 'Nothing was given. This window closes by itself'],
  gone: ['Over', 'Whoever asked does not wait any more. Nothing more is shown or taken here'],
  refused: [
    'Nothing is asked here',
    'What this window was given to ask is not in order. Nothing was shown, nothing was taken',
  ],
};

export function Over({ ending }: { ending: Ending }) {
  const [title, text] = WORDS[ending];
  return (
    <section className="secret-question">
      <Heading>{title}</Heading>
      <p>{text}</p>
    </section>
  );
}

export function Waiting() {
  return (
    <main className="secret-frame">
      <p className="secret-body" role="status">
        One moment
      </p>
    </main>
  );
}
