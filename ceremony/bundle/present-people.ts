/** Who is there at a line: they proved presence in this session, or were enrolled in it, and neither left nor were replaced since. */
import type { GoodLine } from '../transcript/read';
import type { RosterSoFar } from '../transcript/roster-so-far';
import type { LineCheck } from './line-check';

/** See the head of this file. Comes after the rules that see to the roster, and before those that ask who is there. */
export class PresentPeople implements LineCheck {
  private readonly roster: RosterSoFar;
  /** Only people of the roster are kept in mind. */
  private readonly there = new Set<string>();

  constructor(roster: RosterSoFar) {
    this.roster = roster;
  }

  /** Whether somebody is there at the line that was taken last. */
  has(id: string): boolean {
    return this.there.has(id);
  }

  take({ line }: GoodLine): void {
    switch (line.type) {
      case 'participant.present':
        this.come(line.body.participant);
        break;
      case 'participant.enrolled':
        this.come(line.body.participant.id);
        break;
      case 'participant.left':
      case 'participant.replaced':
        this.there.delete(line.body.participant);
        break;
      case 'ceremony.resumed':
        // SECURITY(K-101): whoever was there yesterday need not be there today.
        if (line.body.session !== undefined) this.there.clear();
        break;
      default:
        break;
    }
  }

  end(): void {
    // It judges nothing.
  }

  private come(id: string): void {
    if (this.roster.keyOf(id) !== null) this.there.add(id);
  }
}
