/** Line 0 opens, the last line closes and counts right, and neither stands anywhere else. */
import type { LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';

/** See the head of this file. */
export class FrameCheck implements LineCheck {
  /** Number of lines of the type `exception.recorded`. */
  exceptions = 0;
  private readonly findings: Findings;
  private isFirst = true;
  private closed: number | null = null;

  constructor(findings: Findings) {
    this.findings = findings;
  }

  take({ line }: GoodLine): void {
    if (this.closed !== null) {
      this.findings.add(TRANSCRIPT, this.closed, 'closes the ceremony, but lines follow');
      this.closed = null;
    }
    if (line.type === 'ceremony.opened' && !this.isFirst) {
      this.findings.add(TRANSCRIPT, line.seq, 'opens the ceremony again');
    }
    this.isFirst = false;
    if (line.type === 'ceremony.closed') this.closed = line.seq;
    if (line.type === 'exception.recorded') this.exceptions += 1;
  }

  end(closing: LineWith<'ceremony.closed'> | null): void {
    if (closing === null) {
      this.findings.lacks(TRANSCRIPT, null, 'the ceremony is not closed');
    } else if (closing.body.exceptions !== this.exceptions || closing.body.withheld !== 0) {
      this.findings.add(TRANSCRIPT, closing.seq, 'counts exceptions or withheld facts wrongly');
    }
  }
}

/** What people signed below is what the plan told them that they would sign. */
export class SignOffCheck implements LineCheck {
  private readonly wording: string;
  private readonly findings: Findings;

  /** @param wording the plan's `signOff.wording` */
  constructor(wording: string, findings: Findings) {
    this.wording = wording;
    this.findings = findings;
  }

  take({ line }: GoodLine): void {
    if (line.type === 'ceremony.closed' && line.body.signOff !== this.wording) {
      this.findings.add(TRANSCRIPT, line.seq, 'the wording is not that of the plan');
    }
  }

  end(): void {
    // Said line by line.
  }
}
