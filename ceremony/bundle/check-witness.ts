/** Who is said to have watched: people who were there, and whose part it is to watch. */
import type { Line } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { RosterSoFar } from '../transcript/roster-so-far';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';
import type { PresentPeople } from './present-people';

/** Checks the `witness` of each line: witnesses or auditors who had proved presence, or were enrolled, and did not act. */
export class WitnessCheck implements LineCheck {
  private readonly roster: RosterSoFar;
  private readonly there: PresentPeople;
  private readonly findings: Findings;

  constructor(roster: RosterSoFar, there: PresentPeople, findings: Findings) {
    this.roster = roster;
    this.there = there;
    this.findings = findings;
  }

  take({ line }: GoodLine): void {
    if ('witness' in line.body && line.body.witness !== undefined) this.check(line, line.body.witness);
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
}
