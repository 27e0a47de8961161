/** Presence proofs and exceptions: who signed, over what, and whether it belongs to this ceremony; and who was still there. */
import { PAYLOAD_TYPES, type Envelope } from '../command/dsse';
import type { Plan, Role } from '../plan/schema';
import { ExceptionPayload, PresencePayload, type LineWith, type RosterEntry } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import { linesOf, type SignedCheckpoint } from './check-checkpoints';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import { keysOf } from './roster';
import { openSealed, sameJson } from './sealed';

/** Everybody a line names is on the roster. People who were enrolled on the day cannot be checked by this version. */
export function checkParticipants(
  opening: LineWith<'ceremony.opened'>,
  lines: readonly GoodLine[],
  findings: Findings,
): void {
  const known = new Set(opening.body.roster.map(({ id }) => id));
  for (const { line } of lines) {
    const named = [...line.by, ...namedIn(line)];
    const stranger = named.find((id) => !known.has(id));
    if (stranger !== undefined) findings.add(TRANSCRIPT, line.seq, `${stranger} is not on the roster`);
    if (line.type === 'participant.enrolled') {
      findings.add(TRANSCRIPT, line.seq, 'somebody was enrolled on the day; this version cannot check that');
    }
  }
}

/** Checks each proof of presence: over line 0, over the head at that moment, by that person, with a nonce of its own. */
export function checkPresence(
  opening: LineWith<'ceremony.opened'>,
  lines: readonly GoodLine[],
  findings: Findings,
): void {
  const keys = keysOf(opening.body.roster);
  const nonces = new Set<string>();
  for (const line of linesOf(lines, 'participant.present')) {
    const opened = openSealed(line.body.proof, PAYLOAD_TYPES.presence, PresencePayload, keys);
    if ('reason' in opened) {
      findings.add(TRANSCRIPT, line.seq, `proof of presence: ${opened.reason}`);
      continue;
    }
    const { mode, ceremony, participant, line0, head, nonce } = opened.payload;
    const holds =
      mode === opening.body.mode &&
      ceremony === opening.body.ceremony &&
      participant === line.body.participant &&
      sameJson(opened.signers, [participant]) &&
      sameJson(line.by, [participant]) &&
      line0 === lines[0]?.sha256 &&
      // SECURITY(K-34): signed when the record stood just there, and for no other line.
      head === line.prev &&
      !nonces.has(nonce);
    nonces.add(nonce);
    if (!holds) findings.add(TRANSCRIPT, line.seq, 'proof of presence: it is of another moment, ceremony or person');
  }
}

/** Somebody who left or was replaced does nothing, confirms nothing and signs nothing until they prove presence again. */
export function checkDepartures(
  lines: readonly GoodLine[],
  checkpoints: readonly SignedCheckpoint[],
  findings: Findings,
): void {
  const away = new Set<string>();
  for (const { line } of lines) {
    if (line.type === 'participant.left' || line.type === 'participant.replaced') {
      away.add(line.body.participant);
      continue;
    }
    if (line.type === 'participant.present') away.delete(line.body.participant);
    const gone = [...line.by, ...signersIn(line)].find((id) => away.has(id));
    if (gone !== undefined) findings.add(TRANSCRIPT, line.seq, `${gone} had left`);
  }
  const last = checkpoints.find(({ final }) => final);
  const gone = last?.signers.find((id) => away.has(id));
  if (gone !== undefined) findings.add('checkpoints', null, `${gone} had left, and signed the last checkpoint`);
}

function signersIn(line: GoodLine['line']): readonly string[] {
  const ids = (sealed: Envelope | null): readonly string[] => sealed?.signatures.map(({ keyid }) => keyid) ?? [];
  switch (line.type) {
    case 'step.intent':
      return ids(line.body.command);
    case 'exception.recorded':
      return ids(line.body.record);
    case 'checkpoint.signed':
      return [line.body.participant];
    default:
      return [];
  }
}

/** Checks each exception: about one step of the plan, signed by an operator and by a witness or auditor. */
export function checkExceptions(
  opening: LineWith<'ceremony.opened'>,
  lines: readonly GoodLine[],
  plan: Plan,
  findings: Findings,
): void {
  const { roster, mode, ceremony } = opening.body;
  const keys = keysOf(roster);
  for (const line of linesOf(lines, 'exception.recorded')) {
    const opened = openSealed(line.body.record, PAYLOAD_TYPES.exception, ExceptionPayload, keys);
    if ('reason' in opened) {
      findings.add(TRANSCRIPT, line.seq, `exception: ${opened.reason}`);
      continue;
    }
    const { payload, signers } = opened;
    if (
      payload.mode !== mode ||
      payload.ceremony !== ceremony ||
      payload.kind !== line.body.kind ||
      payload.step !== line.step ||
      !plan.steps.some(({ id }) => id === payload.step)
    ) {
      findings.add(TRANSCRIPT, line.seq, 'exception: it is of another ceremony, step or kind');
    }
    if (!signedByBoth(signers, roster)) {
      findings.add(TRANSCRIPT, line.seq, 'exception: not signed by an operator and by a witness or auditor');
    }
  }
}

function signedByBoth(signers: readonly string[], roster: readonly RosterEntry[]): boolean {
  const withRole = (...roles: readonly Role[]): readonly string[] =>
    roster
      .filter((one) => signers.includes(one.id) && one.roles.some((role) => roles.includes(role)))
      .map(({ id }) => id);
  const observers = withRole('witness', 'auditor');
  return withRole('crypto-administrator').some((operator) => observers.some((observer) => observer !== operator));
}

function namedIn(line: GoodLine['line']): readonly string[] {
  switch (line.type) {
    case 'participant.present':
    case 'participant.left':
    case 'checkpoint.signed':
      return [line.body.participant];
    case 'participant.replaced':
      return [line.body.participant, line.body.by];
    default:
      return [];
  }
}
