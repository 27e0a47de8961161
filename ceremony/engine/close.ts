/** Closing: the last line, the last checkpoint, what lies around the record, the sums, and a verification of it all. */
import { SUMS } from '../bundle/layout';
import { sumsOf } from '../bundle/sums';
import { verifyKit } from '../bundle/kit';
import { renderReport } from '../bundle/report';
import { verifyBundle, type VerifyReport } from '../bundle/verify';
import { CeremonyStopped, type Ceremony } from './ceremony';
import { makeFinalCheckpoint } from './checkpoint';
import { untilItWorks } from './until-it-works';

/** The bundle is complete and sealed, and a medium lacks its copy. Nothing is left to resume. */
export class BundleNotCopied extends Error {
  override readonly name = 'BundleNotCopied';
}

/**
 * Closes the ceremony and seals the bundle. Interrupted, it is done again from where it stood.
 *
 * @throws CeremonyStopped when the sealed bundle does not verify; no SHA256SUMS is left then
 * @throws BundleNotCopied when a medium did not get its copy, and the people stopped
 */
export async function closeCeremony(ceremony: Ceremony): Promise<VerifyReport> {
  if (ceremony.record.closed === null) {
    await ceremony.append({
      type: 'ceremony.closed',
      step: null,
      by: [],
      body: {
        outcome: 'completed',
        exceptions: ceremony.record.exceptions,
        withheld: 0,
        signOff: ceremony.plan.signOff.wording,
      },
    });
  }
  await makeFinalCheckpoint(ceremony);
  await ceremony.ports.devices.endPhase();
  await seal(ceremony);
  return readBack(ceremony);
}

/** Reports, verification kit and sums: made anew each time, since they only repeat the signed record. */
async function seal(ceremony: Ceremony): Promise<void> {
  const { folder } = ceremony.ports;
  await replace(ceremony, SUMS, null);
  for (const [name, content] of Object.entries(verifyKit())) await replace(ceremony, name, content);
  const preliminary = await verifyBundle(folder, {});
  await replace(ceremony, 'report.html', Buffer.from(await renderReport(folder, preliminary), 'utf8'));
  await folder.create(SUMS, Buffer.from(await sumsOf(folder), 'utf8'));
}

async function readBack(ceremony: Ceremony): Promise<VerifyReport> {
  const { folder, workstation, people } = ceremony.ports;
  const report = await verifyBundle(folder, { planHash: ceremony.record.opened.body.plan.sha256 });
  if (report.verdict !== 'verified') {
    await folder.remove(SUMS);
    const why = report.findings.map((one) => `${one.where}: ${one.reason}`).join('; ');
    throw new CeremonyStopped(`the bundle, read back, is ${report.verdict}: ${why}`);
  }
  for (const { id, path } of mediaOf(ceremony)) {
    people.tell({ kind: 'progress', text: `copying the bundle to ${id}` });
    try {
      await untilItWorks(people, `the sealed bundle is copied to ${id}`, () =>
        workstation.copyToMedium(path, ceremony.name.id),
      );
    } catch (error) {
      throw error instanceof CeremonyStopped ? new BundleNotCopied(error.message) : error;
    }
  }
  return report;
}

function mediaOf(ceremony: Ceremony): readonly { id: string; path: string }[] {
  const wanted = ceremony.plan.steps.flatMap((step) => (step.action === 'export' ? step.media : []));
  return ceremony.binding.media.filter((one) => wanted.includes(one.id));
}

async function replace(ceremony: Ceremony, name: string, content: Uint8Array | null): Promise<void> {
  const { folder } = ceremony.ports;
  if (await folder.exists(name)) await folder.remove(name);
  if (content !== null) await folder.create(name, content);
}
