/**
 * The people in the room, asked on the terminal. Rules for the words: say who must answer, what happened, what now; no
 * jargon of ours; a question ends with the answers it takes, and anything else is asked again. Nothing secret is asked
 * here: that is the person process.
 */
import { createInterface } from 'node:readline/promises';
import { CeremonyStopped } from '../ceremony/engine/ceremony';
import type { Decision, Notice, People } from '../ceremony/engine/ports';
import { say } from './voice';

const OPTIONS: Readonly<Record<Decision, string>> = {
  again: 'try again',
  exception: 'go on without this step, under an exception that an administrator and the witness or auditor sign',
  stop: 'end here; nothing is lost, and the ceremony can be resumed later',
};

/** Asks on standard input, speaks on standard error. */
export class TerminalPeople implements People {
  private readonly names: ReadonlyMap<string, string>;
  private readonly onProgress: (text: string) => void;

  /**
   * @param names participants' names by id
   * @param onProgress is given what is being done, for the screen on which PINs and shares are asked for
   */
  constructor(names: ReadonlyMap<string, string>, onProgress: (text: string) => void) {
    this.names = names;
    this.onProgress = onProgress;
  }

  tell(notice: Notice): void {
    say(notice);
    if (notice.kind === 'progress') this.onProgress(notice.text);
  }

  async confirm(question: { readonly statement: string; readonly by: readonly string[] }): Promise<readonly string[]> {
    write(`\n  The operator reads aloud:\n\n    ${question.statement.replaceAll('\n', '\n    ')}\n\n`);
    const confirmed: string[] = [];
    for (const id of question.by) {
      const answer = await yesOrNo(`  ${this.nameOf(id)}, do you confirm this? Type yes or no: `);
      if (answer === null) break;
      if (answer === 'yes') confirmed.push(id);
    }
    return confirmed;
  }

  async ask(question: { readonly text: string; readonly by: readonly string[] }): Promise<string> {
    const who = question.by.map((id) => this.nameOf(id)).join(', ');
    write(`\n  ${question.text}\n`);
    for (;;) {
      const answer = await prompt(`  ${who} says, the operator types, and Enter ends it: `);
      if (answer === null) throw new CeremonyStopped(`${who} was asked, and nobody answered: ${question.text}`);
      if (answer !== '') return answer;
      write('  Something must be recorded: type “none” if there is nothing\n');
    }
  }

  async decide(question: {
    readonly happened: string;
    readonly changed: string;
    readonly next: string;
    readonly options: readonly Decision[];
  }): Promise<Decision> {
    // What happened and what was changed has just been told.
    write(
      `\n  What to do: ${question.next}\n\n  The administrators decide, and the operator types one of these words:\n\n`,
    );
    for (const option of question.options) write(`    ${option.padEnd(10)} ${OPTIONS[option]}\n`);
    for (;;) {
      const answer = await prompt(`\n  ${listed(question.options)}: `);
      if (answer === null) return 'stop';
      const chosen = question.options.find((option) => option === answer.toLowerCase());
      if (chosen !== undefined) return chosen;
    }
  }

  private nameOf(id: string): string {
    return this.names.get(id) ?? id;
  }
}

/** Null when the input ended, or Ctrl-C was pressed. */
async function yesOrNo(text: string): Promise<'yes' | 'no' | null> {
  for (;;) {
    const answer = (await prompt(text))?.toLowerCase() ?? null;
    if (answer === null || answer === 'yes' || answer === 'no') return answer;
  }
}

/** One line from standard input, without blanks around it; null when the input ended, or Ctrl-C was pressed. */
async function prompt(text: string): Promise<string | null> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const closed = new Promise<null>((resolve) =>
      terminal.once('close', () => {
        resolve(null);
      }),
    );
    const answer = await Promise.race([terminal.question(text), closed]);
    if (answer === null) write('\n');
    return answer?.trim() ?? null;
  } finally {
    terminal.close();
  }
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

function write(text: string): void {
  process.stderr.write(text);
}
