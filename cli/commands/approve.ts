/** `keyrite approve`: an approver signs plan and binding beforehand; the file is brought to the ceremony. */
import { join, resolve, dirname } from 'node:path';
import { approvalBytes, approvalPayload, approversOf } from '../../ceremony/engine/approvals';
import { refuseErrors, rosterOf, type Documents } from '../../ceremony/engine/open';
import { checkSession, standingOf } from '../../ceremony/engine/sessions';
import { canonicalBytes } from '../../ceremony/canonical-json';
import { PAYLOAD_TYPES, isValidSignature, preAuthenticationEncoding } from '../../ceremony/command/dsse';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import type { RosterEntry } from '../../ceremony/transcript/line';
import { hexGroups, words } from '../../ceremony/words';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { UsageError } from '../../workstation/explain';
import { existingFolder, readText } from '../../workstation/input';
import { refuseExisting, writeNewFile } from '../../workstation/output-file';
import { playerOf } from '../../workstation/rehearsal/room';
import { EXIT, type ExitCode } from '../exit';
import { signerOf, withSigners, type Signer, type Signing } from '../signers';
import { askAtTerminal, requireTerminal } from '../terminal';
import { readArguments, required } from './arguments';

/**
 * Writes the approval. Plan and binding are checked first; hashes are shown, and the approver is asked whether they are those
 * of what they reviewed.
 *
 * @param signing how people sign
 * @throws PlanRefused when the checker finds an error
 */
export async function approve(args: string[], signing: Signing = withSigners): Promise<ExitCode> {
  const given = readArguments(args, 'PLAN', ['binding', 'as', 'key', 'tokens', 'session', 'out']);
  const out = required(given, 'out');
  const signer = signerOf(required(given, 'as'), given.options['key']);
  const planText = readText(given.operand, 'plan');
  const bindingText = readText(required(given, 'binding'), 'binding');
  const documents = { planText, plan: readPlan(planText), bindingText, binding: readBinding(bindingText) };
  const approvers = await checkedApprovers(documents, given.options['session']);
  const approver = approvers.find(({ id }) => id === signer.id);
  if (approver === undefined) {
    throw new UsageError(
      `${signer.id} is no approver of this binding`,
      `Those who approve it are: ${approvers.map(({ id }) => id).join(', ')}.`,
    );
  }
  const tokens = given.options['tokens'];
  const bound = tokens === undefined ? documents.binding.binding : readBinding(readText(tokens, 'binding')).binding;
  refuseWithoutKey(signer, approver, bound);
  refuseExisting(out);
  process.stderr.write(whatIsApproved(documents, approver));
  const played = playerOf(bound) !== null;
  // SECURITY(K-181): nobody signs what they were not shown, and asked about.
  if (!played) await confirmAtTerminal(approver.name);
  const payload = approvalPayload(documents, approver.id);
  const message = preAuthenticationEncoding(PAYLOAD_TYPES.approval, canonicalBytes(payload));
  const context = {
    ceremony: documents.binding.binding.ceremony,
    roster: [approver],
    folder: dirname(resolve(out)),
    bound: { plan: documents.plan.plan, binding: bound },
  };
  const signature = await signing([signer], context, (sign) => sign(approver.id, message));
  if (!isValidSignature(approver.key, message, signature)) {
    throw new UsageError(
      `the signature does not fit the key that the binding names for ${approver.name}`,
      'Use the right token or key file, or have the binding corrected. Nothing was written.',
    );
  }
  writeNewFile(out, approvalBytes(payload, approver.id, signature));
  const { plan, binding } = documents;
  process.stdout.write(
    given.json
      ? `${JSON.stringify({ out, approver: approver.id, plan: plan.sha256, binding: binding.sha256 })}\n`
      : `${out}\n`,
  );
  return EXIT.good;
}

/**
 * Checks plan and binding as the start will; returns those who may approve the binding.
 *
 * @param session folder of the paused ceremony, for the binding of its next session
 */
async function checkedApprovers(documents: Documents, session: string | undefined): Promise<readonly RosterEntry[]> {
  if (session === undefined) {
    refuseErrors(documents);
    return approversOf(documents, rosterOf(documents));
  }
  const path = existingFolder(session, 'ceremony');
  const folder = new FileBundleFolder(path);
  const { paused, bindingFile } = await standingOf(folder);
  if (!paused) {
    throw new UsageError(
      `the ceremony in ${session} is not paused`,
      'Only the binding of a next session is approved with --session.',
    );
  }
  const first = readBinding(readText(join(path, bindingFile), 'binding'));
  // The other approvals need not be there yet.
  return checkSession(first.binding, documents, folder);
}

/** Refuses before anybody is asked what could only fail afterwards. */
function refuseWithoutKey(
  signer: Signer,
  { id, name, key }: RosterEntry,
  binding: Documents['binding']['binding'],
): void {
  if (signer.keyFile !== null) {
    if (key.holder === 'file') return;
    throw new UsageError(
      `the key of ${name} is on a token, as the binding says, and not in a file`,
      'Leave --key out.',
    );
  }
  const person = binding.people.find((one) => one.id === id);
  if (person?.token !== undefined || person?.keyFile !== undefined) return;
  throw new UsageError(
    `the binding does not say where the key of ${name} is`,
    key.holder === 'file'
      ? 'Name the file: --key FILE.'
      : 'Name a binding that says where modules and tokens are on this machine: --tokens B.',
  );
}

function whatIsApproved({ plan, binding }: Documents, approver: RosterEntry): string {
  const { ceremony, mode, people, units } = binding.binding;
  const hash = (what: string, sha256: string): string =>
    `  ${what.padEnd(14)}${hexGroups(sha256)}\n${' '.repeat(16)}${words(Buffer.from(sha256, 'hex'))}\n`;
  return (
    `\n  ${approver.name} (${approver.id}) approves, for the ${mode} ${ceremony}:\n\n` +
    `  ${'plan'.padEnd(14)}${plan.plan.title} (${plan.plan.id}), ${String(plan.plan.steps.length)} steps\n` +
    hash('plan hash', plan.sha256) +
    `  ${'binding'.padEnd(14)}${people.map(({ name }) => name).join(', ')}; units ${units.map(({ id }) => id).join(', ')}\n` +
    hash('binding hash', binding.sha256) +
    '\n  Compare both hashes with those of the plan and the binding that you reviewed.\n'
  );
}

async function confirmAtTerminal(name: string): Promise<void> {
  requireTerminal();
  for (;;) {
    const answer = await askAtTerminal(`  ${name}, are they the same, and do you approve? Type yes or no: `);
    if (answer === 'yes') return;
    if (answer === null || answer === 'no')
      throw new UsageError('plan and binding were not approved', 'Nothing was signed, and no file was written.');
  }
}
