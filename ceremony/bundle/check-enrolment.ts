/** People who were enrolled on the day: two others who are there vouch, and all three sign. */
import { PAYLOAD_TYPES, spkiSha256 } from '../command/dsse';
import { VOUCHERS, type Plan, type StepOf } from '../plan/schema';
import { EnrolmentPayload, type LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import { isProperKey } from '../transcript/roster-key';
import type { RosterSoFar } from '../transcript/roster-so-far';
import { checkKeyFile } from './check-opening';
import type { Contents } from './contents';
import type { Findings } from './findings';
import { TRANSCRIPT, keyFile } from './layout';
import type { LineCheck } from './line-check';
import type { PresentPeople } from './present-people';
import { dutyFaults } from './roster';
import { openSealed, sameJson } from './sealed';

type Enrolled = LineWith<'participant.enrolled'>;

/** A step that enrols, as far as the transcript has come. */
interface Progress {
  enrolled: boolean;
  complete: boolean;
  relaxed: boolean;
}

/** Checks each enrolment, and adds who was enrolled to the roster. It comes before the rules that look at the roster. */
export class EnrolmentCheck implements LineCheck {
  private readonly opening: LineWith<'ceremony.opened'>;
  private readonly plan: Plan;
  private readonly roster: RosterSoFar;
  private readonly there: PresentPeople;
  private readonly contents: Contents;
  private readonly findings: Findings;
  private readonly steps: ReadonlyMap<string, Progress>;

  constructor(
    opening: LineWith<'ceremony.opened'>,
    plan: Plan,
    roster: RosterSoFar,
    there: PresentPeople,
    contents: Contents,
    findings: Findings,
  ) {
    this.opening = opening;
    this.plan = plan;
    this.roster = roster;
    this.there = there;
    this.contents = contents;
    this.findings = findings;
    const steps = plan.steps.filter(({ action }) => action === 'enrol');
    this.steps = new Map(steps.map(({ id }) => [id, { enrolled: false, complete: false, relaxed: false }]));
  }

  take({ line }: GoodLine): void {
    if (line.type === 'participant.enrolled') this.enrol(line);
    const progress = this.steps.get(line.step ?? '');
    if (progress === undefined) return;
    if (line.type === 'participant.enrolled') progress.enrolled = true;
    if (line.type === 'step.outcome' && line.body.act === null) progress.complete = true;
    if (line.type === 'exception.recorded' && (line.body.kind === 'people' || line.body.kind === 'step-deviated')) {
      progress.relaxed = true;
    }
  }

  end(): void {
    for (const [id, { enrolled, complete, relaxed }] of this.steps) {
      if (complete && !enrolled && !relaxed) this.findings.add(TRANSCRIPT, null, `step ${id}: nobody was enrolled`);
    }
  }

  private enrol(line: Enrolled): void {
    const { participant, record } = line.body;
    const step = this.plan.steps.find(({ id }) => id === line.step);
    if (step?.action !== 'enrol') {
      this.wrong(line, 'enrols somebody outside a step that enrols');
      return;
    }
    this.checkVouchers(line, step);
    this.checkPosition(line, step);
    if (!isProperKey(participant.key))
      this.wrong(line, `the key of ${participant.id} is not a plain ${participant.key.algorithm} key`);
    if (!this.roster.grow(participant)) {
      this.wrong(line, 'somebody of this id or key stands on the roster already');
      return;
    }
    this.roster.seat(participant.id, step.position);
    for (const fault of dutyFaults(this.plan, this.roster.entries())) this.wrong(line, fault);
    checkKeyFile(participant, this.contents, this.findings);
    const opened = openSealed(record, PAYLOAD_TYPES.enrolment, EnrolmentPayload, this.roster.keys());
    if ('reason' in opened) {
      this.wrong(line, `enrolment: ${opened.reason}`);
      return;
    }
    const { payload, signers } = opened;
    const { ceremony, mode } = this.opening.body;
    const holds =
      payload.mode === mode &&
      payload.ceremony === ceremony &&
      payload.position === step.position &&
      payload.identification === line.body.identification &&
      sameJson(payload.participant, participant) &&
      // SECURITY(K-102): signed when the record stood just there, by the one who joins and by both who vouch.
      payload.head === line.prev &&
      sameJson(signers, [participant.id, ...line.body.vouchers].sort());
    if (!holds) this.wrong(line, 'the enrolment is of another moment, ceremony, person or position');
  }

  /** Two people who stand on the roster already and are there, of the positions that may vouch. */
  private checkVouchers(line: Enrolled, step: StepOf<'enrol'>): void {
    const { vouchers, participant } = line.body;
    const may = vouchers.filter(
      (id) => id !== participant.id && step.vouchers.includes(this.roster.positionOf(id) ?? ''),
    );
    // SECURITY(K-102): who vouches saw the identification, and so is there.
    const away = vouchers.find((id) => !this.there.has(id));
    if (away !== undefined) this.wrong(line, `${away} is not there, and vouches`);
    const sorted = [...new Set(vouchers)].sort();
    if (may.length !== VOUCHERS || !sameJson(sorted, vouchers) || !sameJson(line.by, vouchers)) {
      this.wrong(line, 'two other people of the positions that may vouch must vouch');
    }
  }

  private checkPosition(line: Enrolled, step: StepOf<'enrol'>): void {
    const { participant, files } = line.body;
    const position = this.plan.positions.find(({ id }) => id === step.position);
    if (!sameJson(participant.roles, position === undefined ? [] : [position.role])) {
      this.wrong(line, 'the participant has not the role of the position');
    }
    if (!files.some(({ name }) => name === keyFile(participant.id)))
      this.wrong(line, 'does not name the key of the participant');
    const pinned = position?.pinnedKeys ?? [];
    const isPinned = pinned.length === 0 || pinned.includes(spkiSha256(participant.key.spki));
    if (this.opening.body.mode === 'production' && !isPinned) {
      this.wrong(line, 'the plan does not pin the key of the participant');
    }
  }

  private wrong(line: Enrolled, reason: string): void {
    this.findings.add(TRANSCRIPT, line.seq, reason);
  }
}
