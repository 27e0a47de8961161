/** What the plan says of the present step, and what has been said since it began. */
import type { ReactNode } from 'react';
import type { RunView } from '../../../ipc/view';
import { Icon } from '../../components/icon';
import { utc } from '../../components/words';
import { SpokenText } from './spoken-text';

/** The instructions of the present step: `open` when they are what people need now, else folded away. */
export function StepInstructions({ run, open }: { readonly run: RunView; readonly open: boolean }): ReactNode {
  const step = run.present === null ? undefined : run.steps[run.present];
  if (step === undefined || step.instructions.length === 0) return null;
  const list = (
    <ol className="run-instructions">
      {step.instructions.map((sentence, place) => (
        <li key={place}>
          <SpokenText text={sentence} />
        </li>
      ))}
    </ol>
  );
  if (open) return list;
  return (
    <details className="run-folded">
      <summary>What this step does</summary>
      {list}
    </details>
  );
}

const NOTICE = {
  step: 'present',
  progress: 'note',
  result: 'good',
  warning: 'warning',
  failure: 'bad',
} as const;
const NOTICE_WORD = { step: 'Step', progress: 'Under way', result: 'Result', warning: 'Warning', failure: 'Failure' };

/** What was said since the present step began, newest first: the newest is what people look for. */
export function Notices({ run }: { readonly run: RunView }): ReactNode {
  return <NoticeList title="Since this step began" notices={run.notices} />;
}

/** Notices under a heading, newest first; nothing when there are none but that a step began. */
export function NoticeList({
  title,
  notices,
}: {
  readonly title: string;
  readonly notices: RunView['notices'];
}): ReactNode {
  const said = notices.filter((notice) => notice.kind !== 'step');
  if (said.length === 0) return null;
  return (
    <div className="run-notices">
      <h3>{title}</h3>
      <ul>
        {said.toReversed().map((notice, place) => (
          <li key={said.length - place} data-kind={notice.kind}>
            <Icon name={NOTICE[notice.kind]} />
            <span className="visually-hidden">{`${NOTICE_WORD[notice.kind]}: `}</span>
            <span className="run-notices__text">
              <SpokenText text={notice.text} />
            </span>
            <time dateTime={notice.at}>{utc(notice.at, 'time')}</time>
          </li>
        ))}
      </ul>
    </div>
  );
}
