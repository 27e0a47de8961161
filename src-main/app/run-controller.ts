/**
 * One run of a ceremony in the app: the engine on one side, the person at the main window on the other. It begins with
 * the approvals, or where the record stands, and ends with the sealed bundle, a stop, or what went wrong.
 */
import { join } from 'node:path';
import { CeremonyPaused, CeremonyStopped, type Ceremony } from '../../ceremony/engine/ceremony';
import { BundleNotCopied, exportMedia, type MediumWithoutCopy } from '../../ceremony/engine/copy-to-media';
import { canSignExceptions, recordRaised, signRaised } from '../../ceremony/engine/exception';
import { openCeremony, type Documents } from '../../ceremony/engine/open';
import { takeChanges } from '../../ceremony/engine/people-changes';
import type { Decision, EnginePorts, Notice, PeopleChange } from '../../ceremony/engine/ports';
import { resumeCeremony } from '../../ceremony/engine/resume';
import { runCeremony } from '../../ceremony/engine/run';
import { openSession } from '../../ceremony/engine/sessions';
import type { Verdict } from '../../ceremony/bundle/verify';
import type { Binding } from '../../ceremony/plan/binding-schema';
import type { Step } from '../../ceremony/plan/schema';
import { unrecordableIn } from '../../ceremony/text-forms';
import { EXCEPTION_KINDS } from '../../ceremony/transcript/exception-kinds';
import { RaisedException } from '../../ceremony/transcript/raised-exception';
import type { Dialogue, PadEntry } from '../../hsm/dialogue';
import type { RequestFailed } from '../../ipc/define';
import type { Playing, RunView, StuckProcess, TaskView } from '../../ipc/view';
import * as v from 'valibot';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import type { BundleLock } from '../../workstation/bundle-lock';
import { CeremonyEnded, explain, isFault } from '../../workstation/explain';
import { Session } from '../../workstation/session';
import type { AppParts, RunProcesses } from './app-parts';
import { cutTo } from './audit-text';
import { playedBy } from './bound';
import { deskWords, namesOf } from './desk-words';
import { padTask, personTask } from './dialogue-words';
import { runtimeForPreflight } from './production';
import { changeWords, refuseChange } from './people-changes';
import { pausedTask } from './paused';
import type { ChosenFile } from './chosen-file';
import { RunPeople, type OpenQuestion, type SaidTime } from './run-people';
import { RunStory } from './run-story';
import { resultView } from './run-result';
import { runView } from './run-view';
import { refused, wholeTrouble } from './trouble';

/** Longest words of an error or a notice that are shown, in UTF-16 code units: others' words may be in them. */
const MAX_WORDS = 10_000;
/** Most notices of a step that are shown. */
const MAX_NOTICES = 100;

/** How a run begins: before line 0, where the record stands, or with the next session of a ceremony that is paused. */
export type Beginning =
  | { readonly kind: 'new' | 'resumed' }
  /** `first`: the binding in force until the pause. */
  | { readonly kind: 'session'; readonly first: Binding };

/** What a run is made of. */
export interface RunParts {
  readonly app: AppParts;
  readonly documents: Documents;
  /** Folder of the bundle, which exists. */
  readonly folder: string;
  /** The folder, taken for this process; let go at the end. */
  readonly lock: BundleLock;
  readonly beginning: Beginning;
  readonly playing: Playing;
  /** Memory of the player; null where nobody is played. */
  readonly playerFile: string | null;
  /** Removes the rehearsal's room, if it is a throw-away one. Called once the bundle is sealed. */
  readonly leaveRoom: () => void;
  /** Ids of questions, never used again. */
  readonly nextId: () => string;
  readonly onChange: () => void;
}

type Ended = Extract<TaskView, { kind: 'ended' }>;

/** What was raised and is not yet in the record, and whoever waits until it is. */
interface Raised {
  readonly said: RaisedException;
  readonly written: () => void;
  readonly lost: (why: Error) => void;
}

/** Words of an exception as the main window sends them. */
export type ExceptionWords = Readonly<Record<keyof RaisedException, string>>;

/** A run from its beginning to its end. */
export class RunController {
  private readonly parts: RunParts;
  private readonly people: RunPeople;
  private readonly story: RunStory;
  private readonly processes: RunProcesses;
  private readonly session: Session;
  private readonly running: Promise<void>;
  private ceremony: Ceremony | null = null;
  private present: number | null = null;
  private stage = 'Approvals';
  private doing: { readonly text: string; readonly since: string };
  private dialogue: Dialogue | null = null;
  /** Who must act at a token's own pad, and since when. */
  private pad: { readonly entry: PadEntry; readonly since: string } | null = null;
  private notices: RunView['notices'] = [];
  /** What the step before leaves to look at, until the next one begins. */
  private result: RunView['result'] = null;
  private queue: readonly Raised[] = [];
  /** What was raised being written; null when nothing is. */
  private writing: Promise<void> | null = null;
  /** What was raised being written and signed; null when nothing is. */
  private signing: Promise<void> | null = null;
  /** The question that stands open meanwhile, and cannot be answered. */
  private held: string | null = null;
  /** What ended the run past the engine; null while nothing did. */
  private fault: unknown = null;
  /** What was raised and could not be put on record. */
  private unrecorded: Ended['notRecorded'] = [];
  /** Who came or went, in words, where that could not be put on record. */
  private unsaid: readonly string[] = [];
  private isClosing = false;
  private stopping = false;
  private ended: Ended | null = null;

  /** Starts the processes, and the run. */
  constructor(parts: RunParts) {
    this.parts = parts;
    const { app, documents, folder, playing } = parts;
    const { binding } = documents.binding;
    const names = namesOf(binding.people);
    const isPlayed = playedBy(playing);
    this.doing = { text: 'Approvals', since: now() };
    this.story = new RunStory(documents.plan.plan, binding);
    this.people = new RunPeople({
      isPlayed,
      nameOf: (id) => this.nameOf(id),
      clock: { now },
      nextId: parts.nextId,
      onNotice: (notice) => {
        this.notice(notice);
      },
      onChange: () => {
        // SECURITY(K-71): a question at the main window was answered by whoever sits at the keyboard now.
        this.processes.emptySeat();
        parts.onChange();
      },
      betweenActs: () => this.takeRaised(),
    });
    this.describe();
    this.processes = app.startProcesses({
      ceremony: binding.ceremony,
      modules: binding.modules,
      names,
      playerFile: parts.playerFile,
      isPlayed,
      onPerson: (dialogue) => {
        this.dialogue = dialogue;
        parts.onChange();
      },
      onPad: (entry) => {
        this.pad = entry === null ? null : { entry, since: now() };
        parts.onChange();
      },
    });
    this.session = new Session({
      plan: documents.plan.plan,
      binding,
      people: this.people,
      folder: new WatchedFolder(folder, parts.onChange),
      processes: this.processes,
      runtime: runtimeForPreflight(app.runtime),
    });
    this.running = this.run();
  }

  /** Whether it is over: sealed, stopped or failed. */
  get isOver(): boolean {
    return this.ended !== null;
  }

  /** Whether the bundle is sealed. */
  get isSealed(): boolean {
    return this.ended?.outcome === 'closed';
  }

  /** Folder of the bundle. */
  get folder(): string {
    return this.parts.folder;
  }

  /** A copy of the sealed bundle was made, beside those that the plan names. */
  noteCopy(path: string): void {
    if (this.ended === null) return;
    const { media, notCopied } = this.ended;
    const named = notCopied.find((one) => one.path === path);
    const copy = { id: named?.id ?? `copy-${String(media.length + 1)}`, path };
    const lacking = notCopied.filter((one) => one !== named);
    this.ended = { ...this.ended, next: this.nextOnceSealed(lacking), media: [...media, copy], notCopied: lacking };
    this.parts.onChange();
  }

  /** Hash of the plan that was reviewed for it, hex. */
  get planSha256(): string {
    return this.parts.documents.plan.sha256;
  }

  /** Id of the ceremony. */
  get ceremonyId(): string {
    return this.parts.documents.binding.binding.ceremony;
  }

  /** The run for the main window. */
  view(): RunView {
    const { documents, folder, playing } = this.parts;
    if (this.ceremony !== null) this.story.takeAll(this.ceremony.record.lines);
    return runView({
      documents,
      folder,
      ceremony: this.ceremony,
      story: this.story,
      isPlayed: playedBy(playing),
      present: this.present,
      stage: this.stage,
      task: this.task(),
      confirmed: this.people.open?.confirmed ?? [],
      notices: this.notices,
      result: this.result,
      queued: this.queue.map(({ said }) => said),
      changes: this.people.pending.map((change) => changeWords(change, (id) => this.nameOf(id))),
      stopping: this.stopping,
    });
  }

  /** @throws RequestFailed for another question than the one that is open */
  beginStep(question: string): void {
    this.refuseHeld(question);
    this.people.answerBegin(question);
  }

  /** @throws RequestFailed as above, and for people who were not asked */
  confirm(question: string, by: readonly string[]): void {
    this.refuseHeld(question);
    this.people.answerConfirm(question, by);
  }

  /** @throws RequestFailed as above, and for a text that cannot go on record */
  answer(question: string, text: string): void {
    this.refuseHeld(question);
    refuseUnrecordable('The answer', text);
    this.people.answerText(question, text);
  }

  /** @throws RequestFailed as above, and for a decision that was not offered */
  decide(question: string, decision: Decision): void {
    this.refuseHeld(question);
    this.people.answerDecision(question, decision);
  }

  /** @throws RequestFailed as above, and for a clock's name that cannot go on record */
  readClock(question: string, said: SaidTime): void {
    this.refuseHeld(question);
    if (said !== null) refuseUnrecordable('The name of the clock', said.source);
    this.people.answerClock(question, said);
  }

  /** @throws RequestFailed when no file is asked for by that question */
  requireAttachQuestion(question: string): void {
    this.refuseHeld(question);
    this.people.requireAttach(question);
  }

  /** @throws RequestFailed as above, and for a file that is on the list already */
  addFile(question: string, file: ChosenFile): void {
    this.refuseHeld(question);
    this.people.addFile(question, file);
  }

  /** @throws RequestFailed as above */
  dropFile(question: string, place: number, sha256: string): void {
    this.refuseHeld(question);
    this.people.dropFile(question, place, sha256);
  }

  /** @throws RequestFailed as above, and for a file that was changed since it was chosen */
  async attach(question: string, none: boolean): Promise<void> {
    this.refuseHeld(question);
    await this.people.answerFiles(question, none);
  }

  /**
   * Takes what was said of people coming and going. Before a step it is carried out at once, else at the beginning of the
   * next attempt or step; until then the view shows it as waiting.
   *
   * @throws RequestFailed for people or words that do not fit, while there is no record yet, and once it is being closed
   */
  changePeople(change: PeopleChange): void {
    this.requireChangeable();
    refuseChange(change, this.view().people);
    this.processes.emptySeat();
    this.people.note(change);
    if (this.changesAreDue()) this.takeRaisedNow();
  }

  /** @throws RequestFailed while there is no record yet, and once it is being closed */
  requireChangeable(): void {
    if (this.ended !== null || this.isClosing) {
      throw refused('The record is being closed, or the run is over: nothing can be added to it.', ADD_ON_PAPER);
    }
    if (this.ceremony === null) {
      throw refused(
        'The record is not open yet: nothing can be added to it.',
        'Say it when the first step stands on the screen.',
      );
    }
  }

  /**
   * Takes what somebody raises. It is written down at once where nothing is under way, else as soon as that is so; until
   * then the view shows it as waiting.
   *
   * @returns once it is on record; rejects with RequestFailed when the run ended before it could be written
   * @throws RequestFailed at once for a step that the plan lacks, for `step-skipped`, while there is no record yet, and
   *   once the record is being closed
   */
  raise(said: ExceptionWords): Promise<void> {
    const raised = this.raisable(said);
    const recorded = new Promise<void>((written, lost) => {
      this.queue = [...this.queue, { said: raised, written, lost }];
    });
    this.processes.emptySeat();
    // Whoever raised it may have gone; the view shows what became of it.
    recorded.catch(() => undefined);
    this.parts.onChange();
    if (this.people.open !== null) this.takeRaisedNow();
    return recorded;
  }

  /** Ends the run where nothing is under way. */
  stop(): void {
    if (this.ended !== null) return;
    this.processes.emptySeat();
    this.stopping = true;
    this.ceremony?.askToStop();
    this.people.stop();
    this.parts.onChange();
  }

  /** Brings the open secret window to the front. */
  showSecretWindow(): void {
    this.processes.emptySeat();
    this.processes.showPerson();
  }

  /** What works now and waits for nobody. */
  stuck(): readonly StuckProcess[] {
    this.processes.emptySeat();
    return this.processes.stuck();
  }

  /** Kills what hangs. The device is read again afterwards. @returns whether any of them still worked on the same */
  endWorker(ids: readonly string[]): boolean {
    this.processes.emptySeat();
    return this.processes.endStuck(ids);
  }

  /** Ends everything, because the app ends. What is on record stays, and can be gone on with. Never rejects. */
  async close(): Promise<void> {
    this.stop();
    await this.session.end();
    await this.running;
  }

  private async run(): Promise<void> {
    const { documents } = this.parts;
    const { ports } = this.session;
    let ended: Ended;
    try {
      this.ceremony = await this.begin(ports);
      if (this.stopping) this.ceremony.askToStop();
      if (this.ceremony.record.closed !== null) this.beginClosing();
      const { verdict } = await runCeremony(this.ceremony, {
        mayBegin: (next) => this.mayBegin(next),
        stepBegins: () => undefined,
        stepEnds: () => undefined,
      });
      const { plan } = documents.plan;
      const copies = verdict === 'verified' ? exportMedia(plan, documents.binding.binding) : [];
      ended = this.closed(SEALED, verdict, copies);
    } catch (error) {
      ended =
        error instanceof BundleNotCopied
          ? this.closed(SEALED, 'verified', error.copied, error.lacking)
          : error instanceof CeremonyPaused && this.ceremony !== null
            ? pausedTask(this.ceremony, error.root)
            : this.broken(error);
    }
    try {
      await this.leave(ended);
    } finally {
      this.dialogue = null;
      this.pad = null;
      this.stage = '';
      // Words that somebody raised stay on the screen, when they could not be put on record.
      this.ended = { ...ended, notRecorded: this.unrecorded, notSaid: [...this.unsaid] };
      this.parts.onChange();
    }
  }

  private begin(ports: EnginePorts): Promise<Ceremony> {
    const { documents, beginning, app } = this.parts;
    switch (beginning.kind) {
      case 'new':
        return openCeremony(documents, app.app, ports);
      case 'resumed':
        return resumeCeremony(documents.plan, documents.binding, ports);
      case 'session':
        return openSession(beginning.first, documents, app.app, ports);
    }
  }

  /** Lets go of everything that the run held. Never rejects: how the run ended is what people must see. */
  private async leave({ outcome }: Ended): Promise<void> {
    const { lock, leaveRoom } = this.parts;
    const ways: readonly (() => unknown)[] = [
      () => {
        this.people.stop();
      },
      () => this.session.end(),
      () => this.signing,
      () => this.keepRaised(),
      // A mark that stays is a dead one as soon as this process has ended.
      () => {
        lock.release();
      },
      // A room that could not be removed holds nothing of worth, and the bundle is sealed.
      () => {
        if (outcome === 'closed') leaveRoom();
      },
    ];
    for (const way of ways) {
      try {
        await way();
      } catch {
        // The others are still to be let go of.
      }
    }
  }

  /** Between steps: what was raised is written and signed, then the operator begins the next one. */
  private async mayBegin(next: Step | null): Promise<'go' | 'stop'> {
    do await this.takeRaised();
    while (next === null && this.queue.length > 0 && !this.stopping);
    const { plan } = this.parts.documents.plan;
    const index = next === null ? plan.steps.length : plan.steps.indexOf(next);
    this.result = resultView(plan, index - 1, this.ceremony?.record.lines ?? [], this.notices);
    this.notices = [];
    await this.takeChangesBetweenSteps();
    if (next === null) {
      this.beginClosing();
      return 'go';
    }
    this.present = index;
    this.stage = '';
    this.doing = { text: next.title, since: now() };
    this.describe();
    await this.people.begin();
    this.result = null;
    this.doing = { text: next.title, since: now() };
    return 'go';
  }

  /** What was said during a step, of people coming and going, before the next one is shown. */
  private async takeChangesBetweenSteps(): Promise<void> {
    const { ceremony } = this;
    if (ceremony === null || this.stopping || this.people.pending.length === 0) return;
    await takeChanges(ceremony, null);
    // Whoever came must not leave a PIN in a worker that waits for the operator.
    await ceremony.ports.devices.endStep();
  }

  /** Whether the run waits before a step, and somebody came or went: nothing is under way, and no question is about them. */
  private changesAreDue(): boolean {
    return this.people.open?.question.kind === 'begin' && this.people.pending.length > 0;
  }

  /** From here on nothing is added to the record but its end. */
  private beginClosing(): void {
    this.present = null;
    this.stage = 'Closing';
    this.doing = { text: 'Closing', since: now() };
    this.isClosing = true;
    this.describe();
    this.parts.onChange();
  }

  /** While a question is open, nothing is under way: what is raised then is written down at once. */
  private takeRaisedNow(): void {
    this.takeRaised().catch((error: unknown) => {
      // Signing it was given up, or the record cannot be written: the run ends where it is, and says why.
      this.fault = error;
      this.people.stop();
      this.ceremony?.askToStop();
    });
  }

  private async takeRaised(): Promise<void> {
    const { ceremony } = this;
    if (ceremony === null || this.stopping || (this.queue.length === 0 && !this.changesAreDue())) return;
    // Asked about while another one is being signed: nobody waits for the signatures there.
    if (this.signing !== null) return this.writeQueue(ceremony);
    this.held = this.people.open?.id ?? null;
    this.signing = this.signQueue(ceremony);
    try {
      await this.signing;
    } finally {
      this.signing = null;
      this.held = null;
      this.parts.onChange();
    }
  }

  private async signQueue(ceremony: Ceremony): Promise<void> {
    do {
      await this.writeQueue(ceremony);
      // The engine may be asking about a signature this very moment: it goes on with what was written here by itself.
      if (ceremony.signingRaised !== null) return;
      // Before the signatures: whoever comes may be one of the two who sign.
      if (this.changesAreDue()) await takeChanges(ceremony, null);
      await signRaised(ceremony);
    } while ((this.queue.length > 0 || this.changesAreDue()) && !this.stopping);
    // Before a step, whoever signed must not leave a PIN in a worker that waits for the operator.
    if (this.people.open?.question.kind === 'begin') await ceremony.ports.devices.endStep();
  }

  /** Writes what was raised, each once, and answers whoever raised it. */
  private async writeQueue(ceremony: Ceremony): Promise<void> {
    while (this.queue.length > 0) {
      this.writing ??= this.writeWaiting(ceremony).finally(() => {
        this.writing = null;
      });
      await this.writing;
    }
  }

  private async writeWaiting(ceremony: Ceremony): Promise<void> {
    for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
      await recordRaised(ceremony, next.said);
      this.queue = this.queue.slice(1);
      next.written();
      this.parts.onChange();
    }
  }

  /** The run ends: what was raised and not yet written is written, unsigned. It is signed when the ceremony is resumed. */
  private async keepRaised(): Promise<void> {
    // Nothing more is taken: nobody would write it.
    this.isClosing = true;
    const { ceremony } = this;
    try {
      if (ceremony !== null && ceremony.record.closed === null && !ceremony.record.paused)
        await this.writeQueue(ceremony);
    } catch {
      // The record cannot be written to: what ended the run says so.
    }
    for (const { said, lost } of this.queue) {
      this.unrecorded = [...this.unrecorded, inView(said)];
      lost(notRecorded(said));
    }
    this.unsaid = this.people.changes().map((change) => changeWords(change, (id) => this.nameOf(id)).text);
  }

  /** Whoever stands on the roster, or in the binding before there is one. */
  private nameOf(id: string): string {
    const known = this.ceremony?.record.roster.find((one) => one.id === id);
    return known?.name ?? this.parts.documents.binding.binding.people.find((one) => one.id === id)?.name ?? id;
  }

  private notice({ kind, text }: Notice): void {
    const at = now();
    this.notices = [...this.notices.slice(1 - MAX_NOTICES), { kind, text: cutTo(text, MAX_WORDS), at }];
    if (kind === 'progress') {
      this.doing = { text, since: at };
      this.describe();
    }
    this.parts.onChange();
  }

  private describe(): void {
    const { app, documents } = this.parts;
    const { plan } = documents.plan;
    const { mode, people } = documents.binding.binding;
    const named = { mode, people: [...people, ...(this.ceremony?.record.roster ?? [])] };
    const step = this.present === null ? undefined : plan.steps[this.present];
    const heading =
      step === undefined
        ? this.stage
        : `Step ${String((this.present ?? 0) + 1)} of ${String(plan.steps.length)}: ${step.title}`;
    app.describe(deskWords(plan, named, app.runtime, heading, this.doing.text));
  }

  private task(): TaskView {
    if (this.ended !== null) return this.ended;
    if (this.dialogue !== null) return personTask(this.dialogue, this.parts.documents.plan.plan);
    if (this.pad !== null) {
      return padTask(this.pad.entry, this.pad.since, this.parts.documents.plan.plan, (id) => this.nameOf(id));
    }
    const open = this.people.open;
    if (open !== null && open.id !== this.held) return questionTask(open);
    return { kind: 'working', doing: this.doing.text, since: this.doing.since };
  }

  private raisable(said: ExceptionWords): RaisedException {
    const { steps } = this.parts.documents.plan.plan;
    if (said.kind === 'step-skipped') {
      throw refused(
        'A step is not skipped in advance.',
        'Where a step may be left out, its exception is offered when it fails. Raise what departs from the plan as another kind.',
      );
    }
    refuseUnrecordable('What was expected', said.expected);
    refuseUnrecordable('What happened', said.happened);
    refuseUnrecordable('What was decided', said.decided);
    const raised = v.safeParse(RaisedException, said);
    if (!raised.success || !steps.some(({ id }) => id === said.step)) {
      throw refused(
        'The exception names no step of this plan, or its words are missing.',
        'Name the step it is about.',
      );
    }
    if (this.ended !== null || this.isClosing) {
      throw refused('The record is being closed, or the run is over: nothing can be added to it.', ADD_LATER);
    }
    if (this.ceremony === null) {
      throw refused(
        'The record is not open yet: nothing can be added to it.',
        'Raise the exception again when the first step stands on the screen, or write it on an exception sheet of the printed script.',
      );
    }
    if (!canSignExceptions(this.ceremony.record.roster)) {
      throw refused(
        'Nobody in this ceremony can sign an exception: its plan has no witness or auditor beside the administrators.',
        'Write it on an exception sheet of the printed script, and have everybody in the room sign that.',
      );
    }
    return raised.output;
  }

  private refuseHeld(question: string): void {
    if (this.held === null || question !== this.held) return;
    throw refused('An exception is being signed.', 'Answer when it is signed.');
  }

  private closed(
    happened: string,
    verdict: Verdict,
    copies: BundleNotCopied['copied'],
    lacking: readonly MediumWithoutCopy[] = [],
  ): Ended {
    const { room } = this.parts.documents.binding.binding;
    return {
      kind: 'ended',
      outcome: 'closed',
      happened,
      next: this.nextOnceSealed(lacking),
      verdict,
      // In a rehearsal the folders that stood for media go with the room.
      media: room === undefined ? copies.map(({ id, path }) => ({ id, path })) : [],
      notCopied: lacking.map(({ id, path, reason }) => ({ id, path: join(path, this.ceremonyId), reason })),
      notRecorded: [],
      notSaid: [],
    };
  }

  private nextOnceSealed(lacking: readonly unknown[]): string {
    if (this.parts.documents.binding.binding.room !== undefined) {
      return 'The throw-away tokens, and the folders that stood for media, are gone. Copy the bundle where it is to be kept, and verify it.';
    }
    const copy = lacking.length === 0 ? '' : COPY_LATER;
    return `${copy}Compare the bundle with its copies, and verify it on another machine: sh verify.sh`;
  }

  private broken(thrown: unknown): Ended {
    const error = this.fault ?? thrown;
    const goOn = `The record in ${this.parts.folder} is whole as far as it goes, and nothing in it is done twice. To go on, choose this ceremony on the home screen.`;
    const { happened, changed, next } = isFault(error)
      ? { happened: wholeTrouble(error).happened, changed: null, next: goOn }
      : explain(new CeremonyEnded(error, goOn));
    return {
      kind: 'ended',
      outcome: error instanceof CeremonyStopped ? 'stopped' : 'failed',
      happened: cutTo(changed === null ? happened : `${happened}\n${changed}`, MAX_WORDS),
      next: cutTo(next ?? '', MAX_WORDS),
      verdict: null,
      media: [],
      notCopied: [],
      notRecorded: [],
      notSaid: [],
    };
  }
}

/** A raised exception as the window is told of it. */
function inView({ step, kind, expected, happened, decided }: RaisedException): Ended['notRecorded'][number] {
  return { step, kind: EXCEPTION_KINDS.find((one) => one === kind) ?? 'other', expected, happened, decided };
}

const SEALED = 'The ceremony is closed, and its bundle is sealed.';
const COPY_LATER = 'Mount the medium, and copy the bundle to it: here, or later from the home screen. ';
const ADD_ON_PAPER = 'Write it on the printed script, signed by an administrator and the witness or auditor.';
const ADD_LATER =
  'Write it on an exception sheet of the printed script, signed by an administrator and the witness or auditor.';

/** What was raised was accepted, and the run ended before it was on record. Its words must not go with it. */
function notRecorded({ step, expected, happened, decided }: RaisedException): RequestFailed {
  return refused(
    `The run ended before this exception was on record. It is about step ${step}. Expected: ${expected} Happened: ${happened} Decided: ${decided}`,
    ADD_LATER,
  );
}

/** What the record cannot hold is refused before anything else is done with it. */
function refuseUnrecordable(what: string, text: string): void {
  const odd = unrecordableIn(text);
  if (odd === null) return;
  throw refused(
    `${what} holds ${odd}, a character that cannot be put on record.`,
    'Take it out, or type the text anew; then try again.',
  );
}

function questionTask({ id, question, files }: OpenQuestion): TaskView {
  switch (question.kind) {
    case 'begin':
      return { kind: 'begin', question: id };
    case 'confirm':
      return { kind: 'confirm', question: id, statement: question.statement, by: [...question.by] };
    case 'ask':
      return {
        kind: 'ask',
        question: id,
        text: question.text,
        by: [...question.by],
        ...(question.expects === undefined ? {} : { expects: question.expects }),
      };
    case 'clock': {
      const { who, place, count } = question;
      return { kind: 'clock', question: id, who, place, count };
    }
    case 'attach': {
      const { text, by } = question;
      return { kind: 'attach', question: id, text, by: [...by], files: files.map((file) => ({ ...file })) };
    }
    case 'decide': {
      const { happened, changed, next, options } = question;
      return { kind: 'decide', question: id, happened, changed, next, options: [...options] };
    }
  }
}

/** A bundle's folder that tells when a line was written. */
class WatchedFolder extends FileBundleFolder {
  private readonly written: () => void;

  constructor(path: string, written: () => void) {
    super(path);
    this.written = written;
  }

  override async append(name: string, content: Uint8Array): Promise<void> {
    await super.append(name, content);
    this.written();
  }
}

function now(): string {
  return new Date().toISOString();
}
