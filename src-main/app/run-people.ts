/**
 * The people of a run, asked at the main window. Each question has an id of its own, which the answer must name; people
 * whom the rehearsal plays answer at once.
 */
import { CeremonyStopped } from '../../ceremony/engine/ceremony';
import type { Clock, ClockReading, Decision, Notice, People, PeopleChange } from '../../ceremony/engine/ports';
import { Name } from '../../ceremony/text-forms';
import { playedFile } from '../../workstation/rehearsal/played-file';
import * as v from 'valibot';
import { lookAtFile, type ChosenFile } from './chosen-file';
import { refused } from './trouble';

/** Most files that go with one answer. */
const MAX_FILES = 100;

/** What is asked at the main window now. `by`: those who are at the workstation. */
export type Question =
  | { readonly kind: 'begin' }
  | { readonly kind: 'confirm'; readonly statement: string; readonly by: readonly string[] }
  /** `expects`: the answer is a name. */
  | { readonly kind: 'ask'; readonly text: string; readonly by: readonly string[]; readonly expects?: 'name' }
  /** `who` reads a clock of their own, the `place`th of `count` who do. */
  | { readonly kind: 'clock'; readonly who: string; readonly place: number; readonly count: number }
  | { readonly kind: 'attach'; readonly text: string; readonly by: readonly string[] }
  | {
      readonly kind: 'decide';
      readonly happened: string;
      readonly changed: string;
      readonly next: string;
      readonly options: readonly Decision[];
    };

/** A question that waits for its answer. */
export interface OpenQuestion {
  readonly id: string;
  readonly question: Question;
  /** People who are played and have confirmed what is asked. */
  readonly confirmed: readonly string[];
  /** Files that were chosen so far, where files are asked for. */
  readonly files: readonly ChosenFile[];
}

/** What somebody's own clock showed; null: they have none to read. */
export type SaidTime = { readonly source: string; readonly at: string } | null;

interface Waiting extends OpenQuestion {
  readonly answer: (given: Answer) => void;
  readonly stop: () => void;
}

type Answer =
  | { readonly kind: 'begin' }
  | { readonly kind: 'confirm'; readonly by: readonly string[] }
  | { readonly kind: 'ask'; readonly text: string }
  | { readonly kind: 'clock'; readonly said: SaidTime; readonly workstation: string }
  | { readonly kind: 'attach'; readonly files: readonly ChosenFile[] }
  | { readonly kind: 'decide'; readonly decision: Decision };

/** What the people need of the run around them. */
export interface RunPeopleParts {
  readonly isPlayed: (participant: string) => boolean;
  readonly nameOf: (participant: string) => string;
  /** The workstation's own time, RFC 3339 UTC with milliseconds. */
  readonly clock: Clock;
  /** The next question's id. Ids are never used again, whichever run they belong to. */
  readonly nextId: () => string;
  readonly onNotice: (notice: Notice) => void;
  /** A question came or went. */
  readonly onChange: () => void;
  /** Waited for before each question: no act is under way then. */
  readonly betweenActs: () => Promise<void>;
}

const PLAYED_CLOCK = 'the clock of this machine; whoever reads it is played in this rehearsal';
const STOPPED = 'Stopped as asked. Nothing is under way.';

/** Asks at the main window. Questions can stand on top of each other: the last one is answered first. */
export class RunPeople implements People {
  private readonly parts: RunPeopleParts;
  private waiting: readonly Waiting[] = [];
  private stopped = false;
  /** What was said of people coming and going, and is not on record yet. */
  private said: readonly PeopleChange[] = [];
  /** How many names were made up for people who are played. */
  private guests = 0;

  constructor(parts: RunPeopleParts) {
    this.parts = parts;
  }

  /** The question that must be answered now; null when there is none. */
  get open(): OpenQuestion | null {
    return this.waiting.at(-1) ?? null;
  }

  tell(notice: Notice): void {
    this.parts.onNotice(notice);
  }

  /** Waits until the operator begins the present step. */
  async begin(): Promise<void> {
    await this.put({ kind: 'begin' }, []);
  }

  async confirm(question: { readonly statement: string; readonly by: readonly string[] }): Promise<readonly string[]> {
    const { played, here } = this.divide(question.by);
    if (here.length === 0) {
      await this.pass();
      return played;
    }
    const given = await this.put({ kind: 'confirm', statement: question.statement, by: here }, played);
    return given.kind === 'confirm' ? question.by.filter((id) => played.includes(id) || given.by.includes(id)) : [];
  }

  async ask(question: {
    readonly text: string;
    readonly by: readonly string[];
    readonly played?: string;
    readonly expects?: 'name';
  }): Promise<string> {
    const { played, here } = this.divide(question.by);
    if (here.length === 0) {
      await this.pass();
      if (question.played !== undefined) return question.played;
      if (question.expects === 'name') return this.guestName();
      return `${played.map((id) => this.parts.nameOf(id)).join(', ')} was played in this rehearsal: nothing real was said.`;
    }
    const expects = question.expects === undefined ? {} : { expects: question.expects };
    const given = await this.put({ kind: 'ask', text: question.text, by: here, ...expects }, []);
    return given.kind === 'ask' ? given.text : '';
  }

  /** One after the other, so that nobody hears a time before theirs; people who are played read the workstation's clock. */
  async readClocks({ by }: { readonly by: readonly string[] }): Promise<readonly ClockReading[]> {
    const readings: ClockReading[] = [];
    for (const [index, who] of by.entries()) {
      if (this.parts.isPlayed(who)) {
        await this.pass();
        const at = this.parts.clock.now();
        readings.push({ by: who, source: PLAYED_CLOCK, at, workstation: at });
        continue;
      }
      const given = await this.put({ kind: 'clock', who, place: index + 1, count: by.length }, []);
      if (given.kind !== 'clock' || given.said === null) continue;
      readings.push({ by: who, ...given.said, workstation: given.workstation });
    }
    return readings;
  }

  async attach(question: {
    readonly step: string;
    readonly text: string;
    readonly by: readonly string[];
    readonly room: string | null;
  }): Promise<readonly string[]> {
    const { here } = this.divide(question.by);
    if (here.length === 0 && question.room !== null) {
      await this.pass();
      return [playedFile(question.room, question.step)];
    }
    const given = await this.put({ kind: 'attach', text: question.text, by: here }, []);
    return given.kind === 'attach' ? given.files.map(({ path }) => path) : [];
  }

  changes(): readonly PeopleChange[] {
    const { said } = this;
    this.said = [];
    if (said.length > 0) this.parts.onChange();
    return said;
  }

  /** What was said of people coming and going, and was not yet taken up. */
  get pending(): readonly PeopleChange[] {
    return this.said;
  }

  /** Somebody came, left or was replaced, or signed paper: carried out at the next safe point. */
  note(change: PeopleChange): void {
    this.said = [...this.said, change];
    this.parts.onChange();
  }

  async decide(question: {
    readonly happened: string;
    readonly changed: string;
    readonly next: string;
    readonly options: readonly Decision[];
  }): Promise<Decision> {
    const { happened, changed, next, options } = question;
    const given = await this.put({ kind: 'decide', happened, changed, next, options }, []);
    return given.kind === 'decide' ? given.decision : 'stop';
  }

  /** @throws RequestFailed for another question than the one that is open */
  answerBegin(id: string): void {
    this.take(id, 'begin').answer({ kind: 'begin' });
  }

  /** @throws RequestFailed as {@link answerBegin}, and for people who were not asked */
  answerConfirm(id: string, by: readonly string[]): void {
    const open = this.take(id, 'confirm');
    const asked = open.question.kind === 'confirm' ? open.question.by : [];
    const stranger = by.find((one) => !asked.includes(one));
    if (stranger !== undefined) {
      throw refused(`${this.parts.nameOf(stranger)} was not asked.`, 'Only those who were asked confirm.');
    }
    open.answer({ kind: 'confirm', by });
  }

  /** @throws RequestFailed as {@link answerBegin}, and for a text that is no name where one is asked for */
  answerText(id: string, text: string): void {
    const open = this.take(id, 'ask');
    if (open.question.kind === 'ask' && open.question.expects === 'name' && !v.is(Name, text)) {
      throw refused('That is not a name: it takes 1 to 200 characters on one line.', 'Type the name alone.');
    }
    open.answer({ kind: 'ask', text });
  }

  /**
   * Somebody read their clock. What the workstation's clock shows is taken this moment.
   *
   * @param said null: they have no clock to read
   * @throws RequestFailed as {@link answerBegin}
   */
  answerClock(id: string, said: SaidTime): void {
    // SECURITY(K-140): main's own clock, at the moment the answer comes: the window names no time of the workstation.
    const workstation = this.parts.clock.now();
    this.take(id, 'clock').answer({ kind: 'clock', said, workstation });
  }

  /** @throws RequestFailed as {@link answerBegin} */
  requireAttach(id: string): void {
    this.take(id, 'attach');
  }

  /**
   * Puts a file on the list of those that go with the answer.
   *
   * @throws RequestFailed as {@link answerBegin}, for a file that is on the list, and for too many
   */
  addFile(id: string, file: ChosenFile): void {
    const open = this.take(id, 'attach');
    if (open.files.some(({ path }) => path === file.path)) {
      throw refused(`${file.path} is on the list already.`, 'Choose another file.');
    }
    if (open.files.length >= MAX_FILES) {
      throw refused(`${String(MAX_FILES)} files are on the list already.`, 'Put more of them into one archive.');
    }
    this.replace(open, [...open.files, file]);
  }

  /**
   * Takes a file off the list.
   *
   * @param place its place, from 0
   * @throws RequestFailed as {@link answerBegin}, and where another file stands there
   */
  dropFile(id: string, place: number, sha256: string): void {
    const open = this.take(id, 'attach');
    const file = open.files[place];
    if (file?.sha256 !== sha256) throw refused('That file is not on the list any more.', 'Look at the list.');
    this.replace(
      open,
      open.files.filter((one) => one !== file),
    );
  }

  /**
   * Answers with the files that are on the list, or with none.
   *
   * @param none said so: an empty list alone is no answer
   * @throws RequestFailed as {@link answerBegin}, where the list and `none` do not agree, and for a file that is another
   *   than was chosen
   */
  async answerFiles(id: string, none: boolean): Promise<void> {
    const { files } = this.take(id, 'attach');
    if (none !== (files.length === 0)) {
      throw none
        ? refused('Files are on the list.', 'Attach them, or take them off the list first.')
        : refused('No file was chosen.', 'Choose one, or say that there is none.');
    }
    for (const { path, sha256 } of files) {
      // SECURITY(K-141): what goes on record is what people saw on the list.
      if ((await lookAtFile(path)).sha256 !== sha256) {
        throw refused(`${path} was changed since it was chosen.`, 'Take it off the list, and choose it again.');
      }
    }
    this.take(id, 'attach').answer({ kind: 'attach', files });
  }

  /** @throws RequestFailed as {@link answerBegin}, and for a decision that was not offered */
  answerDecision(id: string, decision: Decision): void {
    const open = this.take(id, 'decide');
    const options = open.question.kind === 'decide' ? open.question.options : [];
    if (!options.includes(decision)) throw refused(`“${decision}” was not offered.`, `Choose ${options.join(' or ')}.`);
    open.answer({ kind: 'decide', decision });
  }

  /** Nobody is asked any more: what is asked now, and whatever would be, stops the ceremony. */
  stop(): void {
    this.stopped = true;
    for (const one of this.waiting.toReversed()) one.stop();
  }

  /** Where nobody must be asked, a stop is still carried out. */
  private async pass(): Promise<void> {
    await this.parts.betweenActs();
    if (this.stopped) throw new CeremonyStopped(STOPPED);
  }

  private async put(question: Question, confirmed: readonly string[]): Promise<Answer> {
    await this.pass();
    return new Promise<Answer>((resolve, reject) => {
      const close = (): void => {
        this.waiting = this.waiting.filter((one) => one.id !== waiting.id);
        this.parts.onChange();
      };
      const waiting: Waiting = {
        id: this.parts.nextId(),
        question,
        confirmed,
        files: [],
        answer: (given) => {
          close();
          resolve(given);
        },
        stop: () => {
          close();
          reject(new CeremonyStopped(STOPPED));
        },
      };
      this.waiting = [...this.waiting, waiting];
      this.parts.onChange();
    });
  }

  private replace(open: Waiting, files: readonly ChosenFile[]): void {
    this.waiting = this.waiting.map((one) => (one.id === open.id ? { ...one, files } : one));
    this.parts.onChange();
  }

  /** As the unattended rehearsal names whom it plays. */
  private guestName(): string {
    this.guests += 1;
    return `Guest ${String(this.guests)}`;
  }

  private take(id: string, kind: Question['kind']): Waiting {
    const open = this.waiting.at(-1);
    // SECURITY(K-67): a click that comes late must not answer what was asked meanwhile.
    if (open?.id === id && open.question.kind === kind) return open;
    throw refused('This question is not open any more, and your answer was not taken.', 'Look at what is asked now.');
  }

  private divide(by: readonly string[]): { readonly played: readonly string[]; readonly here: readonly string[] } {
    return { played: by.filter(this.parts.isPlayed), here: by.filter((id) => !this.parts.isPlayed(id)) };
  }
}
