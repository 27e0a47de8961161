/** Review of a plan: everything people must have read before they accept it, its hash first. */
import './review-screen.scss';
import type { PlanView } from '../../../ipc/view';
import { ActionBar } from '../../components/action-bar';
import { ActionButton } from '../../components/action-button';
import { Fields } from '../../components/fields';
import { FindingsList } from '../../components/findings-list';
import { ReadAloud } from '../../components/hash';
import { Panel } from '../../components/panel';
import { ScreenTitle } from '../../components/screen-title';
import { counted, roleWord } from '../../components/words';
import { act } from '../../store';
import { PlanPeople, PlanPins, PlanUnits } from './plan-tables';
import { StepTable } from './step-table';

/** The review screen, from the plan. */
export function ReviewScreen({ plan }: { readonly plan: PlanView }) {
  const errors = plan.findings.filter(({ severity }) => severity === 'error').length;
  return (
    <>
      <ScreenTitle above="Review of the plan" lead={plan.purpose}>
        {plan.title}
      </ScreenTitle>
      <div className="review__top">
        <Panel title="Hash of the plan" aside="Read it aloud, and compare it with the printed script">
          <ReadAloud label="Hash of the plan" hex={plan.sha256} words={plan.words} />
          <Fields
            fields={[
              { name: 'File', value: <span className="mono small">{plan.file}</span> },
              { name: 'Plan id', value: <span className="mono small">{plan.id}</span> },
            ]}
          />
        </Panel>
        <div className="review__beside">
          <Panel title="What the checker finds">
            <FindingsList findings={plan.findings} none="The checker finds nothing wrong" />
          </Panel>
          <Panel title="Approval">
            <p>
              {counted(plan.approval.count, 'person', 'people')} of the position{' '}
              <strong className="mono">{plan.approval.position}</strong> must sign plan and binding, each with their own
              key. They sign after the binding is set, before anything else is done.
            </p>
          </Panel>
        </div>
      </div>
      <StepTable steps={plan.steps} />
      <div className="review__pair">
        <PlanPeople plan={plan} />
        <div className="review__beside">
          <PlanUnits plan={plan} />
          <Panel title="Room and sign-off">
            <Fields
              fields={[
                { name: 'Site', value: plan.site },
                { name: 'Controls', value: <Lines lines={plan.controls} /> },
                {
                  name: 'Last signatures',
                  value: plan.quorum.map(({ role, count }) => `${String(count)} × ${roleWord(role)}`).join(', '),
                },
                { name: 'Wording', value: plan.signOff },
              ]}
            />
          </Panel>
        </div>
      </div>
      <PlanPins plan={plan} />
      <ActionBar>
        <ActionButton
          weight="primary"
          unavailable={
            plan.good ? null : `The checker finds ${counted(errors, 'error')}: the plan cannot be carried out`
          }
          onAct={() => void act('plan.accept', {})}
        >
          Accept this plan and go on to the binding
        </ActionButton>
        <ActionButton weight="quiet" onAct={() => void act('home.show', {})}>
          Back home
        </ActionButton>
      </ActionBar>
    </>
  );
}

function Lines({ lines }: { readonly lines: readonly string[] }) {
  return (
    <ul className="review__lines">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
