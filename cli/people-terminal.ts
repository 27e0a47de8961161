/**
 * The people in the room, asked on the terminal. Rules for the words: say who must answer, what happened, what now; no
 * jargon of ours; a question ends with the answers it takes. Nothing secret is asked here: that is the person process.
 */
import { createInterface } from 'node:readline/promises';
import type { Decision, Notice, People } from '../ceremony/engine/ports';

const OPTIONS: Readonly<Record<Decision, string>> = {
  again: 'try again',
  exception: 'go on without it, under an exception that two people sign',
  stop: 'stop here; the ceremony can be resumed',
};

/** Asks on standard input, speaks on standard error. */
export class TerminalPeople implements People {
  private readonly names: ReadonlyMap<string, string>;

  /** @param names participants' names by id */
  constructor(names: ReadonlyMap<string, string>) {
    this.names = names;
  }

  tell(notice: Notice): void {
    process.stderr.write(`${PREFIXES[notice.kind]}${notice.text}\n`);
  }

  async confirm(question: { readonly statement: string; readonly by: readonly string[] }): Promise<readonly string[]> {
    process.stderr.write(`\n  Read aloud:\n\n    ${question.statement.replaceAll('\n', '\n    ')}\n\n`);
    const confirmed: string[] = [];
    for (const id of question.by) {
      const answer = await this.prompt(`  ${this.nameOf(id)}, do you confirm? yes or no: `);
      if (answer !== 'yes') return confirmed;
      confirmed.push(id);
    }
    return confirmed;
  }

  ask(question: { readonly text: string; readonly by: readonly string[] }): Promise<string> {
    return this.prompt(`\n  ${question.by.map((id) => this.nameOf(id)).join(', ')}: ${question.text}\n  > `);
  }

  async decide(question: {
    readonly happened: string;
    readonly changed: string;
    readonly next: string;
    readonly options: readonly Decision[];
  }): Promise<Decision> {
    process.stderr.write(`\n  ${question.happened}\n  ${question.changed}\n  ${question.next}\n\n`);
    for (const option of question.options) process.stderr.write(`    ${option}: ${OPTIONS[option]}\n`);
    for (;;) {
      const answer = await this.prompt(`  ${question.options.join(' or ')}: `);
      const chosen = question.options.find((option) => option === answer);
      if (chosen !== undefined) return chosen;
    }
  }

  /** One line from standard input; an input that ended counts as a refusal. */
  private async prompt(text: string): Promise<string> {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
      return (await Promise.race([terminal.question(text), closed])).trim();
    } finally {
      terminal.close();
    }
  }

  private nameOf(id: string): string {
    return this.names.get(id) ?? id;
  }
}

const PREFIXES: Readonly<Record<Notice['kind'], string>> = {
  step: '\n== ',
  progress: '   ',
  result: '   ',
  warning: ' ! ',
  failure: ' X ',
};
