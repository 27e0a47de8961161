/** What the app's controller is given: the runtime, the dialogs, the processes. Nothing of Electron passes here. */
import type { Module } from '../../ceremony/plan/binding-schema';
import type { App } from '../../ceremony/engine/open';
import type { Dialogue, PadEntry } from '../../hsm/dialogue';
import type { SecretContext } from '../../ipc/contract';
import type { AppView, RoomFinding, RuntimeView, StuckProcess } from '../../ipc/view';
import type { Processes } from '../../workstation/processes';
import type { Printing } from '../printing/cups-printing';

/** The system's own dialogs. All resolve with an absolute path, or with null when they were cancelled. */
export interface Dialogs {
  /** `kind`: what the files are, such as `Plans`; `extensions` without the dot. */
  openFile(wanted: {
    readonly title: string;
    readonly kind: string;
    readonly extensions: readonly string[];
  }): Promise<string | null>;
  openFolder(wanted: { readonly title: string; readonly button: string }): Promise<string | null>;
  /** `name`: of the file, proposed; `kind` and `extensions` as above. Nothing is written by the dialog. */
  saveFile(wanted: {
    readonly title: string;
    readonly name: string;
    readonly kind: string;
    readonly extensions: readonly string[];
  }): Promise<string | null>;
}

/** What the processes of one run are started for. */
export interface ProcessesWanted {
  readonly ceremony: string;
  /** Modules of the binding. */
  readonly modules: readonly Module[];
  /** Names of the people by their ids. */
  readonly names: Readonly<Record<string, string>>;
  /** Memory of the rehearsal's player; null where nobody can be played. */
  readonly playerFile: string | null;
  readonly isPlayed: (participant: string) => boolean;
  /** Told who is asked at a secret window, and null when nobody is any more. Not told of people who are played. */
  readonly onPerson: (dialogue: Dialogue | null) => void;
  /** Told who must act at a token's own pad, and null when nobody must any more. */
  readonly onPad: (entry: PadEntry | null) => void;
}

/** The processes of one run, and what the person at the main window can do about them. */
export interface RunProcesses extends Processes {
  /** Brings the secret window that is open to the front. */
  showPerson(): void;
  /** Somebody was at the main window: whoever comes to a secret window next is called to the keyboard. */
  emptySeat(): void;
  /** What works now and waits for nobody. */
  stuck(): readonly StuckProcess[];
  /** Kills those of {@link stuck} that still work on the same: the last resort. @returns whether there was one */
  endStuck(ids: readonly string[]): boolean;
}

/** What a secret window shows besides its question and whom it asks. Not secret. */
export type DeskWords = Omit<SecretContext, 'exchange' | 'person' | 'stillSeated'>;

/** Look of the app. */
export type Theme = AppView['theme'];

/** Everything the controller is given. */
export interface AppParts {
  readonly runtime: RuntimeView;
  /** As line 0 names it. */
  readonly app: App;
  /** Look to begin with. */
  readonly theme: Theme;
  /** Folder in which each ceremony gets a folder of its own; made when the first one begins. */
  readonly ceremoniesFolder: string;
  /** Folder of the plans that come along. */
  readonly examplesFolder: string;
  readonly dialogs: Dialogs;
  startProcesses(wanted: ProcessesWanted): RunProcesses;
  /** Ends the processes that a killed run of a ceremony left behind. Rejects with DeviceError when one cannot be ended. */
  endSurvivors(ceremony: string): Promise<unknown>;
  /** Says what the secret windows to come show. */
  describe(words: DeskWords): void;
  setTheme(theme: Theme): void;
  /** Puts text on the system's clipboard. */
  readonly copyText: (text: string) => void;
  readonly printing: Printing;
  /** What was found of the runtime itself: fuses, sandbox, core dumps. */
  findings(): readonly RoomFinding[];
}
