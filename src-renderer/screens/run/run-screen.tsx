/** The run of a ceremony: steps, the present step, people and quorum, units and registers, the transcript. */
import './run-screen.scss';
import type { ReactNode } from 'react';
import type { AppView, RunView } from '../../../ipc/view';
import { PeoplePanel } from './people-panel';
import { PresentStep } from './present-step';
import { StepList } from './step-list';
import { TaskAnnouncement } from './task-announcement';
import { TranscriptPanel } from './transcript-panel';
import { UnitsPicture } from './units-picture';
import { useTaskFocus } from './use-task-focus';

/** The whole screen. `view` is what the shell shows around it. */
export function RunScreen({ run }: { readonly run: RunView; readonly view: AppView }): ReactNode {
  useTaskFocus(run);
  return (
    <div className="run-screen">
      <TaskAnnouncement run={run} />
      <StepList run={run} />
      <PresentStep run={run} />
      <PeoplePanel run={run} />
      <UnitsPicture units={run.units} />
      <TranscriptPanel run={run} />
    </div>
  );
}
