/** Opening a ceremony: approvals, the files that everything refers to, and line 0. */
import { approvalFile, pemOf } from '../bundle/layout';
import { checkPlan, checkBinding, type Finding } from '../plan/check';
import type { BindingDocument, PlanDocument } from '../plan/read';
import { RULES, type RosterEntry } from '../transcript/line';
import { TranscriptWriter } from '../transcript/writer';
import { approversOf, collectApprovals } from './approvals';
import { Ceremony, CeremonyStopped } from './ceremony';
import { settleClock } from './clock';
import type { EnginePorts } from './ports';
import { CeremonyRecord } from './record';
import { settle } from './settle';

/** What is opened: the documents with the very text that was reviewed. */
export interface Documents {
  readonly planText: string;
  readonly plan: PlanDocument;
  readonly bindingText: string;
  readonly binding: BindingDocument;
  /** Files of approvals that were given beforehand; left out: everybody signs when the ceremony is opened. */
  readonly approvals?: readonly Uint8Array[];
}

/** Who runs it: name, version, SHA-256 of the running program, and the runtime it runs on. */
export interface App {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly runtime: string;
}

/** A plan or binding that cannot be carried out. */
export class PlanRefused extends Error {
  override readonly name = 'PlanRefused';
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(findings.map((one) => `${one.step ?? 'plan'}: ${one.message} ${one.remedy}`).join('\n'));
    this.findings = findings;
  }
}

/**
 * Opens a ceremony in an empty folder. Done again after a crash before line 0, it goes on with what is there.
 *
 * @throws PlanRefused when the checker finds an error
 * @throws CeremonyStopped when an approval is missing; ApprovalRefused for a file that was brought and is none
 */
export async function openCeremony(documents: Documents, app: App, ports: EnginePorts): Promise<Ceremony> {
  refuseErrors(documents);
  const { plan } = documents.plan;
  const { binding } = documents.binding;
  const roster = rosterOf(documents);
  const approvers = approversOf(documents, roster);
  const files = [
    await settle(ports, 'plan.yaml', Buffer.from(documents.planText, 'utf8')),
    await settle(ports, 'plan.json', documents.plan.canonical),
    await settle(ports, 'binding.yaml', Buffer.from(documents.bindingText, 'utf8')),
    await settle(ports, 'binding.json', documents.binding.canonical),
  ];
  for (const person of roster) {
    files.push(await settle(ports, `keys/${person.id}.pem`, Buffer.from(pemOf(person.key.spki), 'utf8')));
  }
  files.push(...(await collectApprovals(documents, approvers, approvalFile, ports)));
  const writer = await TranscriptWriter.create(ports.folder, ports.clock, ports.random);
  const ceremony = new Ceremony({ plan, binding, ports, record: new CeremonyRecord(), writer });
  ceremony.onClockBack = settleClock(ceremony);
  await ceremony.append({
    type: 'ceremony.opened',
    step: null,
    by: [],
    body: {
      format: 'keyrite-bundle/1',
      ceremony: binding.ceremony,
      mode: binding.mode,
      title: plan.title,
      plan: { id: plan.id, sha256: documents.plan.sha256 },
      binding: { sha256: documents.binding.sha256 },
      app: { ...app },
      rules: RULES,
      roster,
      quorum: plan.signOff.quorum,
      keysFrom: binding.mode === 'production' ? 'plan' : 'binding',
      files,
    },
  });
  return ceremony;
}

/** The roster that plan and binding make: everybody bound to a position, with the position's role. */
export function rosterOf(documents: Documents): RosterEntry[] {
  return documents.binding.binding.people.map((person) => {
    const position = documents.plan.plan.positions.find((one) => one.id === person.position);
    if (position === undefined)
      throw new CeremonyStopped(`the binding names a position the plan lacks: ${person.position}`);
    return { id: person.id, name: person.name, roles: [position.role], key: { ...person.key } };
  });
}

/**
 * Refuses what the checker calls an error. Production also needs the keys that the plan pins.
 *
 * @throws PlanRefused naming every error
 */
export function refuseErrors(documents: Pick<Documents, 'plan' | 'binding'>): void {
  const findings = [
    ...checkPlan(documents.plan.plan),
    ...checkBinding(documents.plan.plan, documents.plan.sha256, documents.binding.binding),
  ];
  const errors = findings.filter((one) => one.severity === 'error');
  if (errors.length > 0) throw new PlanRefused(errors);
}
