/** The findings of a report by question, in words. */
import type { CapabilityReport } from '../command/capability-report';

/** What a report of an older version leaves out. */
const NOT_ASKED = 'not asked';

/** Looks answers up. */
export class Answers {
  readonly report: CapabilityReport;

  constructor(report: CapabilityReport) {
    this.report = report;
  }

  /** Whether the answer to every one of these questions is right. */
  work(...questions: readonly string[]): boolean {
    return questions.every((question) => this.report.findings[question] === 'works');
  }

  /** What was found, in words: `yes` and `no` as given, `not there` for a mechanism that the token lacks, else the error. */
  say(question: string, yes = 'yes', wrong = 'gives a wrong answer'): string {
    const found = this.report.findings[question] ?? NOT_ASKED;
    if (found === 'works') return yes;
    if (found === 'wrong-answer') return wrong;
    return found === 'CKR_MECHANISM_INVALID' ? 'not there' : found;
  }

  /** Names of what works, of pairs of a name and a question; else what the first one says. */
  list(of: readonly (readonly [name: string, question: string])[]): string {
    const names = of.filter(([, question]) => this.work(question)).map(([name]) => name);
    return names.length > 0 ? names.join(', ') : this.say(of[0]?.[1] ?? '');
  }
}
