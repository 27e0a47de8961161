/**
 * Trying again where the transcript cannot tell of a failure: before its first line, and after its last. A PIN mistyped
 * there must not end the ceremony.
 */
import { DeviceError } from '../command/device-error';
import { CeremonyStopped } from './ceremony';
import type { People } from './ports';

/**
 * Does `work`, which changes no device, as often as the people want after a failure.
 *
 * @param doing what is being done, as a clause: `Ada Aker approves plan and binding`
 * @throws CeremonyStopped when the people decide to stop
 */
export async function untilItWorks<T>(people: People, doing: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      people.tell({ kind: 'failure', text: `${error.message}\n${error.changed}` });
      const { message: happened, changed, next } = error;
      const decision = await people.decide({ step: doing, happened, changed, next, options: ['again', 'stop'] });
      if (decision !== 'again') throw new CeremonyStopped(`stopped while ${doing}: ${happened}\n${next}`);
    }
  }
}
