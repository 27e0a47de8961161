/** Going on after a crash, in the session that was under way: the record is read again, a torn last line is cut off and told of, and the run continues. */
import { SUMS, TRANSCRIPT } from '../bundle/layout';
import type { BindingDocument, PlanDocument } from '../plan/read';
import { readTranscript } from '../transcript/read';
import { TranscriptDamaged, TranscriptWriter } from '../transcript/writer';
import { Ceremony, CeremonyStopped } from './ceremony';
import { settleClock } from './clock';
import type { BundleFolder, EnginePorts } from './ports';
import { CeremonyRecord } from './record';
import { sha256Hex } from './signatures';

/**
 * Opens the transcript of an unfinished ceremony.
 *
 * @param binding the one in force: of the session that was under way
 * @throws CeremonyStopped when it is paused under seal: only a new session goes on
 * @throws TranscriptDamaged when the transcript is damaged otherwise than by a torn last line, or a file that it names
 *   (plan and binding among them) is not there or another; nothing was changed then
 */
export async function resumeCeremony(
  plan: PlanDocument,
  binding: BindingDocument,
  ports: EnginePorts,
): Promise<Ceremony> {
  await requireFilesOfRecord(plan, binding, ports.folder);
  if ((await recordOf(ports.folder)).paused) throw new CeremonyStopped(PAUSED);
  const { writer, lines, torn } = await TranscriptWriter.resume(ports.folder, ports.clock, ports.random);
  const record = new CeremonyRecord();
  for (const line of lines) record.apply(line);
  const ceremony = new Ceremony({ plan: plan.plan, binding: binding.binding, ports, record, writer });
  ceremony.onClockBack = settleClock(ceremony);
  if (record.closed !== null) return ceremony;
  // No seal of ours: there is none before the closing line.
  if (await ports.folder.exists(SUMS)) await ports.folder.remove(SUMS);
  await ceremony.append({
    type: 'ceremony.resumed',
    step: null,
    by: [],
    body: {
      reason: 'crash',
      torn,
      note: 'The program ended without closing the ceremony; every device is read again.',
    },
  });
  return ceremony;
}

const PAUSED =
  'The ceremony is paused under seal. It goes on with a binding for the next session, which the approvers sign: ' +
  'keyrite resume DIR --binding B2';

/**
 * A crash takes no file that a whole line names, and changes none: whoever did must be found before anything goes on.
 *
 * @param binding the one in force; null where a new one comes
 * @throws TranscriptDamaged naming the file
 */
export async function requireFilesOfRecord(
  plan: PlanDocument,
  binding: BindingDocument | null,
  folder: BundleFolder,
): Promise<void> {
  const { lines } = readTranscript(await folder.read(TRANSCRIPT));
  const opening = lines[0]?.line;
  if (opening?.type !== 'ceremony.opened') return;
  if (opening.body.plan.sha256 !== plan.sha256) throw changed('plan.yaml', 'is another plan than the one approved');
  const sessions = lines.flatMap(({ line }) => (line.type === 'ceremony.resumed' ? (line.body.session ?? []) : []));
  const inForce = sessions.at(-1)?.binding.sha256 ?? opening.body.binding.sha256;
  if (binding !== null && inForce !== binding.sha256) {
    throw changed('binding.yaml', 'is another binding than the one approved');
  }
  const record = await recordOf(folder);
  for (const [name, sha256] of record.files) {
    if (!(await folder.exists(name))) throw changed(name, 'is named in the record and is not there');
    if (sha256Hex(await folder.read(name)) !== sha256) throw changed(name, 'is not what the record says');
  }
}

/**
 * The record of a bundle as its transcript tells it; nothing is changed.
 *
 * @throws TranscriptDamaged when its lines do not make sense
 */
export async function recordOf(folder: BundleFolder): Promise<CeremonyRecord> {
  const record = new CeremonyRecord();
  for (const { line } of readTranscript(await folder.read(TRANSCRIPT)).lines) {
    try {
      record.apply(line);
    } catch {
      throw changed('transcript.jsonl', `does not make sense at line ${String(line.seq)}`);
    }
  }
  return record;
}

function changed(name: string, how: string): TranscriptDamaged {
  return new TranscriptDamaged(
    `${name} ${how}. A crash does not do that.\nNothing was changed; bring the file as it was written, or keep the folder as ` +
      'it is and have the auditor look at it.',
  );
}
