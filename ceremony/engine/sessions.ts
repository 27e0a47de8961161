/**
 * Going on after a pause, perhaps on another day and at another site: a session with a binding of its own, which the
 * approvers sign as they signed the first. Its roster holds who stood on it before, unchanged; people may be new.
 */
import { TRANSCRIPT, keyFile, pemOf, sessionFiles } from '../bundle/layout';
import { canonicalJson } from '../canonical-json';
import { PAYLOAD_TYPES, openPayload, spkiSha256 } from '../command/dsse';
import { stateSha256 } from '../command/unit-state';
import type { Binding } from '../plan/binding-schema';
import { checkBinding, checkPlan } from '../plan/check';
import type { Finding } from '../plan/finding';
import type { Plan } from '../plan/schema';
import { readEnvelopeFile } from '../bundle/sealed';
import { ApprovalPayload, type FileRef, type RosterEntry } from '../transcript/line';
import { readTranscript } from '../transcript/read';
import { TranscriptWriter } from '../transcript/writer';
import { approversOf, collectApprovals } from './approvals';
import { Ceremony, CeremonyStopped } from './ceremony';
import { settleClock } from './clock';
import { PlanRefused, rosterOf, type App, type Documents } from './open';
import type { BundleFolder, EnginePorts } from './ports';
import { CeremonyRecord, type KnownUnit } from './record';
import { requireFilesOfRecord } from './resume';
import { settle } from './settle';
import * as v from 'valibot';

/** Where a ceremony stands, as its transcript tells. */
export interface SessionStanding {
  /** Number of the session that is under way, or that was paused last: 1 is that of line 0. */
  readonly number: number;
  /** Whether it is paused, so that only a new session goes on. */
  readonly paused: boolean;
  /** File of the bundle that holds the text of the binding in force. */
  readonly bindingFile: string;
}

/** Reads where a ceremony stands; without a transcript it is before its first line. Never throws for damaged lines. */
export async function standingOf(folder: BundleFolder): Promise<SessionStanding> {
  let standing: SessionStanding = { number: 1, paused: false, bindingFile: 'binding.yaml' };
  if (!(await folder.exists(TRANSCRIPT))) return standing;
  for (const { line } of readTranscript(await folder.read(TRANSCRIPT)).lines) {
    if (line.type === 'ceremony.paused') standing = { ...standing, paused: true };
    if (line.type !== 'ceremony.resumed' || line.body.session === undefined) continue;
    const { number } = line.body.session;
    standing = { number, paused: false, bindingFile: sessionFiles(number).text };
  }
  return standing;
}

/**
 * Refuses a next session that can be known to be no use, by the record in the folder; nothing is written.
 *
 * @param first the binding in force until the pause
 * @returns those who may approve the binding
 * @throws PlanRefused for a binding that does not fit plan, ceremony, roster or units; CeremonyStopped when the ceremony is
 *   not paused, or the approvals cannot come together; ApprovalRefused for a file that is none
 */
export async function checkSession(
  first: Binding,
  documents: Documents,
  folder: BundleFolder,
): Promise<readonly RosterEntry[]> {
  const record = new CeremonyRecord();
  for (const { line } of readTranscript(await folder.read(TRANSCRIPT)).lines) record.apply(line);
  if (!record.paused) throw notPaused();
  const roster = rosterOf(documents);
  refuseSession(first, documents, record, roster);
  return sessionApprovers(documents, record, roster);
}

/**
 * Opens the next session of a ceremony that is paused.
 *
 * @param first the binding in force until the pause
 * @param documents plan and the new binding
 * @throws PlanRefused for a binding that does not fit plan, ceremony, roster or units; CeremonyStopped when it is not
 *   paused, or an approval is missing; TranscriptDamaged as `resumeCeremony`
 */
export async function openSession(
  first: Binding,
  documents: Documents,
  app: App,
  ports: EnginePorts,
): Promise<Ceremony> {
  const { folder } = ports;
  await requireFilesOfRecord(documents.plan, null, folder);
  const { writer, lines, torn } = await TranscriptWriter.resume(folder, ports.clock, ports.random);
  const record = new CeremonyRecord();
  for (const line of lines) record.apply(line);
  if (!record.paused) throw notPaused();
  const roster = rosterOf(documents);
  refuseSession(first, documents, record, roster);
  const number = record.session + 1;
  const files = await writeFiles(documents, record, roster, number, ports);
  const { plan } = documents.plan;
  const { binding } = documents.binding;
  const ceremony = new Ceremony({ plan, binding, ports, record, writer });
  ceremony.onClockBack = settleClock(ceremony);
  await ceremony.append({
    type: 'ceremony.resumed',
    step: null,
    by: [],
    body: {
      reason: 'pause',
      torn,
      note: 'A new session begins; everybody proves presence again, and every unit is read before it is used.',
      session: { number, binding: { sha256: documents.binding.sha256 }, app: { ...app }, roster },
      files,
    },
  });
  return ceremony;
}

async function writeFiles(
  documents: Documents,
  record: CeremonyRecord,
  roster: readonly RosterEntry[],
  number: number,
  ports: EnginePorts,
): Promise<FileRef[]> {
  const names = sessionFiles(number);
  await removeStale(number, documents.binding.sha256, ports.folder);
  const files = [
    await settle(ports, names.text, Buffer.from(documents.bindingText, 'utf8')),
    await settle(ports, names.canonical, documents.binding.canonical),
  ];
  const approvers = sessionApprovers(documents, record, roster);
  files.push(...(await collectApprovals(documents, approvers, names.approval, ports)));
  const known = new Set(record.roster.map(({ id }) => id));
  const fresh = roster.filter(({ id }) => !known.has(id));
  for (const { id, key } of fresh) files.push(await settle(ports, keyFile(id), Buffer.from(pemOf(key.spki), 'utf8')));
  return files;
}

/** Those who may approve a session's binding: approvers who stood on the roster before. */
function sessionApprovers(
  documents: Documents,
  record: CeremonyRecord,
  roster: readonly RosterEntry[],
): readonly RosterEntry[] {
  const known = new Set(record.roster.map(({ id }) => id));
  // SECURITY(K-100): new people cannot vouch for themselves, whoever wrote the binding.
  return approversOf(documents, roster).filter(({ id }) => known.has(id));
}

function notPaused(): CeremonyStopped {
  return new CeremonyStopped('The ceremony is not paused: it goes on with the binding that it has.');
}

/** An opening of this session that was given up left files: approvals of another binding would not count. */
async function removeStale(number: number, binding: string, folder: BundleFolder): Promise<void> {
  const { approvals } = sessionFiles(number);
  for (const name of await folder.list()) {
    if (!name.startsWith(approvals) || name.endsWith('/')) continue;
    const sealed = readEnvelopeFile(await folder.read(name));
    const approval =
      sealed?.payloadType === PAYLOAD_TYPES.approval ? v.safeParse(ApprovalPayload, openPayload(sealed)) : null;
    if (approval?.success !== true || approval.output.binding !== binding) await folder.remove(name);
  }
}

/** Everything about a session's binding that can be known to be no use. */
function refuseSession(
  first: Binding,
  documents: Documents,
  record: CeremonyRecord,
  roster: readonly RosterEntry[],
): void {
  const findings = [...checkPlan(documents.plan.plan), ...sessionFindings(first, documents, record, roster)];
  const errors = findings.filter((one) => one.severity === 'error');
  if (errors.length > 0) throw new PlanRefused(errors);
}

/**
 * What there is to say of the binding of a session to come, before anybody signs it: what {@link openSession} refuses is
 * among it as errors.
 *
 * @param first the binding in force until the pause
 * @param documents plan and the new binding
 * @param record of the ceremony, paused
 */
export function sessionFindings(
  first: Binding,
  documents: Documents,
  record: CeremonyRecord,
  roster: readonly RosterEntry[] = rosterOf(documents),
): Finding[] {
  const { plan, binding } = documents;
  const next = binding.binding;
  const units = new Map(next.units.map(({ id }) => [id, record.unit(id)]));
  return [
    ...checkBinding(planFrom(plan.plan, units), plan.sha256, next),
    ...(next.ceremony === first.ceremony && next.mode === first.mode && next.room === first.room
      ? []
      : [finding('session-of-another', 'The binding is of another ceremony, mode or room.', CEREMONY)]),
    ...(canonicalJson(next.custody ?? null) === canonicalJson(first.custody ?? null)
      ? []
      : [finding('session-ledger', 'The binding carries another custody ledger than the first.', SAME_LEDGER)]),
    ...(canonicalJson(next.shareSets ?? null) === canonicalJson(first.shareSets ?? null)
      ? []
      : [finding('session-shares', 'The binding carries other sets of shares than the first.', SAME_SHARES)]),
    ...roster.flatMap((one) => rosterFindings(one, record)),
    ...next.people.flatMap(({ id, position }) => positionFindings(id, position, first, record)),
    ...[...units].flatMap(([id, known]) => unitFindings(id, known, next, first)),
  ];
}

const SAME_SHARES = 'Take `shareSets` from the first binding: what became of shares since is in the record.';
const SAME_LEDGER = 'Take `custody` from the first binding: what was entered since is in the record.';
const CEREMONY = 'Take ceremony, mode and room from the binding of the session before.';

/** The plan as the units stand now: one that was initialised is not blank any more. */
function planFrom(plan: Plan, units: ReadonlyMap<string, KnownUnit | null>): Plan {
  return {
    ...plan,
    units: plan.units.map((unit) => {
      const known = units.get(unit.id) ?? null;
      if (known === null) return unit;
      const { mode } = known.state;
      // To a binding, a unit that was zeroised is one with a history.
      return { ...unit, begins: mode === 'zeroised' ? 'operational' : mode };
    }),
  };
}

function rosterFindings(one: RosterEntry, record: CeremonyRecord): Finding[] {
  const before = record.roster.find(({ id }) => id === one.id);
  if (before !== undefined) {
    return canonicalJson(before) === canonicalJson(one)
      ? []
      : [finding('session-roster', `${one.id} stood on the roster with another name, role or key.`, ANOTHER_ID)];
  }
  const sharer = record.roster.find(({ key }) => spkiSha256(key.spki) === spkiSha256(one.key.spki));
  return sharer === undefined
    ? []
    : [finding('session-roster', `${one.id} has the key of ${sharer.id}, who stood on the roster before.`, ANOTHER_ID)];
}

const ANOTHER_ID =
  'Write people who were there before as they were; give a new person a new id and a key of their own.';

function positionFindings(id: string, position: string, first: Binding, record: CeremonyRecord): Finding[] {
  const before = first.people.find((one) => one.id === id)?.position ?? record.enrolled.get(id)?.position ?? position;
  if (before === position) return [];
  return [finding('session-roster', `${id} was ${before} before, and takes another position now.`, ANOTHER_ID)];
}

function unitFindings(id: string, known: KnownUnit | null, next: Binding, first: Binding): Finding[] {
  const bound = next.units.find((one) => one.id === id)?.lastKnown ?? null;
  if (known === null) {
    const before = first.units.find((one) => one.id === id)?.lastKnown ?? null;
    const same = (before?.identity ?? null) === (bound?.identity ?? null) && before?.stateSha256 === bound?.stateSha256;
    return same ? [] : [finding('session-unit', `Unit ${id} was not touched before the pause.`, SAME_UNIT)];
  }
  const left = stateSha256(known.state);
  if (bound?.identity === known.identity && bound.stateSha256 === left && bound.counter === known.state.counter)
    return [];
  const is = `identity ${known.identity}, state ${left}, counter ${String(known.state.counter)}`;
  return [finding('session-unit', `Unit ${id} was left otherwise than the binding says: ${is}.`, SAME_UNIT)];
}

const SAME_UNIT = 'Bind the same unit, with `lastKnown` as the session before left it.';

function finding(rule: Finding['rule'], message: string, remedy: string): Finding {
  return { severity: 'error', step: null, rule, message, remedy };
}
