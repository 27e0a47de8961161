/** The transcript as it grows: size, root, and the last lines. Follows the newest line unless somebody scrolled back. */
import './transcript-panel.scss';
import { memo, useEffect, useRef, useState, type ReactNode } from 'react';
import type { LineView, RunView } from '../../../ipc/view';
import { counted, utc } from '../../components/words';
import { HashWords } from './hash-words';

/** How near to the end (px) still counts as reading the newest line. */
const NEAR = 24;

/** The record beside the units. Not a live region: what matters is announced once, by the task. */
export function TranscriptPanel({ run }: { readonly run: RunView }): ReactNode {
  const { size, root, rootWords, lines } = run.transcript;
  const box = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  // One at a time: both stand in the same place when they are open.
  const [read, setRead] = useState<'root' | 'plan' | null>(null);
  useEffect(() => follow(box.current, following.current), [size]);
  useEffect(() => {
    if (box.current === null) return undefined;
    // The region is as high as the units beside it, and they change.
    const observer = new ResizeObserver(() => follow(box.current, following.current));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return (
    <section className="run-region run-transcript" aria-labelledby="run-transcript-title">
      <header className="run-region__head">
        <h2 id="run-transcript-title">Transcript</h2>
        <p>{counted(size, 'line')}</p>
      </header>
      {root === null ? null : (
        <HashWords
          label="Root"
          hex={root}
          words={rootWords}
          open={read === 'root'}
          onToggle={(open) => setRead((now) => (open ? 'root' : now === 'root' ? null : now))}
        />
      )}
      <HashWords
        label="Plan hash"
        hex={run.planSha256}
        words={run.planWords}
        open={read === 'plan'}
        onToggle={(open) => setRead((now) => (open ? 'plan' : now === 'plan' ? null : now))}
      />
      <div
        ref={box}
        className="run-scroll"
        role="group"
        aria-label="Last lines, oldest first, times in UTC"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          following.current = scrollHeight - scrollTop - clientHeight < NEAR;
        }}
      >
        {lines.length === 0 ? (
          <p className="run-empty">The first line is written once plan and binding are approved</p>
        ) : null}
        <ol className="run-lines">
          {lines.map((line) => (
            <Line key={line.seq} line={line} />
          ))}
        </ol>
      </div>
    </section>
  );
}

/** A line once written never changes: its number tells whether it is the same. */
const Line = memo(
  function Line({ line }: { readonly line: LineView }): ReactNode {
    return (
      <li className="run-line">
        <span className="run-line__seq">{line.seq}</span>
        <span className="run-line__head">
          <time dateTime={line.at}>{utc(line.at, 'time')}</time>
          <span className="run-line__type">{line.type}</span>
          {line.step === null ? null : <span>{line.step}</span>}
        </span>
        <span className="run-line__text">
          {line.text}
          {line.by.length === 0 ? null : <span className="run-line__by">{` (${line.by.join(', ')})`}</span>}
        </span>
      </li>
    );
  },
  (before, after) => before.line.seq === after.line.seq,
);

function follow(box: HTMLElement | null, following: boolean): void {
  if (following && box !== null) box.scrollTop = box.scrollHeight;
}
