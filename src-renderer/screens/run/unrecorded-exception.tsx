/** Exceptions that did not get onto the record when the run ended: their words, so that they do not go with it. */
import type { ReactNode } from 'react';
import type { RunView } from '../../../ipc/view';
import { isBegun } from '../../drafts';
import { useWindow } from '../../store';
import { EXCEPTION_KIND } from './run-words';
import type { TaskOf } from './task-of';

type Raised = TaskOf<'ended'>['notRecorded'][number];

/** What was being written when the run ended, as it was written; nothing when nothing was. `next`: what to do about it. */
export function UnrecordedException({ run, next }: { readonly run: RunView; readonly next: string }): ReactNode {
  const { ceremony, exception } = useWindow((state) => state.drafts);
  if (ceremony !== run.ceremony || !isBegun(exception)) return null;
  return (
    <Words
      run={run}
      heading="An exception was being written, and was not recorded"
      raised={{ ...exception, step: exception.step ?? '' }}
      next={next}
    />
  );
}

/** What was raised, and could not be put on record before the run ended. */
export function NotRecorded({
  run,
  raised,
  next,
}: {
  readonly run: RunView;
  readonly raised: readonly Raised[];
  readonly next: string;
}): ReactNode {
  return raised.map((one, place) => (
    <Words key={place} run={run} heading="The run ended before this exception was on record" raised={one} next={next} />
  ));
}

function Words({
  run,
  heading,
  raised: { step, kind, expected, happened, decided },
  next,
}: {
  readonly run: RunView;
  readonly heading: string;
  readonly raised: Raised;
  readonly next: string;
}): ReactNode {
  const place = run.steps.findIndex(({ id }) => id === step);
  const facts: readonly (readonly [string, string])[] = [
    ['About which step', place < 0 ? '' : `${String(place + 1)}  ${run.steps[place]?.title ?? ''}`],
    ['What it is about', EXCEPTION_KIND[kind]],
    ['What was expected', expected],
    ['What happened', happened],
    ['What was decided', decided],
  ];
  return (
    <div role="alert">
      <h3>{heading}</h3>
      <dl className="run-facts">
        {facts
          .filter(([, words]) => words.trim() !== '')
          .map(([name, words]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{words}</dd>
            </div>
          ))}
        <div>
          <dt>What to do</dt>
          <dd>{next}</dd>
        </div>
      </dl>
    </div>
  );
}
