/**
 * How a share gets into its custodian's hands and how it comes back: the one place that knows, for whoever hands shares out,
 * has them entered, or has custodians prove that they still have them.
 */
import type { JsonObject } from '../canonical-json';
import { DeviceError } from '../command/device-error';
import { custodyFormOf, type CustodyForm } from '../plan/share-forms';
import type { Ceremony } from './ceremony';
import type { ShareFile, ShareMedium, ShareOfSet, SheetTarget } from './ports';

/**
 * Hands a share over in the form that the plan gives it.
 *
 * @returns what goes on record of it, as `custody`; null for a worksheet, of which nobody has anything
 * @throws DeviceError of the share process, or `CUSTODY_UNBOUND` when the binding lacks what the form needs
 */
export async function handOverShare(ceremony: Ceremony, index: number, custodian: string): Promise<JsonObject | null> {
  const { shares } = ceremony.ports;
  const form = custodyFormOf(ceremony.plan, index);
  switch (form.form) {
    case 'worksheet':
      await shares.show(index, custodian);
      return null;
    case 'printed': {
      const { file } = await shares.print(index, custodian, printerOf(ceremony, form.printer));
      return { form: form.form, printer: form.printer, ...(file === null ? {} : { file }) };
    }
    case 'pdf': {
      const medium = mediumOf(ceremony, form.medium);
      const { file } = await shares.print(index, custodian, { kind: 'medium', medium });
      return { form: form.form, medium: form.medium, ...(file === null ? {} : { file }) };
    }
    case 'own-token': {
      const share = shareOf(ceremony, index);
      const { devices } = ceremony.ports;
      const { key } = ceremony.participant(custodian);
      const made = await devices.makeShareKey(custodian, share);
      const { envelope, sha256 } = await shares.sealShare(index, custodian, made, key);
      await devices.keepShare(custodian, share, envelope);
      return { form: form.form, spki: made.spki, oaep: made.oaep, signature: made.signature, sha256 };
    }
    case 'age-file': {
      const to = ageFile(ceremony, form, custodian);
      const { file, sha256 } = await shares.writeFile(index, custodian, to);
      const recipient = to.lock.kind === 'recipient' ? { recipient: to.lock.recipient } : {};
      return { form: form.form, medium: form.medium, lock: form.lock, ...recipient, file, sha256 };
    }
  }
}

/**
 * Takes a share back from its custodian, in the form that the plan gives it; it is compared with its commitment.
 *
 * @throws DeviceError as {@link handOverShare}; SHARE_WRONG when it is not the share that was handed out
 */
export async function takeShareBack(ceremony: Ceremony, index: number, custodian: string): Promise<void> {
  await takeBackAs(ceremony, custodyFormOf(ceremony.plan, index), shareOf(ceremony, index), custodian);
}

/**
 * The same of a share of any set that the share process holds, in a form that is told.
 *
 * @throws DeviceError as {@link takeShareBack}
 */
export async function takeBackAs(
  ceremony: Ceremony,
  form: CustodyForm,
  share: ShareOfSet,
  custodian: string,
): Promise<void> {
  const { shares } = ceremony.ports;
  const { index } = share;
  switch (form.form) {
    case 'worksheet':
    case 'printed':
    case 'pdf':
      await shares.enter(index, custodian);
      return;
    case 'own-token': {
      const asked = await shares.askToken();
      const given = await ceremony.ports.devices.openShare(custodian, share, asked);
      await shares.takeFromToken(index, custodian, given);
      return;
    }
    case 'age-file':
      await shares.readFile(index, custodian, ageFile(ceremony, form, custodian));
  }
}

/** What is in the custodian's hands, to follow "destroy". */
export function whatCustodiansHave({ plan }: Pick<Ceremony, 'plan'>): string {
  return (plan.masterKey !== undefined && 'forms' in plan.masterKey ? plan.masterKey.forms : undefined) === undefined
    ? 'every worksheet of it'
    : 'every worksheet, file and sheet of it';
}

function shareOf({ record }: Ceremony, index: number): ShareOfSet {
  if (record.set === null) throw new Error('there is no share set on record');
  return { set: record.set.set, index };
}

function ageFile(ceremony: Ceremony, form: Extract<CustodyForm, { form: 'age-file' }>, custodian: string): ShareFile {
  const medium = mediumOf(ceremony, form.medium);
  if (form.lock === 'passphrase') return { medium, lock: { kind: 'passphrase' } };
  const age = ceremony.binding.people.find(({ id }) => id === custodian)?.age;
  if (age === undefined) {
    throw unbound(`${ceremony.participant(custodian).name} has no age recipient in the binding`);
  }
  const { recipient, identityFile = null } = age;
  return { medium, lock: { kind: 'recipient', recipient, identityFile } };
}

/** Folders of a rehearsal's room stand for media; in production the medium is one that is taken away. */
function mediumOf({ binding }: Ceremony, id: string): ShareMedium {
  const path = binding.media.find((one) => one.id === id)?.path;
  if (path === undefined) throw unbound(`the medium ${id} is not bound`);
  return { path, removable: binding.mode === 'production' };
}

/** A folder of a rehearsal's room stands for a printer: what would be printed is a file there. */
function printerOf({ binding }: Ceremony, id: string): SheetTarget {
  const printer = binding.printers?.find((one) => one.id === id);
  if (printer === undefined) throw unbound(`the printer ${id} is not bound`);
  const { path, language } = printer;
  const isFolder = binding.room !== undefined && path.startsWith(`${binding.room}/`);
  if (isFolder) return { kind: 'medium', medium: { path, removable: false } };
  return { kind: 'printer', path, language };
}

function unbound(message: string): DeviceError {
  return new DeviceError({
    code: 'CUSTODY_UNBOUND',
    message,
    changed: 'Nothing was changed: the share was not handed over.',
    next: 'Stop, bind what is missing, and have the binding approved again.',
    uncertain: false,
  });
}
