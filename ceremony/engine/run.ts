/** Running a ceremony from where its transcript stands to its close. */
import { DeviceError } from '../command/device-error';
import type { Step } from '../plan/schema';
import { recordFailure } from './act';
import { CeremonyStopped, type Ceremony } from './ceremony';
import { closeCeremony } from './close';
import { carryOut } from './handlers';
import { mayBeWaived, recordException } from './exception';
import type { Decision } from './ports';

/** Called as steps begin and end, for progress and for measuring. */
export interface StepObserver {
  stepBegins(step: Step, index: number, count: number): void;
  stepEnds(step: Step): void;
}

/**
 * Carries out every step that is not on record as complete, then closes the ceremony and seals the bundle.
 *
 * @throws CeremonyStopped when the people stop, or nothing further may be done; the bundle can be resumed
 */
export async function runCeremony(ceremony: Ceremony, observer: StepObserver): Promise<void> {
  const { steps } = ceremony.plan;
  for (const identity of ceremony.plan.units) {
    const known = ceremony.record.unit(identity.id);
    if (known !== null) ceremony.ports.devices.knowIdentity(identity.id, known.identitySpki);
  }
  for (const [index, step] of steps.entries()) {
    if (ceremony.record.step(step.id).status !== 'begun') continue;
    observer.stepBegins(step, index, steps.length);
    ceremony.ports.devices.holdLogin(holdsLogin(ceremony, step));
    await runStep(ceremony, step);
    await ceremony.ports.devices.endStep();
    if (steps[index + 1]?.phase !== step.phase) await ceremony.ports.devices.endPhase();
    observer.stepEnds(step);
  }
  await closeCeremony(ceremony);
}

async function runStep(ceremony: Ceremony, step: Step): Promise<void> {
  for (;;) {
    await ceremony.append({
      type: 'step.started',
      step: step.id,
      by: [],
      body: { attempt: ceremony.record.step(step.id).attempts + 1, action: step.action },
    });
    try {
      const { result, files } = await carryOut(ceremony, step);
      await ceremony.append({
        type: 'step.outcome',
        step: step.id,
        by: [],
        body: {
          attempt: ceremony.record.step(step.id).attempts,
          act: null,
          result,
          ...(files === undefined ? {} : { files: [...files] }),
        },
      });
      return;
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      await recordFailure(ceremony, step.id, null, error);
      const decision = await decide(ceremony, step, error);
      if (decision === 'stop') throw new CeremonyStopped(`stopped in step ${step.id}: ${error.message}\n${error.next}`);
      if (decision === 'exception') {
        await recordException(ceremony, step, error);
        return;
      }
    }
  }
}

async function decide(ceremony: Ceremony, step: Step, error: DeviceError): Promise<Decision> {
  const waivable = mayBeWaived(ceremony, step);
  return ceremony.ports.people.decide({
    step: step.id,
    happened: error.message,
    changed: error.changed,
    next: error.next,
    options: waivable ? ['again', 'exception', 'stop'] : ['again', 'stop'],
  });
}

function holdsLogin(ceremony: Ceremony, step: Step): boolean {
  return ceremony.plan.phases.some((phase) => phase.id === step.phase && phase.holdLogin);
}
