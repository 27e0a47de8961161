/** Presence proofs and exceptions: who signed, over what, and whether it belongs to this ceremony; and who was still there. */
import { PAYLOAD_TYPES, type Envelope } from '../command/dsse';
import type { Plan, Role } from '../plan/schema';
import { ExceptionPayload, PresencePayload, RULES, type Line, type LineWith } from '../transcript/line';
import { raisedIn, signedIn, type SaidException } from '../transcript/raised-exception';
import type { GoodLine } from '../transcript/read';
import type { RosterSoFar } from '../transcript/roster-so-far';
import { sha256Hex } from '../transcript/sha256';
import { canonicalBytes } from '../canonical-json';
import { BoundedMap } from './bounded-map';
import type { SignedCheckpoint } from './check-checkpoints';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';
import type { PresentPeople } from './present-people';
import { openSealed, sameJson } from './sealed';

/** Everybody a line names is on the roster as it stands there. */
export class ParticipantCheck implements LineCheck {
  private readonly roster: RosterSoFar;
  private readonly findings: Findings;

  constructor(roster: RosterSoFar, findings: Findings) {
    this.roster = roster;
    this.findings = findings;
  }

  take({ line }: GoodLine): void {
    const isStranger = (id: string): boolean => this.roster.keyOf(id) === null;
    const stranger = line.by.find(isStranger) ?? namedIn(line).find(isStranger);
    if (stranger !== undefined) this.wrong(line, `${stranger} is not on the roster`);
  }

  end(): void {
    // Said line by line.
  }

  private wrong(line: Line, reason: string): void {
    this.findings.add(TRANSCRIPT, line.seq, reason);
  }
}

/** Checks each proof of presence: over line 0, over the head at that moment, by that person, with a nonce of its own. */
export class PresenceCheck implements LineCheck {
  private readonly opening: LineWith<'ceremony.opened'>;
  private readonly roster: RosterSoFar;
  private readonly findings: Findings;
  private readonly nonces: BoundedMap<true>;
  private line0: string | null = null;

  constructor(opening: LineWith<'ceremony.opened'>, roster: RosterSoFar, findings: Findings) {
    this.opening = opening;
    this.roster = roster;
    this.findings = findings;
    this.nonces = new BoundedMap('proofs of presence', findings);
  }

  take({ line, sha256 }: GoodLine): void {
    this.line0 ??= sha256;
    if (line.type !== 'participant.present') return;
    const keys = this.roster.keys();
    const opened = openSealed(line.body.proof, PAYLOAD_TYPES.presence, PresencePayload, keys);
    if ('reason' in opened) {
      this.findings.add(TRANSCRIPT, line.seq, `proof of presence: ${opened.reason}`);
      return;
    }
    const { mode, ceremony, participant, line0, head, nonce } = opened.payload;
    const holds =
      mode === this.opening.body.mode &&
      ceremony === this.opening.body.ceremony &&
      participant === line.body.participant &&
      sameJson(opened.signers, [participant]) &&
      sameJson(line.by, [participant]) &&
      line0 === this.line0 &&
      // SECURITY(K-34): signed when the record stood just there, and for no other line.
      head === line.prev &&
      !this.nonces.has(nonce);
    this.nonces.set(nonce, true, line.seq);
    if (!holds) {
      this.findings.add(TRANSCRIPT, line.seq, 'proof of presence: it is of another moment, ceremony or person');
    }
  }

  end(): void {
    // Said line by line.
  }
}

/**
 * Somebody who left or was replaced does nothing, confirms nothing and signs nothing until they prove presence again. When
 * a session begins that is so for everybody, but that they confirm, and read clocks, in the pre-flight; in the first one, by
 * the rules of today.
 */
export class DepartureCheck implements LineCheck {
  private readonly roster: RosterSoFar;
  private readonly there: PresentPeople;
  private readonly preflights: ReadonlySet<string>;
  private readonly checkpoints: () => readonly SignedCheckpoint[];
  private readonly findings: Findings;
  /** Who left, or is not yet there in this session. */
  private readonly away = new Set<string>();
  /** Those of them who left. */
  private readonly left = new Set<string>();

  /**
   * @param opening whether the record keeps the rules of today, and who is away in its first session until they come
   * @param preflights ids of the plan's pre-flights
   * @param checkpoints those that hold, asked for at the end
   */
  constructor(
    opening: LineWith<'ceremony.opened'>,
    roster: RosterSoFar,
    there: PresentPeople,
    preflights: ReadonlySet<string>,
    checkpoints: () => readonly SignedCheckpoint[],
    findings: Findings,
  ) {
    this.roster = roster;
    this.there = there;
    this.preflights = preflights;
    this.checkpoints = checkpoints;
    this.findings = findings;
    // SECURITY(K-101): whoever is on the roster need not be in the room.
    if (opening.body.rules === RULES) for (const { id } of opening.body.roster) this.away.add(id);
  }

  take({ line }: GoodLine): void {
    if (line.type === 'participant.present') {
      this.away.delete(line.body.participant);
      this.left.delete(line.body.participant);
    }
    if (this.away.size > 0) this.checkActing(line);
    if (line.type === 'participant.left') this.leave(line.body.participant);
    if (line.type === 'participant.replaced') this.replace(line);
    if (line.type === 'ceremony.resumed' && line.body.session !== undefined) this.beginSession();
  }

  end(): void {
    const last = this.checkpoints().find(({ final }) => final);
    const gone = last?.signers.find((id) => this.away.has(id));
    if (gone === undefined) return;
    const how = this.left.has(gone) ? 'had left' : 'has not proved presence in this session';
    this.findings.add('checkpoints', null, `${gone} ${how}, and signed the last checkpoint`);
  }

  private checkActing(line: Line): void {
    const early =
      (line.type === 'step.confirmed' || line.type === 'fact.recorded') && this.preflights.has(line.step ?? '');
    const away = early ? this.left : this.away;
    const gone = line.by.find((id) => away.has(id)) ?? signersIn(line).find((id) => away.has(id));
    if (gone === undefined) return;
    const how = this.left.has(gone) ? 'had left' : 'has not proved presence in this session';
    this.findings.add(TRANSCRIPT, line.seq, `${gone} ${how}`);
  }

  /** Somebody who is not on the roster does nothing anyway. */
  private leave(id: string): void {
    if (this.roster.keyOf(id) === null) return;
    this.away.add(id);
    this.left.add(id);
  }

  private replace({ seq, body }: LineWith<'participant.replaced'>): void {
    const [leaves, comes] = [this.roster.positionOf(body.participant), this.roster.positionOf(body.by)];
    if (body.by === body.participant || leaves !== comes) {
      this.findings.add(TRANSCRIPT, seq, `${body.by} is no alternate of the same position`);
    } else if (!this.there.has(body.by)) {
      this.findings.add(TRANSCRIPT, seq, `${body.by} is not there to take the place`);
    }
    this.leave(body.participant);
  }

  private beginSession(): void {
    this.left.clear();
    // SECURITY(K-101): whoever was there yesterday need not be there today.
    for (const { id } of this.roster.entries()) this.away.add(id);
  }
}

const NO_SIGNERS: readonly string[] = [];

function signersIn(line: Line): readonly string[] {
  const ids = (sealed: Envelope | null): readonly string[] =>
    sealed?.signatures.map(({ keyid }) => keyid) ?? NO_SIGNERS;
  switch (line.type) {
    case 'step.intent':
      return ids(line.body.command);
    case 'exception.recorded':
      return ids(line.body.record);
    case 'checkpoint.signed':
      return [line.body.participant];
    case 'participant.enrolled':
      return line.body.vouchers;
    case 'participant.replaced':
      return [line.body.by];
    default:
      return NO_SIGNERS;
  }
}

/** Checks each exception: about one step of the plan, signed by an operator and by a witness or auditor. */
export class ExceptionCheck implements LineCheck {
  private readonly opening: LineWith<'ceremony.opened'>;
  private readonly roster: RosterSoFar;
  private readonly steps: ReadonlySet<string>;
  private readonly findings: Findings;

  constructor(opening: LineWith<'ceremony.opened'>, roster: RosterSoFar, plan: Plan, findings: Findings) {
    this.opening = opening;
    this.roster = roster;
    this.steps = new Set(plan.steps.map(({ id }) => id));
    this.findings = findings;
  }

  take({ line }: GoodLine): void {
    if (line.type !== 'exception.recorded') return;
    const keys = this.roster.keys();
    const opened = openSealed(line.body.record, PAYLOAD_TYPES.exception, ExceptionPayload, keys);
    if ('reason' in opened) {
      this.findings.add(TRANSCRIPT, line.seq, `exception: ${opened.reason}`);
      return;
    }
    const { payload, signers } = opened;
    if (
      payload.mode !== this.opening.body.mode ||
      payload.ceremony !== this.opening.body.ceremony ||
      payload.kind !== line.body.kind ||
      payload.step !== line.step ||
      !this.steps.has(payload.step)
    ) {
      this.findings.add(TRANSCRIPT, line.seq, 'exception: it is of another ceremony, step or kind');
    }
    if (!signedByBoth(signers, this.roster)) {
      this.findings.add(TRANSCRIPT, line.seq, 'exception: not signed by an operator and by a witness or auditor');
    }
  }

  end(): void {
    // Said line by line.
  }
}

/** Checks that each exception that was raised was signed afterwards, word for word. */
export class RaisedCheck implements LineCheck {
  private readonly findings: Findings;
  /** Lines of raised exceptions that wait for their signatures, by the hash of their words, oldest first. */
  private readonly open = new Map<string, number[]>();
  private readonly byLine: BoundedMap<true>;

  constructor(findings: Findings) {
    this.findings = findings;
    this.byLine = new BoundedMap('raised exceptions', findings);
  }

  take({ line }: GoodLine): void {
    const raised = raisedIn(line);
    if (raised === 'malformed' || (raised !== null && line.step !== null)) {
      this.findings.add(TRANSCRIPT, line.seq, 'raises an exception that cannot be read');
    } else if (raised !== null) {
      this.raise(raised, line.seq);
    }
    const signed = signedIn(line);
    if (signed === null || this.answer(signed)) return;
    if (UNRAISED.includes(signed.kind)) return;
    // SECURITY(K-64): what departs from the plan is said before it is signed.
    this.findings.add(TRANSCRIPT, line.seq, 'the exception signed here was not raised before');
  }

  end(closing: LineWith<'ceremony.closed'> | null): void {
    for (const [seq] of this.byLine) {
      // SECURITY(K-64): what somebody raised cannot be left out of what is signed.
      const reason = 'the exception raised here was not signed';
      if (closing !== null) this.findings.add(TRANSCRIPT, Number(seq), reason);
      else this.findings.lacks(TRANSCRIPT, Number(seq), reason);
    }
  }

  private raise(said: SaidException, seq: number): void {
    this.byLine.set(String(seq), true, seq);
    if (!this.byLine.has(String(seq))) return;
    const words = wordsOf(said);
    const waiting = this.open.get(words);
    if (waiting === undefined) this.open.set(words, [seq]);
    else waiting.push(seq);
  }

  /** A signed exception answers the first raised one of the same words that is still open; false when there is none. */
  private answer(said: SaidException): boolean {
    const words = wordsOf(said);
    const waiting = this.open.get(words);
    const first = waiting?.shift();
    if (first !== undefined) this.byLine.delete(String(first));
    if (waiting?.length === 0) this.open.delete(words);
    return first !== undefined;
  }
}

/** Kinds that are signed without having been raised: of a step that failed, and of a clock that went back. */
const UNRAISED: readonly string[] = ['step-skipped', 'clock'];

function wordsOf(said: SaidException): string {
  return sha256Hex(canonicalBytes(said));
}

function signedByBoth(signers: readonly string[], roster: RosterSoFar): boolean {
  const withRole = (...roles: readonly Role[]): readonly string[] =>
    signers.filter((id) => roster.rolesOf(id).some((role) => roles.includes(role)));
  const observers = withRole('witness', 'auditor');
  return withRole('crypto-administrator').some((operator) => observers.some((observer) => observer !== operator));
}

const NOBODY: readonly string[] = [];

function namedIn(line: Line): readonly string[] {
  switch (line.type) {
    case 'participant.present':
    case 'participant.left':
    case 'checkpoint.signed':
      return [line.body.participant];
    case 'participant.replaced':
      return [line.body.participant, line.body.by];
    case 'participant.enrolled':
      return line.body.vouchers;
    default:
      return NOBODY;
  }
}
