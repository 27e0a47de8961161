/** All steps in the order of the plan, with phase, status, estimate and time taken; the present one is kept in sight. */
import './step-list.scss';
import { memo, useRef, type ReactNode } from 'react';
import type { RunView, StepView } from '../../../ipc/view';
import { Icon } from '../../components/icon';
import { counted } from '../../components/words';
import { durationWords } from './duration';
import { Elapsed } from './elapsed';
import { useKeptInSight } from './keep-in-sight';
import { RunWays } from './run-ways';
import { STEP_STATUS } from './run-words';

const ICONS = { waiting: 'waiting', present: 'present', done: 'good', excepted: 'warning' } as const;

/** Milliseconds. */
const MINUTE = 60_000;

/** The steps on the left of the run screen. */
export function StepList({ run }: { readonly run: RunView }): ReactNode {
  const { steps, present, stage } = run;
  const box = useRef<HTMLElement>(null);
  useKeptInSight(box, '[aria-current]', present);
  const over = steps.filter((step) => step.status === 'done' || step.status === 'excepted').length;
  const left = steps.reduce((sum, step) => sum + (step.status === 'waiting' ? (step.minutes ?? 0) : 0), 0);
  const began = steps.find((step) => step.began !== null)?.began ?? null;
  const ended = over === steps.length ? (steps.at(-1)?.ended ?? null) : null;
  return (
    <section className="run-region run-steps" aria-labelledby="run-steps-title">
      <header className="run-region__head">
        <h2 id="run-steps-title">Steps</h2>
        <p>{`${over} of ${steps.length} done`}</p>
      </header>
      <p className="run-steps__time">
        {began === null ? null : (
          <>
            <Elapsed since={began} until={ended} /> so far
            {left === 0 ? '' : ', '}
          </>
        )}
        {left === 0 ? null : `about ${durationWords(left * MINUTE)} to come`}
      </p>
      <nav ref={box} className="run-scroll" aria-labelledby="run-steps-title" tabIndex={0}>
        {stage === '' || present !== null ? null : (
          <p className="run-steps__stage" aria-current="step">
            <Icon name="present" />
            {stage}
          </p>
        )}
        <ol className="run-steps__list">
          {inPhases(steps).map(({ phase, members }) => (
            <li key={members[0]?.step.id}>
              {phase === null ? null : <h3 className="run-steps__phase">{phase}</h3>}
              <ol className="run-steps__list" aria-label={phase ?? 'Steps without a phase'}>
                {members.map(({ step, number }) => (
                  <Row key={step.id} step={step} number={number} />
                ))}
              </ol>
            </li>
          ))}
        </ol>
      </nav>
      <RunWays run={run} />
    </section>
  );
}

const Row = memo(
  function Row({ step, number }: { readonly step: StepView; readonly number: number }): ReactNode {
    return (
      <li
        className="run-step"
        data-status={step.status}
        value={number}
        {...(step.status === 'present' ? { 'aria-current': 'step' as const } : {})}
      >
        <Icon name={ICONS[step.status]} />
        <span className="run-step__number">{number}</span>
        <span className="run-step__title">{step.title}</span>
        <span className="run-step__meta">
          {STEP_STATUS[step.status]}
          {step.began === null ? null : (
            <>
              {' · '}
              <Elapsed since={step.began} until={step.ended} />
            </>
          )}
          {step.minutes === null || step.ended !== null
            ? null
            : `${step.began === null ? ', about' : ' of'} ${step.minutes} min`}
          {step.attempts > 1 ? ` · ${counted(step.attempts, 'attempt')}` : null}
        </span>
      </li>
    );
  },
  (before, after) => before.number === after.number && JSON.stringify(before.step) === JSON.stringify(after.step),
);

interface Phase {
  readonly phase: string | null;
  readonly members: readonly { readonly step: StepView; readonly number: number }[];
}

/** Steps that follow each other in one phase, together. */
function inPhases(steps: readonly StepView[]): readonly Phase[] {
  const phases: { phase: string | null; members: { step: StepView; number: number }[] }[] = [];
  steps.forEach((step, index) => {
    const member = { step, number: index + 1 };
    const last = phases.at(-1);
    if (last === undefined || last.phase !== step.phase) phases.push({ phase: step.phase, members: [member] });
    else last.members.push(member);
  });
  return phases;
}
