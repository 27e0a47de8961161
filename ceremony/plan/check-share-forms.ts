/** Forms in which shares are handed over: each is for a share of the set, and what it needs is declared and bound. */
import { heldShares, setOf } from '../custody/share-sets';
import type { Binding } from './binding-schema';
import { repeated, type Findings } from './finding';
import { sharedKeyOf } from './master-key-scheme';
import type { Plan } from './schema';
import { custodyForms, custodyMedia, custodyPrinters } from './share-forms';

/** Adds a finding for every form that cannot be carried out. */
export function checkShareForms(plan: Plan, findings: Findings): void {
  const shared = sharedKeyOf(plan);
  const forms = shared?.forms ?? [];
  checkNumbers('masterKey.forms', forms, shared?.shares ?? 0, findings);
  for (const kept of plan.keptShares ?? [])
    checkNumbers(`forms of ${kept.id}`, kept.forms ?? [], kept.shares, findings);
  const copied = new Set((shared?.copiesOf ?? []).flatMap(({ of }) => of));
  for (const { share } of forms.filter((one) => copied.has(one.share))) {
    findings.error(
      null,
      'share-form-copied',
      `\`masterKey.forms\` names share ${String(share)}, of which there are copies.`,
      'Leave it on a worksheet: a copy is shown and typed back as the share itself was.',
    );
  }
  const exported = plan.steps.flatMap((step) => (step.action === 'export' ? step.media : []));
  const media = custodyMedia(plan);
  for (const medium of repeated([...media, ...new Set(exported.filter((one) => media.includes(one)))])) {
    findings.error(
      null,
      'share-medium-shared',
      `A share is written to the medium ${medium}, and so is something else.`,
      'Give each custodian a medium of their own, which nobody else takes away.',
    );
  }
}

/** Each form is for a share of the set, and each share has one. */
function checkNumbers(
  where: string,
  forms: readonly { readonly share: number }[],
  count: number,
  findings: Findings,
): void {
  for (const share of repeated(forms.map((one) => String(one.share)))) {
    findings.error(
      null,
      'share-form-twice',
      `\`${where}\` names share ${share} twice.`,
      'Name it once: a share has one form.',
    );
  }
  for (const { share } of forms) {
    if (share <= count) continue;
    findings.error(
      null,
      'share-form-unknown',
      `\`${where}\` names share ${String(share)}, and the set has ${String(count)}.`,
      'Name one of the shares of the set.',
    );
  }
}

/** Adds a finding for what whoever has a share of a kept set needs to bring it, and the binding does not have. */
export function checkBoundKeptForms(plan: Plan, binding: Binding, findings: Findings): void {
  for (const { id, forms = [] } of plan.keptShares ?? []) {
    const set = setOf(binding.shareSets?.sets ?? [], id);
    for (const { share, holder } of set === null ? [] : heldShares(set)) {
      const form = forms.find((one) => one.share === share.index);
      const person = binding.people.find((one) => one.id === holder.id);
      if (form === undefined || person === undefined) continue;
      if (form.form === 'age-file' && form.lock === 'recipient' && person.age === undefined) {
        findings.error(
          null,
          'age-recipient-missing',
          `Share ${String(share.index)} of ${id} is encrypted to the age recipient of ${person.id}, who has none.`,
          `Add \`age: {recipient: age1...}\` to ${person.id}, as it was when the share was made.`,
        );
      }
      if (form.form === 'own-token' && person.token === undefined) {
        findings.error(
          null,
          'share-token-missing',
          `Share ${String(share.index)} of ${id} is on the token of ${person.id}, who has none.`,
          `Bind the token of ${person.id}: the very one that the share was put on.`,
        );
      }
      const step = plan.steps.find(
        (one) => one.action === 'shares.transfer' && one.set === id && one.from === person.position,
      );
      if (step === undefined) continue;
      findings.error(
        step.id,
        'share-not-passed-on',
        `Share ${String(share.index)} of ${id} is on a token or in a file of ${person.id}, and only what is typed is passed on.`,
        'Make a new set with `shares.reshare`, in which the successor has a share of their own.',
      );
    }
  }
}

/** Adds a finding for what the forms of a plan need and the binding does not have. */
export function checkBoundForms(plan: Plan, binding: Binding, findings: Findings): void {
  const shared = sharedKeyOf(plan);
  if (shared === null) return;
  const custodians = binding.people.filter(({ position }) => position === shared.custodians);
  const forms = custodyForms(plan);
  if (forms.some((one) => one.form === 'age-file' && one.lock === 'recipient')) {
    for (const { id } of custodians.filter(({ age }) => age === undefined)) {
      findings.error(
        null,
        'age-recipient-missing',
        `A share is encrypted to its custodian’s age recipient, and ${id} has none.`,
        `Add \`age: {recipient: age1...}\` to ${id}, as the custodian gave it; any custodian may get that share.`,
      );
    }
  }
  if (forms.some((one) => one.form === 'own-token')) {
    for (const { id } of custodians.filter(({ token }) => token === undefined)) {
      findings.error(
        null,
        'share-token-missing',
        `A share is put on its custodian’s own token, and ${id} has none.`,
        `Bind the token of ${id}, or give the share another form in the plan; any custodian may get that share.`,
      );
    }
  }
  for (const { id, path } of binding.printers ?? []) {
    if (!custodyPrinters(plan).includes(id) || isDevice(path, binding)) continue;
    findings.error(
      null,
      'printer-keeps-copies',
      `The printer ${id} is bound to ${path}, which is no device of a printer: a queue or a file keeps what it is given.`,
      'Bind the device of a printer that is connected by USB, such as /dev/usb/lp0.',
    );
  }
  const paths = binding.media.filter(({ id }) => custodyMedia(plan).includes(id)).map(({ path }) => path);
  const others = binding.media.filter(({ id }) => !custodyMedia(plan).includes(id)).map(({ path }) => path);
  for (const path of repeated([...paths, ...new Set(others.filter((one) => paths.includes(one)))])) {
    findings.error(
      null,
      'share-medium-shared',
      `Two media are bound to ${path}, and a share is written to one of them.`,
      'Bind each to the folder at which it is mounted.',
    );
  }
}

/** Below /dev, and not what the process has open anyway. What kind of device it is, only the share process sees. */
function isDevice(path: string, { room }: Binding): boolean {
  if (room !== undefined && path.startsWith(`${room}/`)) return true;
  return path.startsWith('/dev/') && !/^\/dev\/(?:std(?:in|out|err)|fd|tty.*|pts|shm|null)(?:\/|$)/.test(path);
}
