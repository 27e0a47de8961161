/** The verdict, large, and in honest words: what was proven, and what was not. */
import { useEffect, useRef } from 'react';
import type { VerifyView } from '../../../ipc/view';
import { Icon } from '../../components/icon';
import { counted } from '../../components/words';
import { notProven, proven } from './proven';
import { meansWords, VERDICTS } from './verdict-words';

/** The verdict. Its heading takes the focus: it is what was asked for. */
export function VerdictPanel({ report }: { readonly report: VerifyView }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const { word, icon, tone } = VERDICTS[report.verdict];
  const held = proven(report);
  return (
    <section className={`verdict verdict--${tone}`} aria-labelledby="verdict">
      <h2 id="verdict" ref={heading} tabIndex={-1}>
        <Icon name={icon} /> <span className="visually-hidden">Verdict: </span>
        {word}
      </h2>
      <p>{meansWords(report)}</p>
      <p className="quiet">
        {counted(report.exceptions, 'exception')} recorded, {counted(report.withheld, 'fact')} withheld
      </p>
      <div className="verdict__words">
        {held.length === 0 ? null : <Sentences title="Proven" sentences={held} />}
        <Sentences title="Not proven" sentences={notProven(report)} />
      </div>
    </section>
  );
}

function Sentences({ title, sentences }: { readonly title: string; readonly sentences: readonly string[] }) {
  return (
    <div>
      <h3>{title}</h3>
      <ul>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </div>
  );
}
