/** The steps of a plan in their order, by phases; what people do in each can be opened. */
import { useRef, useState } from 'react';
import type { PlanView } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { Panel } from '../../components/panel';
import { counted } from '../../components/words';

type Step = PlanView['steps'][number];

/** Steps that follow each other in one phase, with the number of the first. */
interface Run {
  readonly phase: string | null;
  readonly first: number;
  readonly steps: readonly Step[];
}

/** The table of steps. */
export function StepTable({ steps }: { readonly steps: readonly Step[] }) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const openAll = () => {
    for (const details of place.current?.querySelectorAll('details') ?? []) details.open = !open;
    setOpen(!open);
  };
  const minutes = steps.reduce((sum, step) => sum + (step.minutes ?? 0), 0);
  return (
    <Panel
      title="Steps"
      aside={
        <span className="review__steps-aside">
          {counted(steps.length, 'step')}, about {lasting(minutes)}
          <ActionButton small weight="quiet" onAct={openAll}>
            {open ? 'Close all instructions' : 'Open all instructions'}
          </ActionButton>
        </span>
      }
    >
      <div ref={place}>
        <table className="table review__steps" aria-label="Steps of the plan, by phases">
          <thead>
            <tr>
              <th scope="col" className="table__number">
                No.
              </th>
              <th scope="col">Step, and what people do</th>
              <th scope="col">Action</th>
              <th scope="col" className="table__number">
                Minutes
              </th>
            </tr>
          </thead>
          {runsOf(steps).map((run) => (
            <tbody key={run.first}>
              <tr className="review__phase">
                <th scope="rowgroup" colSpan={3}>
                  {run.phase ?? 'Without a phase'}
                </th>
                <td className="table__number">{run.steps.reduce((sum, step) => sum + (step.minutes ?? 0), 0)}</td>
              </tr>
              {run.steps.map((step, place) => (
                <tr key={step.id}>
                  <td className="table__number">{run.first + place}</td>
                  <th scope="row">
                    <details>
                      <summary>{step.title}</summary>
                      <ul className="review__lines">
                        {step.instructions.map((line) => (
                          <li key={line}>{line}</li>
                        ))}
                      </ul>
                    </details>
                  </th>
                  <td className="mono">{step.action}</td>
                  <td className="table__number">{step.minutes ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
    </Panel>
  );
}

function runsOf(steps: readonly Step[]): Run[] {
  const runs: Run[] = [];
  steps.forEach((step, place) => {
    const last = runs.at(-1);
    if (last !== undefined && last.phase === step.phase)
      runs[runs.length - 1] = { ...last, steps: [...last.steps, step] };
    else runs.push({ phase: step.phase, first: place + 1, steps: [step] });
  });
  return runs;
}

/** Minutes as hours and minutes, such as `3 h 15 min`. */
function lasting(minutes: number): string {
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${String(minutes)} min` : `${String(hours)} h ${String(minutes % 60)} min`;
}
