/**
 * Sessions after a pause: each has a binding of its own, approved as the first was, by approvers who stood on the roster
 * before it. Who stood on the roster stays as they were; new people join it.
 */
import { spkiSha256 } from '../command/dsse';
import { Binding } from '../plan/binding-schema';
import { readBinding } from '../plan/read';
import type { LineWith, RosterEntry } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import { MOST_PEOPLE, type RosterSoFar } from '../transcript/roster-so-far';
import { checkIds } from './check-ids';
import {
  checkApprovalFiles,
  checkKeyFile,
  checkMeaning,
  readDocument,
  type Documents,
  type HeldApproval,
} from './check-opening';
import type { Contents } from './contents';
import type { Findings } from './findings';
import { TRANSCRIPT, parseSessionName, sessionFiles } from './layout';
import type { LineCheck } from './line-check';
import { dutyFaults, rosterFaults, rosterFrom } from './roster';
import { sameJson } from './sealed';

type Session = NonNullable<LineWith<'ceremony.resumed'>['body']['session']>;

/** What the sessions are held against. */
export interface SessionContext {
  readonly opening: LineWith<'ceremony.opened'>;
  readonly documents: Documents;
  readonly contents: Contents;
  readonly findings: Findings;
  /** Keys given from outside as approvers', base64 SPKI; each must have approved every session. */
  readonly approverKeys: readonly (string | null)[];
}

/** Checks the lines between sessions, and what each session brings. It comes before the rules that look at the roster. */
export class SessionCheck implements LineCheck {
  private readonly context: SessionContext;
  private readonly roster: RosterSoFar;
  private readonly findings: Findings;
  private inForce: Binding;
  private number = 1;
  /** Line that paused the ceremony, when it is the line before. */
  private paused: number | null = null;
  private readonly approved = new Map<number, readonly HeldApproval[]>();
  /** Who was enrolled, whatever a binding says of them. */
  private readonly enrolled = new Set<string>();

  constructor(context: SessionContext, roster: RosterSoFar) {
    this.context = context;
    this.roster = roster;
    this.findings = context.findings;
    this.inForce = context.documents.binding;
    for (const { id, position } of this.inForce.people) roster.seat(id, position);
  }

  /** The binding in force at the line that was taken last. */
  get binding(): Binding {
    return this.inForce;
  }

  /** Approvals that hold, by the number of the session (from 2) whose binding they are of. */
  get approvals(): ReadonlyMap<number, readonly HeldApproval[]> {
    return this.approved;
  }

  take({ line }: GoodLine): void {
    const wasPaused = this.paused !== null;
    this.paused = line.type === 'ceremony.paused' ? line.seq : null;
    if (line.type === 'participant.present') this.checkBound(line.seq, line.body.participant);
    if (line.type === 'participant.enrolled' && this.enrolled.size < MOST_PEOPLE) {
      this.enrolled.add(line.body.participant.id);
    }
    if (line.type !== 'ceremony.resumed') {
      if (wasPaused) this.wrong(line.seq, 'the ceremony is paused: only a new session goes on');
      return;
    }
    const { reason, session, files } = line.body;
    if ((reason === 'pause') !== (session !== undefined) || (session === undefined) !== (files === undefined)) {
      this.wrong(line.seq, 'a session, with its files, begins after a pause, and only then');
    }
    if ((reason === 'pause') !== wasPaused) this.wrong(line.seq, 'the line before does not pause the ceremony');
    if (session !== undefined) this.begin(line, session);
  }

  end(): void {
    if (this.paused !== null) {
      const reason = 'the ceremony is paused under seal: a new session goes on';
      this.findings.lacks(TRANSCRIPT, this.paused, reason);
    }
    for (const name of this.context.contents.keys()) {
      const number = parseSessionName(name)?.number ?? 0;
      if (number <= this.number) continue;
      // What was prepared for the next session is named when it begins.
      if (this.paused !== null && number === this.number + 1) {
        this.findings.lacks(name, null, 'its session has not begun');
      } else this.findings.add(name, null, 'is of a session that is not on record');
    }
  }

  private begin(line: LineWith<'ceremony.resumed'>, session: Session): void {
    const { seq } = line;
    const number = this.number + 1;
    if (session.number !== number) this.wrong(seq, `does not open session ${String(number)}`);
    this.number = number;
    const { documents, contents, findings, opening } = this.context;
    const names = sessionFiles(number);
    this.checkFiles(line, number);
    const binding = readDocument(names.canonical, Binding, session.binding.sha256, contents, findings);
    checkMeaning(names.text, session.binding.sha256, (text) => readBinding(text).sha256, contents, findings);
    const before = new Map(this.roster.entries().map((entry) => [entry.id, entry]));
    if (binding !== null) {
      const { plan } = documents;
      const { ceremony, mode } = opening.body;
      if (binding.ceremony !== ceremony || binding.mode !== mode || binding.plan !== opening.body.plan.sha256) {
        findings.add(names.canonical, null, 'is of another ceremony, mode or plan');
      }
      checkIds(names.canonical, binding, findings);
      if (!sameJson(rosterFrom(plan, binding), session.roster)) {
        this.wrong(seq, 'the roster is not the one that plan and binding make');
      }
      this.checkApprovals(binding, session.binding.sha256, number, before);
      this.checkPositions(seq, binding);
      if (mode === 'production') this.checkPinned(seq, binding);
      this.inForce = binding;
    }
    this.checkRoster(seq, session.roster, before);
  }

  /** Whom the binding of a session leaves out, though it comes of an earlier one, takes no part in it. */
  private checkBound(seq: number, id: string): void {
    if (this.enrolled.has(id) || this.inForce.people.some((one) => one.id === id)) return;
    // SECURITY(K-100): the approvers of a session approved who takes part in it.
    this.wrong(seq, `${id} is not in the binding of this session`);
  }

  /** Every file of a session is named in the line that opens it. */
  private checkFiles({ seq, body }: LineWith<'ceremony.resumed'>, number: number): void {
    const named = new Set((body.files ?? []).map(({ name }) => name));
    for (const name of this.context.contents.keys()) {
      if (parseSessionName(name)?.number !== number || named.has(name)) continue;
      this.wrong(seq, `does not name ${name}, a file of its session`);
    }
  }

  private checkApprovals(
    binding: Binding,
    sha256: string,
    number: number,
    before: ReadonlyMap<string, RosterEntry>,
  ): void {
    const { opening, documents, contents, findings, approverKeys } = this.context;
    const names = sessionFiles(number);
    // SECURITY(K-100): people who come with the binding do not approve it.
    const keys = new Map([...before].map(([id, { key }]) => [id, { algorithm: key.algorithm, spki: key.spki }]));
    const about = { folder: names.approvals, fileOf: names.approval, binding, sha256, keys };
    const approved = checkApprovalFiles(about, opening, documents.plan, contents, findings);
    this.approved.set(number, approved);
    if (approverKeys.some((key) => key === null || !approved.some(({ spki }) => spki === key))) {
      findings.add('outside', null, `a key given as an approver's did not approve session ${String(number)}`);
    }
  }

  private checkPositions(seq: number, { people }: Binding): void {
    for (const { id, position } of people) {
      const before = this.roster.positionOf(id);
      if (before !== null && before !== position) this.wrong(seq, `${id} takes another position than before`);
      if (before === null) this.roster.seat(id, position);
    }
  }

  private checkPinned(seq: number, { people }: Binding): void {
    for (const { id, position, key } of people) {
      const pinned = this.context.documents.plan.positions.find((one) => one.id === position)?.pinnedKeys ?? [];
      if (pinned.length > 0 && !pinned.includes(spkiSha256(key.spki))) {
        this.wrong(seq, `the plan does not pin the key of ${id}`);
      }
    }
  }

  /** Who was there is who they were; who is new joins. */
  private checkRoster(seq: number, roster: readonly RosterEntry[], before: ReadonlyMap<string, RosterEntry>): void {
    for (const fault of rosterFaults(roster, this.context.opening.body.quorum)) this.wrong(seq, fault);
    for (const entry of roster) {
      const known = before.get(entry.id);
      // SECURITY(K-101): a signature counts under one key, whatever session it is given in.
      if (known !== undefined && !sameJson(known, entry)) {
        this.wrong(seq, `${entry.id} stood on the roster with another name, role or key`);
      }
      if (known !== undefined) continue;
      if (!this.roster.grow(entry))
        this.wrong(seq, `${entry.id} cannot join the roster: id or key are somebody else's`);
      checkKeyFile(entry, this.context.contents, this.findings);
    }
    for (const fault of dutyFaults(this.context.documents.plan, this.roster.entries())) this.wrong(seq, fault);
  }

  private wrong(line: number, reason: string): void {
    this.findings.add(TRANSCRIPT, line, reason);
  }
}
