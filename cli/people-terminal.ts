/**
 * The people in the room, asked on the terminal. Rules for the words: say who must answer, what happened, what now; no
 * jargon of ours; a question ends with the answers it takes, and anything else is asked again. Nothing secret is asked
 * here: that is the person process.
 */
import { statSync } from 'node:fs';
import { CeremonyStopped } from '../ceremony/engine/ceremony';
import { MAX_ATTACHMENT_BYTES } from '../ceremony/engine/attachments';
import type { Clock, ClockReading, Decision, Notice, People, PeopleChange } from '../ceremony/engine/ports';
import { unrecordableIn } from '../ceremony/text-forms';
import { PEOPLE_COMMANDS, peopleCommand } from './people-commands';
import { askAtTerminal } from './terminal';
import { say } from './voice';

const OPTIONS: Readonly<Record<Decision, string>> = {
  again: 'try again',
  exception: 'go on all the same, under an exception that an administrator and the witness or auditor sign',
  stop: 'end here; nothing is lost, and the ceremony can be resumed later',
};

/** Asks on standard input, speaks on standard error. */
export class TerminalPeople implements People {
  private readonly names: ReadonlyMap<string, string>;
  private readonly onProgress: (text: string) => void;
  /** What was said about people coming and going, and is not on record yet. */
  private readonly said: PeopleChange[] = [];

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
      const answer = await this.yesOrNo(`  ${this.nameOf(id)}, do you confirm this? Type yes or no: `);
      if (answer === null) break;
      if (answer === 'yes') confirmed.push(id);
    }
    return confirmed;
  }

  async ask(question: { readonly text: string; readonly by: readonly string[] }): Promise<string> {
    const who = question.by.map((id) => this.nameOf(id)).join(', ');
    write(`\n  ${question.text}\n`);
    for (;;) {
      const answer = await this.prompt(`  ${who} says, the operator types, and Enter ends it: `);
      if (answer === null) throw new CeremonyStopped(`${who} was asked, and nobody answered: ${question.text}`);
      const odd = unrecordableIn(answer);
      if (odd !== null) {
        write(`  ${odd} is in it, which cannot be put on record. Type it again without\n`);
        continue;
      }
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
      const answer = await this.prompt(`\n  ${listed(question.options)}: `);
      if (answer === null) return 'stop';
      const chosen = question.options.find((option) => option === answer.toLowerCase());
      if (chosen !== undefined) return chosen;
    }
  }

  async readClocks({
    by,
    clock,
  }: {
    readonly by: readonly string[];
    readonly clock: Clock;
  }): Promise<readonly ClockReading[]> {
    write('\n  Each of these people looks at a clock of their own, and hears no other reading before.\n');
    write('  The operator types date and time by UTC, and which clock it is, and presses Enter at that moment.\n\n');
    const readings: ClockReading[] = [];
    for (const id of by) readings.push(await this.readClock(id, clock));
    return readings;
  }

  async attach({ text }: { readonly text: string }): Promise<readonly string[]> {
    const files: string[] = [];
    write(`\n  ${text}\n`);
    for (;;) {
      const answer = await this.prompt(
        '  The operator types the whole path of a file, or “none” when there are no more: ',
      );
      if (answer === null || answer === 'none') return files;
      if (isPlainFile(answer)) files.push(answer);
      else write('  There is no file at that path, or it has more than 64 MiB\n');
    }
  }

  changes(): readonly PeopleChange[] {
    return this.said.splice(0);
  }

  private async readClock(id: string, clock: Clock): Promise<ClockReading> {
    const who = this.nameOf(id);
    for (;;) {
      const answer = await this.prompt(`  ${who}, by UTC, as 2026-11-23 10:15:00 wrist watch: `);
      const workstation = clock.now();
      if (answer === null) throw new CeremonyStopped(`${who} was asked for the time, and nobody answered`);
      const [, date, time, source] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)\s+(\S.*)$/.exec(answer) ?? [];
      const read = new Date(`${date ?? ''}T${time ?? ''}Z`);
      if (source !== undefined && !Number.isNaN(read.getTime())) {
        return { by: id, source, at: read.toISOString(), workstation };
      }
      write('  Date, time with seconds, and which clock it is, with a blank between them\n');
    }
  }

  /** Null when the input ended, or Ctrl-C was pressed. */
  private async yesOrNo(text: string): Promise<'yes' | 'no' | null> {
    for (;;) {
      const answer = (await this.prompt(text))?.toLowerCase() ?? null;
      if (answer === null || answer === 'yes' || answer === 'no') return answer;
    }
  }

  /** One line; what begins with a colon says who came or left, and the question is asked again. */
  private async prompt(text: string): Promise<string | null> {
    for (;;) {
      const answer = await askAtTerminal(text);
      if (answer?.startsWith(':') !== true) return answer;
      const change = peopleCommand(answer);
      if (change !== null) this.said.push(change);
      write(change === null ? commandHelp() : '  Noted; it goes on record as soon as nothing is under way\n');
    }
  }

  private nameOf(id: string): string {
    return this.names.get(id) ?? id;
  }
}

function commandHelp(): string {
  return PEOPLE_COMMANDS.map(([command, does]) => `    ${command.padEnd(24)} ${does}\n`).join('');
}

function isPlainFile(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return path.startsWith('/') && found?.isFile() === true && found.size <= MAX_ATTACHMENT_BYTES;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

function write(text: string): void {
  process.stderr.write(text);
}
