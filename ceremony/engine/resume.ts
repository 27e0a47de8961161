/** Going on after a crash: the record is read again, a torn last line is cut off and told of, and the run continues. */
import type { BindingDocument, PlanDocument } from '../plan/read';
import { TranscriptWriter } from '../transcript/writer';
import { Ceremony } from './ceremony';
import type { EnginePorts } from './ports';
import { CeremonyRecord } from './record';

/**
 * Opens the transcript of an unfinished ceremony.
 *
 * @throws RangeError when the transcript is damaged otherwise than by a torn last line
 */
export async function resumeCeremony(plan: PlanDocument, binding: BindingDocument, ports: EnginePorts): Promise<Ceremony> {
  const { writer, lines, torn } = await TranscriptWriter.resume(ports.folder, ports.clock, ports.random);
  const record = new CeremonyRecord();
  for (const line of lines) record.apply(line);
  const ceremony = new Ceremony({ plan: plan.plan, binding: binding.binding, ports, record, writer });
  if (record.closed !== null) return ceremony;
  await ceremony.append({
    type: 'ceremony.resumed',
    step: null,
    by: [],
    body: { reason: 'crash', torn, note: 'The program ended without closing the ceremony; every device is read again.' },
  });
  return ceremony;
}
