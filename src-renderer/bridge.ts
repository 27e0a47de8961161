/** A window's side of a contract: whatever goes to main and whatever comes from it is validated here too. */
import * as v from 'valibot';
import {
  type ArgsOf,
  type Bridge,
  type Caller,
  type Contract,
  type InvokeName,
  type NotifyName,
  type PayloadOf,
  type ResultOf,
  Answer,
  RequestFailed,
} from '../ipc/define';

/**
 * Makes the caller of a contract over what the preload gave.
 *
 * ```ts
 * const main = callerOf(MAIN_WINDOW, window.keyrite);
 * await main.invoke('plan.open-example', { id: 'first-ceremony' });
 * ```
 */
export function callerOf<C extends Contract>(contract: C, bridge: Bridge): Caller<C> {
  return {
    async invoke<K extends InvokeName<C>>(name: K, args: ArgsOf<C, K>): Promise<ResultOf<C, K>> {
      const entry = contract[name];
      if (entry?.kind !== 'invoke') throw new RangeError(`request: expected one of the contract, got ${name}`);
      const asked = v.safeParse(entry.args, args);
      if (!asked.success) throw new RequestFailed(notSent(name));
      const answer = v.safeParse(Answer, await bridge.ask(name, asked.output));
      if (!answer.success) throw new RequestFailed(notUnderstood(name));
      if (!answer.output.ok) throw new RequestFailed(answer.output.trouble);
      const result = v.safeParse(entry.result, answer.output.value);
      if (!result.success) throw new RequestFailed(notUnderstood(name));
      return result.output as ResultOf<C, K>;
    },
    on<K extends NotifyName<C>>(name: K, listener: (payload: PayloadOf<C, K>) => void): () => void {
      const entry = contract[name];
      if (entry?.kind !== 'notify') throw new RangeError(`message: expected one of the contract, got ${name}`);
      // What does not fit the contract is not shown: a window rather shows the last truth than half of a new one.
      return bridge.listen(name, (payload) => {
        const told = v.safeParse(entry.payload, payload);
        if (told.success) listener(told.output as PayloadOf<C, K>);
      });
    },
  };
}

function notSent(name: string) {
  return {
    happened: `What was entered does not have the form that ${name} asks for.`,
    changed: 'Nothing was changed.',
    next: 'Check what was entered, and try again.',
  };
}

function notUnderstood(name: string) {
  return {
    happened: `The answer to ${name} does not have the form it must have.`,
    changed: 'It is not known whether anything was changed.',
    next: 'Close Keyrite and start it again; what was carried out is in the transcript.',
  };
}
