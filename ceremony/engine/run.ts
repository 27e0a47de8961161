/** Running a ceremony from where its transcript stands to its close. */
import { DeviceError } from '../command/device-error';
import type { VerifyReport } from '../bundle/verify';
import type { Step } from '../plan/schema';
import { decideAfter, recordFailure } from './act';
import { CeremonyStopped, type Ceremony } from './ceremony';
import { closeCeremony } from './close';
import { carryOut } from './handlers';
import { mayBeWaived, recordException, signRaised } from './exception';
import { pauseHere } from './pause';
import { takeChanges } from './people-changes';
import type { Decision } from './ports';
import { SPACE_FOR_A_STEP, requireSpace } from './space';
import { untilItWorks } from './until-it-works';

/** Called as steps begin and end, for progress and for measuring, and to hold the run between them. */
export interface StepObserver {
  /**
   * Waited for before each step, and before the close (`next` is null), while nothing is under way: until the operator
   * begins it, say. `stop` ends the run there. Without it the run goes on by itself.
   */
  mayBegin?(next: Step | null): Promise<'go' | 'stop'>;
  stepBegins(step: Step, index: number, count: number): void;
  stepEnds(step: Step): void;
}

/**
 * Carries out every step that is not on record as complete, then closes the ceremony and seals the bundle.
 *
 * @returns the verification of the sealed bundle
 * @throws CeremonyPaused when the plan pauses the ceremony under seal: the run ended well, and a new session goes on
 * @throws CeremonyStopped when the people stop, or nothing further may be done; the bundle can be resumed
 */
export async function runCeremony(ceremony: Ceremony, observer: StepObserver): Promise<VerifyReport> {
  const { steps } = ceremony.plan;
  tellDevices(ceremony);
  // An abandoned one is closed though steps are left.
  if (ceremony.record.closed !== null) return closeCeremony(ceremony);
  let pauses = 0;
  for (const [index, step] of steps.entries()) {
    if (step.action === 'pause') pauses += 1;
    if (ceremony.record.step(step.id).status !== 'begun') {
      // The program may have ended between the step and the line that ends the session.
      if (step.action === 'pause') await pauseHere(ceremony, step, pauses);
      continue;
    }
    await waitBefore(ceremony, observer, step);
    observer.stepBegins(step, index, steps.length);
    ceremony.ports.devices.holdLogin(holdsLogin(ceremony, step));
    await runStep(ceremony, step);
    // After the roll call, those who sign are there.
    await signRaised(ceremony);
    await ceremony.ports.devices.endStep();
    if (steps[index + 1]?.phase !== step.phase) await ceremony.ports.devices.endPhase();
    observer.stepEnds(step);
    if (step.action === 'pause') await pauseHere(ceremony, step, pauses);
  }
  await waitBefore(ceremony, observer, null);
  await untilItWorks(ceremony.ports.people, 'the last checkpoint is signed', async () => {
    await takeChanges(ceremony, null);
    await requireSpace(ceremony, SPACE_FOR_A_STEP, 'the close');
    ceremony.signersFor(ceremony.record.opened.body.quorum);
  });
  await signRaised(ceremony);
  requireSigned(ceremony);
  return closeCeremony(ceremony);
}

/** Tells the devices what the record knows: units by their identity keys, people who were enrolled. */
export function tellDevices({ plan, record, ports }: Ceremony): void {
  for (const { id } of plan.units) {
    const known = record.unit(id);
    if (known !== null) ports.devices.knowIdentity(id, known.identitySpki);
  }
  for (const [id, { entry }] of record.enrolled) ports.devices.knowPerson(id, entry.key);
}

/** Waits until the next step may begin, or the close, and has signed what was raised meanwhile or in a run before. */
async function waitBefore(ceremony: Ceremony, observer: StepObserver, next: Step | null): Promise<void> {
  const before = next === null ? 'the close' : `step “${next.title}”`;
  if ((await observer.mayBegin?.(next)) === 'stop') ceremony.askToStop();
  ceremony.stopIfAsked(before);
  await takeChanges(ceremony, null);
  await signRaised(ceremony);
}

/** Nobody signs a record whose exceptions only one side knows of. Throws CeremonyStopped while one is not signed. */
export function requireSigned(ceremony: Ceremony): void {
  const waiting = ceremony.record.raised.length;
  if (waiting === 0) return;
  throw new CeremonyStopped(
    `${waiting === 1 ? 'A raised exception is' : `${String(waiting)} raised exceptions are`} not signed: a crypto administrator ` +
      'and the witness or auditor must both be present to sign. The ceremony is not closed.',
  );
}

async function runStep(ceremony: Ceremony, step: Step): Promise<void> {
  for (;;) {
    const starting = ceremony.acting();
    await ceremony.append({
      type: 'step.started',
      step: step.id,
      by: starting,
      body: {
        attempt: ceremony.record.step(step.id).attempts + 1,
        action: step.action,
        ...ceremony.watching(starting),
      },
    });
    try {
      await requireSpace(ceremony, SPACE_FOR_A_STEP, `step “${step.title}”`);
      await takeChanges(ceremony, step.id);
      const { result, files } = await carryOut(ceremony, step);
      const ending = ceremony.acting();
      await ceremony.append({
        type: 'step.outcome',
        step: step.id,
        by: ending,
        body: {
          attempt: ceremony.record.step(step.id).attempts,
          act: null,
          result,
          ...ceremony.watching(ending),
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

function decide(ceremony: Ceremony, step: Step, error: DeviceError): Promise<Decision> {
  const waivable = mayBeWaived(ceremony, step);
  return decideAfter(ceremony, step.id, error, waivable ? ['again', 'exception', 'stop'] : ['again', 'stop']);
}

function holdsLogin(ceremony: Ceremony, step: Step): boolean {
  return ceremony.plan.phases.some((phase) => phase.id === step.phase && phase.holdLogin);
}
