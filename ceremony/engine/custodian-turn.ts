/** Who stands where shares show: whoever comes there next proves that it is them, with the key on their own token. */
import type { Ceremony } from './ceremony';
import { provePresence } from './people-changes';

/**
 * A custodian comes to screen and keyboard, which are blank, and proves presence there; nothing is asked of one who was
 * the last to do so in this step.
 *
 * @throws DeviceError when they cannot sign; nothing was shown
 */
export async function takeTurn(ceremony: Ceremony, step: string, custodian: string): Promise<void> {
  const { atScreen } = ceremony;
  if (atScreen?.step === step && atScreen.custodian === custodian) return;
  // SECURITY(K-309): being called is not being there; whoever else is at the keyboard has not this person's token and PIN.
  await provePresence(ceremony, step, custodian);
  ceremony.atScreen = { step, custodian };
}
