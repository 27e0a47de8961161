/**
 * What the app shows and does: from home over review and binding to the run and its sealed bundle. All state of the screen
 * lives here; the main window is a pure function of {@link AppController.view}. Whatever is refused is refused in words
 * (`RequestFailed`), and leaves everything as it was.
 */
import { join } from 'node:path';
import type { MainWindow } from '../../ipc/contract';
import { RequestFailed, type Handlers } from '../../ipc/define';
import type {
  AppView,
  CeremonySummary,
  PersonChoice,
  PlanView,
  Playing,
  RoomFinding,
  ScreenView,
  VerifyView,
} from '../../ipc/view';
import { sealOf } from '../../ceremony/bundle/sums';
import type { Documents } from '../../ceremony/engine/open';
import { readBinding } from '../../ceremony/plan/read';
import type { Paper } from '../../ceremony/print/printer';
import { checkParameters } from '../../workstation/bound-inputs';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { readText } from '../../workstation/input';
import { LinuxWorkstation } from '../../workstation/linux-workstation';
import type { AppParts, Dialogs, RunProcesses, Theme } from './app-parts';
import { withApproval } from './approvals';
import { AuditDesk, type AuditRequest } from './audit-desk';
import { bindingView, lookAtTokens, type TokensByModule } from './binding-view';
import { playedBy, type Bound, type BoundSession } from './bound';
import { findExample, listCeremonies, listExamples, type Listing } from './ceremonies';
import { lookAtFile } from './chosen-file';
import { deskWords, namesOf } from './desk-words';
import { boundSession, readPaused, sessionFromFile, sessionFromRoom } from './next-session';
import { openPlan, planView, type OpenPlan } from './plan-view';
import { refuseProduction, runtimeForPreflight } from './production';
import { makeRehearsal, peopleOf } from './rehearsal-preparation';
import { roomFinding } from './room-findings';
import { RunController } from './run-controller';
import { requirePlayer, startNew, startSession, takeUp, type RunStart } from './run-start';
import { refused, wholeTrouble } from './trouble';

interface Review {
  readonly kind: 'review';
  readonly plan: OpenPlan;
  readonly view: PlanView;
}

interface Binding {
  readonly kind: 'binding';
  readonly plan: OpenPlan;
  readonly view: PlanView;
  readonly people: PersonChoice[];
  readonly parametersFile: string | null;
  readonly bound: Bound | null;
}

type Screen =
  | { readonly kind: 'home' }
  | Review
  | Binding
  | { readonly kind: 'run'; readonly run: RunController }
  | { readonly kind: 'verify'; readonly desk: AuditDesk };

/** The app's state, and what the main window may ask of it. */
export class AppController {
  /** One for each request of the contract. They reject with `RequestFailed` only. */
  readonly handlers: Handlers<MainWindow>;
  private readonly parts: AppParts;
  private readonly dialogs: Dialogs;
  /** The app ends: whatever dialog is open counts as cancelled. */
  private readonly ending = new AbortController();
  private readonly listeners: (() => void)[] = [];
  private theme: Theme;
  private screen: Screen = { kind: 'home' };
  private room: readonly RoomFinding[] = [];
  private listing: Listing;
  /** Where sealed bundles were copied from home since the app began, by ceremony. */
  private readonly copies = new Map<string, string>();
  private readonly examples: AppView['examples'];
  private busy: string | null = null;
  /** Work under way; settled when there is none. */
  private working: Promise<unknown> = Promise.resolve();
  /** Processes that make a rehearsal, or look at tokens; null when none do. */
  private preparing: RunProcesses | null = null;
  private lastQuestion = 0;
  private isTold = false;
  private isDialogOpen = false;

  constructor(parts: AppParts) {
    this.parts = parts;
    this.dialogs = dialogsUntil(this.ending.signal, parts.dialogs, (open) => {
      this.isDialogOpen = open;
    });
    this.theme = parts.theme;
    this.listing = listCeremonies(parts.ceremoniesFolder);
    this.examples = listExamples(parts.examplesFolder);
    this.handlers = guarded(this.allHandlers());
  }

  /** Everything the main window shows. */
  view(): AppView {
    return {
      runtime: this.parts.runtime,
      theme: this.theme,
      room: [...(this.listing.finding === null ? [] : [this.listing.finding]), ...this.room],
      ceremonies: this.listing.ceremonies.map((one) => this.withCopy(one)),
      ceremoniesFolder: this.parts.ceremoniesFolder,
      examples: this.examples,
      screen: this.screenView(),
      busy: this.busy,
    };
  }

  /** The listener is called when the view has changed, at most once in a turn of the event loop. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Looks at the workstation: the known answers take a moment, so not before the first window is up. Never rejects. */
  async look(): Promise<void> {
    const runtime = runtimeForPreflight(this.parts.runtime);
    try {
      const nothing = new FileBundleFolder(this.parts.ceremoniesFolder);
      const observed = await new LinuxWorkstation(nothing, runtime).observe([], []);
      const own = this.parts.findings();
      this.room = [...own, ...observed.filter(({ check }) => !SAID_BY_THE_APP.includes(check)).map(roomFinding)];
    } catch (error) {
      const { happened, next } = wholeTrouble(error);
      this.room = [{ check: 'workstation', ok: false, found: happened, remedy: next }];
    }
    this.changed();
  }

  /** The app ends: processes end, a ceremony under way stays as it is on record, a room that was not used goes. */
  async close(): Promise<void> {
    this.ending.abort();
    await this.preparing?.endAll();
    await this.working.catch(() => undefined);
    if (this.screen.kind === 'run') await this.screen.run.close();
    if (this.screen.kind === 'verify') this.screen.desk.leave();
    this.leaveRoom();
  }

  private allHandlers(): Handlers<MainWindow> {
    return {
      'app.view': () => this.view(),
      'theme.set': ({ theme }) => {
        this.theme = theme;
        this.parts.setTheme(theme);
        return this.done();
      },
      'home.show': () => {
        this.refuseBusy();
        this.leaveScreen();
        return this.goTo({ kind: 'home' });
      },
      'room.look-again': () =>
        this.work('Looking at the workstation', async () => {
          await this.look();
          return null;
        }),
      'plan.open-file': () =>
        this.work('Choosing a plan', async () => {
          this.refuseInRun();
          const kind = { kind: 'Plans', extensions: ['yaml', 'yml'] };
          const file = await this.dialogs.openFile({ title: 'Open a plan', ...kind });
          if (file === null) return false;
          this.review(openPlan(file));
          return true;
        }),
      'plan.open-example': ({ id }) => {
        this.refuseBusy();
        this.refuseInRun();
        const plan = findExample(this.parts.examplesFolder, id);
        if (plan === null) throw refused(`There is no plan ${id} here.`, 'Open it as a file.');
        this.review(plan);
        return null;
      },
      'plan.accept': () => {
        this.refuseBusy();
        const { plan, view } = this.at('review');
        if (!view.good) {
          throw refused(
            'This plan cannot be carried out: the checker finds errors in it.',
            'Have it corrected as the findings say, reviewed again, and open the new one.',
          );
        }
        return this.goTo({ kind: 'binding', plan, view, people: peopleOf(plan), parametersFile: null, bound: null });
      },
      'binding.choose-parameters': () => this.work('Choosing wrapping parameters', () => this.chooseParameters()),
      'binding.forget-parameters': () => {
        this.refuseBusy();
        const screen = this.unbound();
        return this.goTo({ ...screen, parametersFile: null });
      },
      'binding.make-rehearsal': ({ playing, names }) =>
        this.work('Making the rehearsal room', () => this.makeRehearsal(playing, names)),
      'binding.open-file': () => this.work('Opening a binding', () => this.openBinding()),
      'binding.add-approval': () => this.work('Reading an approval', () => this.addApproval()),
      'binding.drop': () => {
        this.refuseBusy();
        const screen = this.at('binding');
        this.leaveRoom();
        return this.goTo(screen.bound?.session === undefined ? { ...screen, bound: null } : { kind: 'home' });
      },
      'ceremony.begin': () => {
        this.refuseBusy();
        const { bound } = this.at('binding');
        if (bound === null) throw refused('Nothing is bound yet.', 'Make a rehearsal, or open a binding.');
        if (bound.session !== undefined) return this.beginSession(bound, bound.session);
        this.run(startNew(this.parts, bound));
        return null;
      },
      'ceremony.next-session': ({ ceremony, playing, from }) =>
        this.work('Looking at the binding of the next session', () => this.nextSession(ceremony, playing, from)),
      'ceremony.resume': ({ ceremony, playing }) =>
        this.work('Taking the ceremony up', async () => {
          this.refuseInRun();
          const start = await takeUp(this.parts, ceremony, playing);
          this.leaveRoom();
          this.run(start);
          return null;
        }),
      'ceremony.copy-bundle': ({ ceremony }) => this.work('Copying the bundle', () => this.copySealedBundle(ceremony)),
      'run.begin-step': ({ question }) =>
        this.inRun((run) => {
          run.beginStep(question);
        }),
      'run.confirm': ({ question, by }) =>
        this.inRun((run) => {
          run.confirm(question, by);
        }),
      'run.answer': ({ question, text }) =>
        this.inRun((run) => {
          run.answer(question, text);
        }),
      'run.decide': ({ question, decision }) =>
        this.inRun((run) => {
          run.decide(question, decision);
        }),
      'run.read-clock': ({ question, reading }) =>
        this.inRun((run) => {
          run.readClock(question, reading);
        }),
      'run.choose-file': ({ question }) => this.work('Choosing a file', () => this.chooseAttachment(question)),
      'run.drop-file': ({ question, place, sha256 }) =>
        this.inRun((run) => {
          run.dropFile(question, place, sha256);
        }),
      'run.attach': async ({ question, none }) => {
        await this.currentRun().attach(question, none);
        return this.done();
      },
      'run.change-people': (change) =>
        this.inRun((run) => {
          run.changePeople(change);
        }),
      'run.paper-signature': (signed) => this.work('Choosing the scan', () => this.takePaperSignature(signed)),
      // Taken, and shown as waiting: writing it down waits for what is under way, and for as long as that takes.
      'run.raise-exception': (said) =>
        this.inRun((run) => {
          void run.raise(said);
        }),
      'run.stop': () =>
        this.inRun((run) => {
          run.stop();
        }),
      'run.show-secret-window': () => {
        if (this.preparing !== null) {
          this.preparing.emptySeat();
          this.preparing.showPerson();
        } else this.currentRun().showSecretWindow();
        return null;
      },
      'run.stuck': () => [...(this.preparing ?? this.currentRun()).stuck()],
      'run.end-worker': ({ processes }) => {
        const ended =
          this.preparing === null ? this.currentRun().endWorker(processes) : this.preparing.endStuck(processes);
        if (ended) return null;
        throw refused('It has answered meanwhile, and nothing was ended.', 'Look at what is asked now.');
      },
      'run.copy-bundle': () => this.work('Copying the bundle', () => this.copyBundle()),
      'verify.show': () => {
        this.refuseBusy();
        this.leaveScreen();
        return this.goTo({ kind: 'verify', desk: this.newDesk() });
      },
      'verify.open-folder': ({ planHash }) =>
        this.work('Verifying the bundle', async () => {
          this.refuseInRun();
          const wanted = { title: 'Open an evidence bundle', button: 'Verify' };
          const folder = await this.dialogs.openFolder(wanted);
          if (folder === null) return false;
          await this.verify(folder, planHash);
          return true;
        }),
      'verify.ceremony': ({ ceremony, planHash }) =>
        this.work('Verifying the bundle', async () => {
          this.refuseInRun();
          const folder = join(this.parts.ceremoniesFolder, ceremony);
          await this.verify(folder, planHash, this.ranPlan(folder, planHash) ? 'run' : 'person');
          return null;
        }),
      'verify.add-approver': () => this.work('Choosing a public key', () => this.addApprover()),
      'verify.forget-approvers': () =>
        this.work('Verifying the bundle', async () => {
          await this.desk().forgetApprovers();
          return null;
        }),
      'verify.again': ({ planHash }) =>
        this.work('Verifying the bundle', async () => {
          await this.desk().again(planHash);
          return null;
        }),
      'audit.compare-folder': () =>
        this.work('Comparing two bundles', async () => {
          const desk = this.desk();
          const wanted = { title: 'Open the evidence bundle to compare with', button: 'Compare' };
          const folder = await this.dialogs.openFolder(wanted);
          if (folder === null) return false;
          await desk.compare(folder);
          return true;
        }),
      'audit.compare-ceremony': ({ ceremony }) =>
        this.work('Comparing two bundles', async () => {
          await this.desk().compare(join(this.parts.ceremoniesFolder, ceremony));
          return null;
        }),
      'audit.drop-comparison': () => {
        this.refuseBusy();
        this.desk().dropComparison();
        return this.done();
      },
      'audit.save-report': (wanted) =>
        this.work('Making the report', () => this.saveReport(wanted.form, 'paper' in wanted ? wanted.paper : 'A4')),
      'audit.printers': () => this.work('Looking for printers', () => this.desk().printers()),
      'audit.print-report': ({ printer, paper }) =>
        this.work('Handing the report to the printer', () => this.desk().printReport(printer, paper)),
      ...this.walkHandlers(),
    };
  }

  /** Requests about the lines of the open bundle: they come at any time, and change nothing that the view shows. */
  private walkHandlers(): Pick<Handlers<MainWindow>, AuditRequest> {
    return {
      'audit.lines': (args) => this.desk().handlers['audit.lines'](args),
      'audit.place': (args) => this.desk().handlers['audit.place'](args),
      'audit.line': (args) => this.desk().handlers['audit.line'](args),
      'audit.copy-line': (args) => this.desk().handlers['audit.copy-line'](args),
      'audit.search': (args) => this.desk().handlers['audit.search'](args),
      'audit.stop-search': (args) => this.desk().handlers['audit.stop-search'](args),
    };
  }

  private review(plan: OpenPlan): void {
    const view = planView(plan);
    this.leaveScreen();
    this.goTo({ kind: 'review', plan, view });
  }

  private async chooseParameters(): Promise<boolean> {
    const screen = this.unbound();
    const file = await this.dialogs.openFile({
      title: 'Choose wrapping parameters',
      kind: 'Wrapping parameters',
      extensions: ['json'],
    });
    if (file === null) return false;
    checkParameters(screen.plan.document.plan, null, file);
    this.goTo({ ...screen, parametersFile: file });
    return true;
  }

  private async makeRehearsal(playing: Playing, names: Readonly<Record<string, string>>): Promise<null> {
    const screen = this.unbound();
    const { plan, parametersFile } = screen;
    const bound = await makeRehearsal(
      this.parts,
      plan,
      { playing, names, parametersFile },
      {
        onPerson: () => {
          this.changed();
        },
        onProcesses: (processes) => {
          this.preparing = processes;
        },
      },
    );
    return this.goTo({ ...screen, bound });
  }

  private async openBinding(): Promise<boolean> {
    const screen = this.unbound();
    const { plan } = screen;
    const kind = { kind: 'Bindings', extensions: ['yaml', 'yml'] };
    const file = await this.dialogs.openFile({ title: 'Open a binding', ...kind });
    if (file === null) return false;
    const bindingText = readText(file, 'binding');
    const documents = { planText: plan.text, plan: plan.document, bindingText, binding: readBinding(bindingText) };
    const { binding } = documents.binding;
    refuseProduction(binding, this.parts.runtime);
    const playing: Playing = { who: 'nobody' };
    const tokens = await this.tokensOf(documents, playing);
    const view = bindingView(documents, file, playedBy(playing), tokens);
    this.goTo({ ...screen, bound: { documents, view, playing, room: null } });
    return true;
  }

  /** Tokens of a binding's modules; nobody is asked for a PIN. */
  private async tokensOf(documents: Documents, playing: Playing): Promise<TokensByModule> {
    const { binding } = documents.binding;
    this.parts.describe(deskWords(documents.plan.plan, binding, this.parts.runtime, '', 'Looking at the tokens'));
    this.preparing = this.parts.startProcesses({
      ceremony: binding.ceremony,
      modules: binding.modules,
      names: namesOf(binding.people),
      playerFile: null,
      isPlayed: playedBy(playing),
      onPerson: () => undefined,
      onPad: () => undefined,
    });
    try {
      return await lookAtTokens(documents, this.preparing);
    } finally {
      await this.preparing.endAll();
      this.preparing = null;
    }
  }

  private async addApproval(): Promise<boolean> {
    const screen = this.at('binding');
    if (screen.bound === null) throw refused('Nothing is bound yet.', 'Make a rehearsal, or open a binding.');
    const wanted = { title: 'Add an approval', kind: 'Approvals', extensions: ['json'] };
    const file = await this.dialogs.openFile(wanted);
    if (file === null) return false;
    this.goTo({ ...screen, bound: withApproval(screen.bound, file) });
    return true;
  }

  /** @returns false when the dialog was cancelled */
  private async nextSession(ceremony: string, playing: Playing, from: 'room' | 'file'): Promise<boolean> {
    this.refuseInRun();
    const paused = await readPaused(this.parts, ceremony);
    const wanted = { title: 'Open the binding of the next session', kind: 'Bindings', extensions: ['yaml', 'yml'] };
    const file = from === 'room' ? null : await this.dialogs.openFile(wanted);
    if (from === 'file' && file === null) return false;
    const documents = file === null ? sessionFromRoom(paused) : sessionFromFile(paused, file);
    refuseProduction(documents.binding.binding, this.parts.runtime);
    requirePlayer(documents.binding.binding, playing);
    const tokens = await this.tokensOf(documents, playing);
    const bound = boundSession(paused, documents, { playing, from: file ?? 'room', tokens });
    const view = planView(paused.plan);
    this.leaveScreen();
    this.goTo({ kind: 'binding', plan: paused.plan, view, people: [], parametersFile: null, bound });
    return true;
  }

  private beginSession(bound: Bound, session: BoundSession): Promise<null> {
    return this.work('Beginning the next session', async () => {
      this.run(await startSession(this.parts, bound, session));
      return null;
    });
  }

  /** The file is read and hashed before it is on the list. */
  private async chooseAttachment(question: string): Promise<boolean> {
    const run = this.currentRun();
    run.requireAttachQuestion(question);
    const path = await this.dialogs.openFile({ title: 'Choose a file to attach', kind: 'Files', extensions: ['*'] });
    if (path === null) return false;
    run.addFile(question, await lookAtFile(path));
    return true;
  }

  private async takePaperSignature(signed: { readonly name: string; readonly role: string }): Promise<boolean> {
    const run = this.currentRun();
    run.requireChangeable();
    const wanted = { title: 'Choose the scan of the signed paper', kind: 'Files', extensions: ['*'] };
    const path = await this.dialogs.openFile(wanted);
    if (path === null) return false;
    await lookAtFile(path);
    run.changePeople({ kind: 'paper', ...signed, path });
    return true;
  }

  private run(start: RunStart): void {
    this.goTo({ kind: 'run', run: this.startRun(start) });
  }

  /** The bundle is let go of only when no run came to be that works on it. */
  private startRun(start: RunStart): RunController {
    try {
      return new RunController({
        app: this.parts,
        ...start,
        nextId: () => `q${String((this.lastQuestion += 1))}`,
        onChange: () => {
          this.changed();
        },
      });
    } catch (error) {
      start.lock.release();
      throw error;
    }
  }

  private async copyBundle(): Promise<boolean> {
    const run = this.currentRun();
    if (!run.isSealed) throw refused('The bundle is not sealed yet.', 'Copy it when the ceremony is closed.');
    const copy = await this.copyToChosenFolder(run.folder, run.ceremonyId);
    if (copy !== null) run.noteCopy(copy);
    return copy !== null;
  }

  /** From home: the copy may be missing since the run that sealed the bundle ended. */
  private async copySealedBundle(ceremony: string): Promise<boolean> {
    this.refuseInRun();
    const bundle = join(this.parts.ceremoniesFolder, ceremony);
    if ((await sealOf(new FileBundleFolder(bundle))) !== 'whole') {
      throw refused(
        'This bundle is not sealed, or was changed after it was.',
        'Verify it to see what it is. A ceremony that is not closed is gone on with first.',
      );
    }
    const copy = await this.copyToChosenFolder(bundle, ceremony);
    if (copy !== null) this.copies.set(ceremony, copy);
    return copy !== null;
  }

  /** @returns where the copy is; null when the dialog was cancelled */
  private async copyToChosenFolder(bundle: string, ceremony: string): Promise<string | null> {
    const folder = await this.dialogs.openFolder({ title: 'Copy the bundle to', button: 'Copy' });
    if (folder === null) return null;
    const runtime = runtimeForPreflight(this.parts.runtime);
    await new LinuxWorkstation(new FileBundleFolder(bundle), runtime).copyToMedium(folder, ceremony);
    return join(folder, ceremony);
  }

  private withCopy(summary: CeremonySummary): CeremonySummary {
    const copy = this.copies.get(summary.ceremony);
    return copy === undefined ? summary : { ...summary, note: `Copied to ${copy}, and read back` };
  }

  /** Whether a hash is that of the plan by which the run on the screen made this bundle. */
  private ranPlan(folder: string, planHash: string | null): boolean {
    if (this.screen.kind !== 'run') return false;
    const { run } = this.screen;
    return run.folder === folder && run.planSha256 === planHash;
  }

  private async verify(
    folder: string,
    planHash: string | null,
    planHashFrom: VerifyView['planHashFrom'] = 'person',
  ): Promise<void> {
    // Keys that were given for another bundle do not count for this one.
    const desk = this.screen.kind === 'verify' ? this.screen.desk : this.newDesk();
    await desk.verify(folder, planHash, planHashFrom);
    this.leaveScreen();
    this.goTo({ kind: 'verify', desk });
  }

  private newDesk(): AuditDesk {
    return new AuditDesk({
      signal: this.ending.signal,
      onChange: () => {
        this.changed();
      },
      onProgress: (doing) => {
        if (this.busy !== null) this.busy = doing;
        this.changed();
      },
      copyText: this.parts.copyText,
      printing: this.parts.printing,
    });
  }

  private desk(): AuditDesk {
    return this.at('verify').desk;
  }

  private async saveReport(form: 'pdf' | 'html', paper: Paper): Promise<boolean> {
    const desk = this.desk();
    const file = await this.dialogs.saveFile({
      title: 'Save the report',
      name: `${desk.reportName()}.${form}`,
      kind: 'Reports',
      extensions: [form],
    });
    if (file === null) return false;
    const named = file.endsWith(`.${form}`) ? file : `${file}.${form}`;
    await desk.saveReport(named, paper);
    return true;
  }

  private async addApprover(): Promise<boolean> {
    const desk = this.desk();
    const kind = { kind: 'Public keys', extensions: ['pem', 'pub', 'key'] };
    const file = await this.dialogs.openFile({ title: 'An approver’s public key', ...kind });
    if (file === null) return false;
    await desk.addApprover(file);
    return true;
  }

  private screenView(): ScreenView {
    const { screen } = this;
    switch (screen.kind) {
      case 'home':
        return { kind: 'home' };
      case 'review':
        return { kind: 'review', plan: screen.view };
      case 'binding': {
        const { view: plan, people, parametersFile, bound } = screen;
        const session = bound?.session === undefined ? {} : { session: bound.session.view };
        return { kind: 'binding', plan, people, parametersFile, binding: bound?.view ?? null, ...session };
      }
      case 'run':
        return { kind: 'run', run: screen.run.view() };
      case 'verify':
        return screen.desk.view();
    }
  }

  /** Does something that takes its time; one at a time. */
  private async work<T>(doing: string, job: () => Promise<T>): Promise<T> {
    this.refuseBusy();
    this.busy = doing;
    this.changed();
    const work = job();
    this.working = work;
    try {
      return await work;
    } finally {
      this.busy = null;
      this.changed();
    }
  }

  private goTo(screen: Screen): null {
    this.screen = screen;
    this.listing = listCeremonies(this.parts.ceremoniesFolder);
    return this.done();
  }

  /** Before another screen: what was made for this one and not used goes. */
  private leaveScreen(): void {
    this.refuseInRun();
    if (this.screen.kind === 'verify') this.screen.desk.leave();
    this.leaveRoom();
  }

  /** Removes the room of a rehearsal that was not begun. */
  private leaveRoom(): void {
    if (this.screen.kind === 'binding') this.screen.bound?.room?.leave();
  }

  private at<K extends Screen['kind']>(kind: K): Extract<Screen, { kind: K }> {
    const { screen } = this;
    if (screen.kind !== kind) throw refused('This is not on the screen any more.', 'Look at what is shown now.');
    return screen as Extract<Screen, { kind: K }>;
  }

  private unbound(): Binding {
    const screen = this.at('binding');
    if (screen.bound === null) return screen;
    throw refused('Something is bound already.', 'Drop the binding first.');
  }

  private currentRun(): RunController {
    return this.at('run').run;
  }

  private inRun(act: (run: RunController) => void): null {
    act(this.currentRun());
    return this.done();
  }

  private refuseBusy(): void {
    if (this.busy === null) return;
    const next = this.isDialogOpen
      ? 'A file dialog is open, perhaps behind this window: choose there, or cancel it.'
      : 'Wait until it is.';
    throw refused(`${this.busy}: not finished yet.`, next);
  }

  private refuseInRun(): void {
    if (this.screen.kind !== 'run' || this.screen.run.isOver) return;
    throw refused('A ceremony is under way.', 'Stop it first; it can be gone on with.');
  }

  private done(): null {
    this.changed();
    return null;
  }

  private changed(): void {
    if (this.isTold) return;
    this.isTold = true;
    setImmediate(() => {
      this.isTold = false;
      for (const listener of this.listeners) listener();
    });
  }
}

/** Checks of the workstation that the app's own findings tell better. */
const SAID_BY_THE_APP = ['packaged app', 'core dumps'];

/** Dialogs that are cancelled by the app's end: it must not wait for somebody to close them. */
function dialogsUntil(end: AbortSignal, dialogs: Dialogs, onOpen: (open: boolean) => void): Dialogs {
  const ended = new Promise<null>((resolve) => {
    end.addEventListener('abort', () => {
      resolve(null);
    });
  });
  const orEnd = async (open: () => Promise<string | null>): Promise<string | null> => {
    if (end.aborted) return null;
    onOpen(true);
    try {
      return await Promise.race([open(), ended]);
    } finally {
      onOpen(false);
    }
  };
  return {
    openFile: (wanted) => orEnd(() => dialogs.openFile(wanted)),
    openFolder: (wanted) => orEnd(() => dialogs.openFolder(wanted)),
    saveFile: (wanted) => orEnd(() => dialogs.saveFile(wanted)),
  };
}

/** Handlers that reject with `RequestFailed` only. */
function guarded(handlers: Handlers<MainWindow>): Handlers<MainWindow> {
  const entries = Object.entries(handlers).map(([name, handler]) => [
    name,
    async (args: never): Promise<unknown> => {
      try {
        return await (handler as (args: never) => unknown)(args);
      } catch (error) {
        throw new RequestFailed(wholeTrouble(error));
      }
    },
  ]);
  return Object.fromEntries(entries) as Handlers<MainWindow>;
}
