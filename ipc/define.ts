/**
 * How a contract between main and a window is written, and the shapes that are derived from it: main's handlers, the
 * window's caller, and test doubles. Channel names are the keys of the table and are typed nowhere else.
 *
 * ```ts
 * const CONTRACT = { 'plan.open': invoke(v.strictObject({ id: Id }), v.null()), 'view.changed': notify(AppView) };
 * // main:    const handlers: Handlers<typeof CONTRACT> = { 'plan.open': async ({ id }) => null };
 * // window:  await caller.invoke('plan.open', { id: 'first-ceremony' }); caller.on('view.changed', (view) => …);
 * ```
 */
import * as v from 'valibot';

/** A request from a window to main, and what comes back. */
export interface Invoke<A extends v.GenericSchema, R extends v.GenericSchema> {
  readonly kind: 'invoke';
  readonly args: A;
  readonly result: R;
}

/** Something main tells a window. */
export interface Notify<P extends v.GenericSchema> {
  readonly kind: 'notify';
  readonly payload: P;
}

/** Writes a request into a contract. */
export const invoke = <A extends v.GenericSchema, R extends v.GenericSchema>(args: A, result: R): Invoke<A, R> => ({
  kind: 'invoke',
  args,
  result,
});

/** Writes a message of main into a contract. */
export const notify = <P extends v.GenericSchema>(payload: P): Notify<P> => ({ kind: 'notify', payload });

/** A contract: what one kind of window and main may say to each other, by channel name. */
export type Contract = Readonly<Record<string, Invoke<v.GenericSchema, v.GenericSchema> | Notify<v.GenericSchema>>>;

/** Names of the requests of a contract. */
export type InvokeName<C> = { [K in keyof C]: C[K] extends { kind: 'invoke' } ? K : never }[keyof C] & string;
/** Names of main's messages in a contract. */
export type NotifyName<C> = { [K in keyof C]: C[K] extends { kind: 'notify' } ? K : never }[keyof C] & string;
/** Argument of a request. */
export type ArgsOf<C, K extends keyof C> = C[K] extends Invoke<infer A, v.GenericSchema> ? v.InferOutput<A> : never;
/** Result of a request. */
export type ResultOf<C, K extends keyof C> = C[K] extends Invoke<v.GenericSchema, infer R> ? v.InferOutput<R> : never;
/** Payload of a message of main. */
export type PayloadOf<C, K extends keyof C> = C[K] extends Notify<infer P> ? v.InferOutput<P> : never;

/** Main's side: one handler for each request. A handler that throws answers with {@link Trouble}. */
export type Handlers<C> = {
  readonly [K in InvokeName<C>]: (args: ArgsOf<C, K>) => Promise<ResultOf<C, K>> | ResultOf<C, K>;
};

/** A window's side. Both ends validate. */
export interface Caller<C> {
  /** @throws RequestFailed with main's words when main refused or could not do it */
  invoke<K extends InvokeName<C>>(name: K, args: ArgsOf<C, K>): Promise<ResultOf<C, K>>;
  /** @returns takes the listener off again */
  on<K extends NotifyName<C>>(name: K, listener: (payload: PayloadOf<C, K>) => void): () => void;
}

/** Longest text of an error, in UTF-16 code units. */
const MAX_WORDS = 10_000;
const Words = v.pipe(v.string(), v.maxLength(MAX_WORDS));

/** Why something could not be done, in words for the person. */
export const Trouble = v.strictObject({
  happened: Words,
  /** What was changed and what was not. */
  changed: Words,
  /** What to do now. */
  next: Words,
});
export type Trouble = v.InferOutput<typeof Trouble>;

/** What main answers to a request, on the wire. */
export const Answer = v.variant('ok', [
  v.strictObject({ ok: v.literal(true), value: v.unknown() }),
  v.strictObject({ ok: v.literal(false), trouble: Trouble }),
]);
export type Answer = v.InferOutput<typeof Answer>;

/** Main refused a request, or could not do it. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble.happened);
    this.trouble = trouble;
  }
}

/** What a preload gives its page: one function to ask, one to listen. Nothing of Electron's passes. */
export interface Bridge {
  /** Asks main. Resolves with an {@link Answer}, not validated yet. */
  ask(name: string, args: unknown): Promise<unknown>;
  /** Listens to main's messages of one name; the payload is not validated yet. Returns a function that stops it. */
  listen(name: string, listener: (payload: unknown) => void): () => void;
}

/** Name under which the preload puts the {@link Bridge} on `window`. */
export const BRIDGE = 'keyrite';
