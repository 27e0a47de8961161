/** Who is said to have watched: people who were there, and whose part it is to watch. */
import type { Line } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { RosterSoFar } from '../transcript/roster-so-far';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';

/** Checks the `witness` of each line: witnesses or auditors who had proved presence, or were enrolled, and did not act. */
export class WitnessCheck implements LineCheck {
  private readonly roster: RosterSoFar;
  private readonly findings: Findings;
  /** Who is there. Only people of the roster are kept in mind. */
  private readonly there = new Set<string>();

  constructor(roster: RosterSoFar, findings: Findings) {
    this.roster = roster;
    this.findings = findings;
  }

  take({ line }: GoodLine): void {
    if ('witness' in line.body && line.body.witness !== undefined) this.check(line, line.body.witness);
    if (line.type === 'participant.present') this.come(line.body.participant);
    if (line.type === 'participant.enrolled') this.come(line.body.participant.id);
    if (line.type === 'participant.left' || line.type === 'participant.replaced') {
      this.there.delete(line.body.participant);
    }
    if (line.type === 'ceremony.resumed' && line.body.session !== undefined) this.there.clear();
  }

  end(): void {
    // Said line by line.
  }

  private check({ seq, by }: Line, witness: readonly string[]): void {
    // SECURITY(K-172): nobody is named as a witness who was not there, does not watch, or watched themselves.
    const wrong = witness.find(
      (id) =>
        !this.there.has(id) ||
        by.includes(id) ||
        !this.roster.rolesOf(id).some((role) => role === 'witness' || role === 'auditor'),
    );
    if (wrong !== undefined) {
      this.findings.add(TRANSCRIPT, seq, `${wrong} is named as a witness, and was not there to watch`);
    }
    if (new Set(witness).size < witness.length) this.findings.add(TRANSCRIPT, seq, 'names a witness twice');
  }

  private come(id: string): void {
    if (this.roster.keyOf(id) !== null) this.there.add(id);
  }
}
