/** Closing: the last line, the last checkpoint, what lies around the record, the sums, and a verification of it all. */
import { SUMS } from '../bundle/layout';
import { replaceFile, sealAnew, unseal } from '../bundle/seal';
import { sealOf } from '../bundle/sums';
import { timestampRequest } from '../bundle/timestamp-request';
import { verifyBundle, type VerifyReport } from '../bundle/verify';
import { checkpointFiles } from '../transcript/checkpoint';
import type { LineWith } from '../transcript/line';
import { CeremonyStopped, type Ceremony } from './ceremony';
import { makeFinalCheckpoint } from './checkpoint';
import { copyToMedia } from './copy-to-media';

/** How a ceremony ends. */
type Outcome = LineWith<'ceremony.closed'>['body']['outcome'];

/**
 * Closes the ceremony and seals the bundle. Interrupted, it is done again from where it stood; a bundle that is sealed
 * stays as it is, and only its copies are seen to.
 *
 * @param outcome what the closing line says, where there is none yet
 * @throws CeremonyStopped when the sealed bundle does not verify; no SHA256SUMS of this run is left then
 * @throws BundleNotCopied when a medium did not get its copy
 */
export async function closeCeremony(ceremony: Ceremony, outcome: Outcome = 'completed'): Promise<VerifyReport> {
  const isSealed = ceremony.record.closed !== null && (await sealOf(ceremony.ports.folder)) === 'whole';
  if (!isSealed) await signAndSeal(ceremony, outcome);
  const report = await readBack(ceremony, isSealed);
  await copyToMedia(ceremony);
  return report;
}

async function signAndSeal(ceremony: Ceremony, outcome: Outcome): Promise<void> {
  if (ceremony.record.closed === null) {
    await ceremony.append({
      type: 'ceremony.closed',
      step: null,
      by: [],
      body: {
        outcome,
        exceptions: ceremony.record.exceptions,
        withheld: 0,
        signOff: ceremony.plan.signOff.wording,
      },
    });
  }
  const last = await makeFinalCheckpoint(ceremony);
  await ceremony.ports.devices.endPhase();
  await seal(ceremony, last);
}

/** Timestamp request, reports, kit and sums: made anew each time, since they only follow from the signed record. */
async function seal(ceremony: Ceremony, last: { readonly number: number; readonly body: Uint8Array }): Promise<void> {
  const { folder, people, printer } = ceremony.ports;
  await unseal(folder);
  await replaceFile(folder, checkpointFiles(last.number).timestampRequest, timestampRequest(last.body));
  people.tell({ kind: 'progress', text: 'writing the report' });
  await sealAnew(folder, printer);
}

async function readBack(ceremony: Ceremony, wasSealed: boolean): Promise<VerifyReport> {
  const { folder } = ceremony.ports;
  const report = await verifyBundle(folder, { planHash: ceremony.record.opened.body.plan.sha256 });
  if (report.verdict === 'verified' || isTruthfullyAbandoned(report)) return report;
  if (!wasSealed) await folder.remove(SUMS);
  const why = report.findings.map((one) => `${one.where}: ${one.reason}`).join('; ');
  throw new CeremonyStopped(`the bundle, read back, is ${report.verdict}: ${why}`);
}

/** What is missing in an abandoned ceremony is what the record itself says is missing. */
function isTruthfullyAbandoned({ verdict, summary, findingsInAll }: VerifyReport): boolean {
  return verdict === 'incomplete' && summary?.outcome === 'abandoned' && findingsInAll === 0;
}
