/** Making a checkpoint over the lines so far and having people sign it. */
import { PAYLOAD_TYPES } from '../command/dsse';
import type { RoleCount } from '../plan/schema';
import { checkpointBody, checkpointFiles, checkpointEnvelopeFile } from '../transcript/checkpoint';
import type { Ceremony } from './ceremony';
import type { CheckpointRecord } from './record';
import { hexGroups, words } from '../words';
import { signBytes } from './signatures';
import { untilItWorks } from './until-it-works';

/** The next checkpoint's number, size, root and bytes. */
interface Made {
  readonly number: number;
  readonly size: number;
  readonly root: string;
  readonly body: Uint8Array;
}

/**
 * A checkpoint within the ceremony: announced by the line of its size, its signatures lines and files. One that a crash
 * interrupted in this step is finished, not made again.
 */
export async function makeCheckpoint(ceremony: Ceremony, step: string, quorum: readonly RoleCount[]): Promise<void> {
  const signers = ceremony.signersFor(quorum);
  const made = begun(ceremony, step) ?? (await announce(ceremony, step));
  tellRoot(ceremony, `Checkpoint ${String(made.number)}`, made);
  const body = checkpointBody({ ...ceremony.name, size: made.size, root: made.root });
  const names = checkpointFiles(made.number);
  for (const id of signers) {
    if (begun(ceremony, step)?.signedBy.includes(id) === true) continue;
    const signature = await signBytes(ceremony.ports.devices, ceremony.participant(id), PAYLOAD_TYPES.checkpoint, body);
    const file = await ceremony.settleFile(names.signature(id), signature);
    await ceremony.append({
      type: 'checkpoint.signed',
      step,
      by: [id],
      body: { number: made.number, participant: id, files: [file] },
    });
  }
  await writeEnvelope(ceremony, made.number, body, signers);
}

/** The last checkpoint covers every line, the closing one included; its signatures are files only. */
export async function makeFinalCheckpoint(ceremony: Ceremony): Promise<Made> {
  const made = next(ceremony);
  const names = checkpointFiles(made.number);
  const { folder } = ceremony.ports;
  const signers = ceremony.signersFor(ceremony.record.opened.body.quorum);
  if (!(await folder.exists(names.body))) await folder.create(names.body, made.body);
  tellRoot(ceremony, 'The last checkpoint', made);
  for (const id of signers) {
    if (await folder.exists(names.signature(id))) continue;
    ceremony.ports.people.tell({
      kind: 'progress',
      text: `${ceremony.participant(id).name} signs the last checkpoint`,
    });
    const person = ceremony.participant(id);
    const signature = await untilItWorks(ceremony.ports.people, `${person.name} signs the last checkpoint`, () =>
      signBytes(ceremony.ports.devices, person, PAYLOAD_TYPES.checkpoint, made.body),
    );
    await folder.create(names.signature(id), signature);
  }
  await writeEnvelope(ceremony, made.number, made.body, signers);
  return made;
}

/** Said while it is signed: the record grows by the signatures themselves, so that its root is soon another. */
function tellRoot(ceremony: Ceremony, which: string, { size, root }: Pick<Made, 'size' | 'root'>): void {
  const spoken = `${hexGroups(root)} (${words(Buffer.from(root, 'hex'))})`;
  ceremony.ports.people.tell({
    kind: 'result',
    text: `${which} is over ${String(size)} lines, and this is the root that is signed: ${spoken}`,
  });
}

function begun(ceremony: Ceremony, step: string): CheckpointRecord | null {
  return ceremony.record.checkpoints.findLast((one) => one.step === step) ?? null;
}

async function announce(ceremony: Ceremony, step: string): Promise<Made> {
  const made = next(ceremony);
  const file = await ceremony.settleFile(checkpointFiles(made.number).body, made.body);
  await ceremony.append({
    type: 'checkpoint.made',
    step,
    by: [],
    body: { number: made.number, size: made.size, root: made.root, files: [file] },
  });
  return made;
}

function next(ceremony: Ceremony): Made {
  const { size, root } = ceremony;
  const body = checkpointBody({ ...ceremony.name, size, root });
  return { number: ceremony.record.checkpoints.length + 1, size, root, body };
}

async function writeEnvelope(
  ceremony: Ceremony,
  number: number,
  body: Uint8Array,
  signers: readonly string[],
): Promise<void> {
  const { folder } = ceremony.ports;
  const names = checkpointFiles(number);
  const signatures = new Map<string, Uint8Array>();
  for (const id of signers) signatures.set(id, await folder.read(names.signature(id)));
  if (await folder.exists(names.envelope)) await folder.remove(names.envelope);
  await folder.create(names.envelope, checkpointEnvelopeFile(body, signatures));
}
