/**
 * The one contract between main and its windows. Main's handlers, preloads, renderers and test doubles are derived from
 * it (`define.ts`); arguments and results are validated on both sides, and whatever is not in it is refused.
 */
import * as v from 'valibot';
import { EXCEPTION_KINDS } from '../ceremony/transcript/exception-kinds';
import { Id, Instant, Name, Sha256Hex } from '../ceremony/text-forms';
import { BundleKey, LineDetail, LineFilter, LinesPage, MAX_SEARCH, PAGE_LINES } from './audit-view';
import { invoke, notify } from './define';
import { Paper, PrintedView, PrinterName, PrintersView } from './print-view';
import { AppView, Playing, QuestionId, StuckId, StuckProcess } from './view';

/** What a person typed that goes on record, in UTF-16 code units. */
const MAX_PROSE = 4000;
const Prose = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(MAX_PROSE));
const Nothing = v.strictObject({});
const Done = v.null();
/** A place in a list of lines. */
const Place = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1_000_000_000));

/** Between main and the main window. Whoever is asked for a file is asked by main, in the system's own dialog. */
export const MAIN_WINDOW = {
  /** The whole view, for a window that has just loaded. */
  'app.view': invoke(Nothing, AppView),
  /** The whole view again, because something in it changed. */
  'view.changed': notify(AppView),
  'theme.set': invoke(v.strictObject({ theme: v.picklist(['system', 'light', 'dark']) }), Done),

  /** Back home, from any screen but a ceremony that runs. */
  'home.show': invoke(Nothing, Done),
  'room.look-again': invoke(Nothing, Done),

  /** False: the dialog was cancelled. */
  'plan.open-file': invoke(Nothing, v.boolean()),
  'plan.open-example': invoke(v.strictObject({ id: Id }), Done),
  /** From the review to the binding. */
  'plan.accept': invoke(Nothing, Done),

  'binding.choose-parameters': invoke(Nothing, v.boolean()),
  'binding.forget-parameters': invoke(Nothing, Done),
  /** Makes a rehearsal room and the binding to it. `names`: other names for the people, by their ids. */
  'binding.make-rehearsal': invoke(v.strictObject({ playing: Playing, names: v.record(Id, Name) }), Done),
  'binding.open-file': invoke(Nothing, v.boolean()),
  /** Takes the file of an approval that was given beforehand; false: the dialog was cancelled. */
  'binding.add-approval': invoke(Nothing, v.boolean()),
  /** Drops the binding (and a room made for it), to choose another. */
  'binding.drop': invoke(Nothing, Done),
  /** Approvals, line 0, and the first step. */
  'ceremony.begin': invoke(Nothing, Done),
  'ceremony.resume': invoke(v.strictObject({ ceremony: Id, playing: Playing }), Done),
  /** Shows the binding for the next session of a ceremony that is paused. `room`: made from the rehearsal's; `file`: chosen in a dialog. False: cancelled. */
  'ceremony.next-session': invoke(
    v.strictObject({ ceremony: Id, playing: Playing, from: v.picklist(['room', 'file']) }),
    v.boolean(),
  ),

  /** Copies a sealed bundle to a folder that is chosen in a dialog, from home. False: cancelled. */
  'ceremony.copy-bundle': invoke(v.strictObject({ ceremony: Id }), v.boolean()),

  'run.begin-step': invoke(v.strictObject({ question: QuestionId }), Done),
  /** `by`: those who confirm; whoever of those asked is missing has refused. */
  'run.confirm': invoke(v.strictObject({ question: QuestionId, by: v.array(Id) }), Done),
  'run.answer': invoke(v.strictObject({ question: QuestionId, text: Prose }), Done),
  'run.decide': invoke(
    v.strictObject({ question: QuestionId, decision: v.picklist(['again', 'exception', 'stop']) }),
    Done,
  ),
  /** Somebody's own clock showed `at` just now; null: they have none to read. The workstation's time is main's own. */
  'run.read-clock': invoke(
    v.strictObject({
      question: QuestionId,
      reading: v.nullable(v.strictObject({ source: v.pipe(Name, v.trim(), v.minLength(1)), at: Instant })),
    }),
    Done,
  ),
  /** Has a file chosen in a dialog, and puts it on the list. False: cancelled. */
  'run.choose-file': invoke(v.strictObject({ question: QuestionId }), v.boolean()),
  /** Takes a file off the list, by its place in it. */
  'run.drop-file': invoke(v.strictObject({ question: QuestionId, place: Place, sha256: Sha256Hex }), Done),
  /** Attaches the files on the list; `none`: there are none, and that is the answer. */
  'run.attach': invoke(v.strictObject({ question: QuestionId, none: v.boolean() }), Done),
  /** Somebody came, left or was replaced: carried out at the next safe point. */
  'run.change-people': invoke(
    v.variant('kind', [
      v.strictObject({ kind: v.literal('late'), participant: Id }),
      v.strictObject({ kind: v.literal('left'), participant: Id, reason: Prose }),
      v.strictObject({ kind: v.literal('replaced'), participant: Id, by: Id, reason: Prose }),
    ]),
    Done,
  ),
  /** Somebody without a token signed paper; the scan is chosen in a dialog. False: cancelled. */
  'run.paper-signature': invoke(
    v.strictObject({ name: v.pipe(Name, v.trim(), v.minLength(1)), role: v.pipe(Name, v.trim(), v.minLength(1)) }),
    v.boolean(),
  ),
  /** Raises an exception about a step; it is signed by an administrator and the witness or auditor. */
  'run.raise-exception': invoke(
    v.strictObject({ step: Id, kind: v.picklist(EXCEPTION_KINDS), expected: Prose, happened: Prose, decided: Prose }),
    Done,
  ),
  /** Ends the run at the next safe point; the ceremony can be gone on with. */
  'run.stop': invoke(Nothing, Done),
  /** Brings the secret window that is open to the front. */
  'run.show-secret-window': invoke(Nothing, Done),
  /** What works now and waits for nobody, to be confirmed by name before it is killed. */
  'run.stuck': invoke(Nothing, v.array(StuckProcess)),
  /** Kills the processes that calls hang in: the last resort. Those that were named and still work on the same. */
  'run.end-worker': invoke(v.strictObject({ processes: v.pipe(v.array(StuckId), v.minLength(1)) }), Done),
  /** Copies a sealed bundle to a folder that is chosen in a dialog. False: cancelled. */
  'run.copy-bundle': invoke(Nothing, v.boolean()),

  'verify.show': invoke(Nothing, Done),
  'verify.open-folder': invoke(v.strictObject({ planHash: v.nullable(Sha256Hex) }), v.boolean()),
  'verify.ceremony': invoke(v.strictObject({ ceremony: Id, planHash: v.nullable(Sha256Hex) }), Done),
  /** Takes an approver's public key (PEM) for the verification; false: cancelled. */
  'verify.add-approver': invoke(Nothing, v.boolean()),
  /** Forgets the approvers' keys that were taken. */
  'verify.forget-approvers': invoke(Nothing, Done),
  /** Verifies the bundle on the screen again, with what is given now. */
  'verify.again': invoke(v.strictObject({ planHash: v.nullable(Sha256Hex) }), Done),

  /** A page of the lines of a filter. `bundle`: of the view; another one is refused. */
  'audit.lines': invoke(
    v.strictObject({
      bundle: BundleKey,
      filter: LineFilter,
      from: Place,
      count: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(PAGE_LINES)),
    }),
    LinesPage,
  ),
  /** Place of a line among those of a filter, or of the nearest one. */
  'audit.place': invoke(v.strictObject({ bundle: BundleKey, filter: LineFilter, line: Place }), Place),
  'audit.line': invoke(v.strictObject({ bundle: BundleKey, line: Place }), LineDetail),
  /** Puts the bytes of a line on the clipboard. */
  'audit.copy-line': invoke(v.strictObject({ bundle: BundleKey, line: Place }), Done),
  /** Looks for a text in all lines; the view tells how far it is. */
  'audit.search': invoke(
    v.strictObject({ bundle: BundleKey, text: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(MAX_SEARCH)) }),
    Done,
  ),
  'audit.stop-search': invoke(Nothing, Done),
  /** Puts another bundle beside the one on the screen; false: the dialog was cancelled. */
  'audit.compare-folder': invoke(Nothing, v.boolean()),
  'audit.compare-ceremony': invoke(v.strictObject({ ceremony: Id }), Done),
  'audit.drop-comparison': invoke(Nothing, Done),
  /** Saves a report of the bundle on the screen, made anew from its record; false: the dialog was cancelled. */
  'audit.save-report': invoke(
    v.variant('form', [
      v.strictObject({ form: v.literal('pdf'), paper: Paper }),
      v.strictObject({ form: v.literal('html') }),
    ]),
    v.boolean(),
  ),
  /** Looks for printers. */
  'audit.printers': invoke(Nothing, PrintersView),
  /** Hands the same report, as PDF, to a printer that was listed. */
  'audit.print-report': invoke(v.strictObject({ printer: PrinterName, paper: Paper }), PrintedView),
} as const;
/** Type of {@link MAIN_WINDOW}. */
export type MainWindow = typeof MAIN_WINDOW;

/** What a secret window is told besides the question, which comes over its port. Not secret. */
export const SecretContext = v.strictObject({
  /** Random id of the exchange, 16 bytes hex: the port and its question carry the same. */
  exchange: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  /** Name of the person who is asked. */
  person: v.string(),
  /** Names of the people by their ids. */
  names: v.record(Id, v.string()),
  /** Names of units by their ids. */
  units: v.record(Id, v.string()),
  title: v.string(),
  /** Step of the plan, such as `Step 3 of 22: Shares are handed out`; may be empty. */
  step: v.string(),
  doing: v.string(),
  mode: v.picklist(['rehearsal', 'production']),
  endOfLifeRuntime: v.boolean(),
  /** The same person was asked just before, and nobody else since: no changing of seats. */
  stillSeated: v.boolean(),
});
export type SecretContext = v.InferOutput<typeof SecretContext>;

/** Between main and a secret window. PINs and shares never pass here: they go over the port. */
export const SECRET_WINDOW = {
  'secret.context': invoke(Nothing, SecretContext),
  /** The answer is on the port, or the person declined: the window may be destroyed. */
  'secret.finished': invoke(Nothing, Done),
} as const;
