/** Imprinting: administrators prove possession and are added; setting the thresholds leaves imprint mode. */
import { administrator } from '../administrators';
import { commandUnit } from '../unit-command';
import type { StepHandler } from './handler';

/** Adds the administrators to each unit and sets its thresholds, signed by as many of them as the new threshold. */
export const imprint: StepHandler<'unit.imprint'> = async (ceremony, step) => {
  const administrators = ceremony.peopleOf(step.administrators).map((id) => administrator(ceremony, id));
  for (const unit of step.units) {
    for (const one of administrators) {
      await commandUnit(ceremony, {
        step: step.id,
        unit,
        name: `add-${one.id}`,
        payload: { command: 'administrator.add', administrator: one },
        signers: [one.id],
        expected: { administrator: one.id },
      });
    }
    await commandUnit(ceremony, {
      step: step.id,
      unit,
      name: 'thresholds',
      payload: {
        command: 'thresholds.set',
        signatureThreshold: step.signatureThreshold,
        revocationThreshold: step.revocationThreshold,
        administrators,
      },
      signers: administrators.slice(0, step.signatureThreshold).map((one) => one.id),
      expected: { mode: 'operational' },
    });
  }
  return { result: { units: step.units, administrators: administrators.map((one) => one.id) } };
};
