/**
 * The window's one store: what main last said, what became of the last thing that was asked of main, and what people are
 * filling in during a run. Main holds the truth; what else a person is typing stays in the component where it is typed.
 */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { MainWindow } from '../ipc/contract';
import { type ArgsOf, type Caller, type InvokeName, type ResultOf, type Trouble, RequestFailed } from '../ipc/define';
import type { AppView } from '../ipc/view';
import {
  type AnswerDraft,
  type Drafts,
  type ExceptionDraft,
  draftsKept,
  NO_ANSWER,
  NO_DRAFTS,
  NO_EXCEPTION,
  withAnswer,
} from './drafts';

/** What the store holds. */
export interface WindowState {
  /** Null until main has sent it for the first time. */
  readonly view: AppView | null;
  /** Why the last request could not be done; null once another was done, or it was put away. */
  readonly trouble: Trouble | null;
  /** The requests that main has not answered yet. */
  readonly pending: readonly InvokeName<MainWindow>[];
  /** What is being filled in on the run screen. */
  readonly drafts: Drafts;
}

const store = createStore<WindowState>(() => ({ view: null, trouble: null, pending: [], drafts: NO_DRAFTS }));
let caller: Caller<MainWindow> | null = null;

/** Fills the store from main, and keeps it filled. */
export async function connectStore(main: Caller<MainWindow>): Promise<void> {
  caller = main;
  main.on('view.changed', (view) => store.setState((state) => shown(state, view)));
  try {
    const view = await main.invoke('app.view', {});
    // A message that came meanwhile is newer.
    store.setState((state) => (state.view === null ? shown(state, view) : {}));
  } catch (error) {
    store.setState({ trouble: troubleOf(error) });
  }
}

/**
 * Asks main for something; its words are shown when it cannot be done. The same again, while main has not answered, is
 * passed over: a double click asks once.
 *
 * @returns main's answer; undefined when it could not be done or was passed over
 */
export async function ask<K extends InvokeName<MainWindow>>(
  name: K,
  args: ArgsOf<MainWindow, K>,
): Promise<ResultOf<MainWindow, K> | undefined> {
  const { pending } = store.getState();
  if (caller === null || pending.includes(name)) return undefined;
  store.setState({ pending: [...pending, name], trouble: null });
  try {
    return await caller.invoke(name, args);
  } catch (error) {
    store.setState({ trouble: troubleOf(error) });
    return undefined;
  } finally {
    store.setState((state) => ({ pending: state.pending.filter((one) => one !== name) }));
  }
}

/** {@link ask} where the answer says nothing: resolves to true when it was done. */
export async function act<K extends InvokeName<MainWindow>>(name: K, args: ArgsOf<MainWindow, K>): Promise<boolean> {
  return (await ask(name, args)) !== undefined;
}

/**
 * Asks main for something to show that the view does not hold, as often as it is needed. Main's words are shown when it
 * cannot be done, unless nobody wants the answer any more.
 *
 * @returns main's answer; undefined when it could not be done, or is not wanted any more
 */
export async function look<K extends InvokeName<MainWindow>>(
  name: K,
  args: ArgsOf<MainWindow, K>,
  isWanted: () => boolean,
): Promise<ResultOf<MainWindow, K> | undefined> {
  if (caller === null) return undefined;
  try {
    const answer = await caller.invoke(name, args);
    return isWanted() ? answer : undefined;
  } catch (error) {
    if (isWanted()) store.setState({ trouble: troubleOf(error) });
    return undefined;
  }
}

/** Puts the words about a failure away. */
export const dismissTrouble = (): void => store.setState({ trouble: null });

/** What was filled in for a question so far. */
export function useAnswerDraft(question: string): AnswerDraft {
  return useWindow((state) => state.drafts.answers[question] ?? NO_ANSWER);
}

/** Keeps what is filled in for a question of the run on the screen; null: it is answered. */
export function keepAnswer(question: string, draft: AnswerDraft | null): void {
  store.setState(({ view, drafts }) => ({ drafts: withAnswer(ofRun(view, drafts), question, draft) }));
}

/** Keeps an exception that is being written during the run on the screen. */
export function keepException(exception: ExceptionDraft): void {
  store.setState(({ view, drafts }) => ({ drafts: { ...ofRun(view, drafts), exception } }));
}

/** Puts away what was raised, unless something else is being written already. */
export function forgetException(raised: ExceptionDraft): void {
  store.setState(({ drafts }) =>
    drafts.exception === raised ? { drafts: { ...drafts, exception: NO_EXCEPTION } } : {},
  );
}

/** Reads from the store. */
export function useWindow<T>(select: (state: WindowState) => T): T {
  return useStore(store, select);
}

function shown({ drafts }: WindowState, view: AppView): Pick<WindowState, 'view' | 'drafts'> {
  return { view, drafts: draftsKept(drafts, view.screen.kind === 'run' ? view.screen.run : null) };
}

function ofRun(view: AppView | null, drafts: Drafts): Drafts {
  return view?.screen.kind === 'run' ? { ...drafts, ceremony: view.screen.run.ceremony } : drafts;
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof RequestFailed) return error.trouble;
  return {
    happened: 'The main part of Keyrite did not answer.',
    changed: 'It is not known whether anything was changed.',
    next: 'Close Keyrite and start it again; a ceremony can be gone on with from its transcript.',
  };
}
