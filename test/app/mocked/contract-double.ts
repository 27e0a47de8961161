/** A stand-in for main, derived from a contract: it notes what is asked, and answers as the contract allows. */
import * as v from 'valibot';
import { type Contract, type Handlers, type InvokeName, type Trouble, RequestFailed } from '../../../ipc/define';

/** One request that came in, its argument already validated. */
export interface Call {
  readonly name: string;
  readonly args: unknown;
}

/** How a request is answered: with a value, or with main's words for a failure. */
export type DoubleAnswer = { readonly value: unknown } | { readonly trouble: Trouble };

/** Handlers for every request of a contract. */
export class ContractDouble<C extends Contract> {
  /** What was asked, in order. */
  readonly calls: Call[] = [];
  readonly handlers: Handlers<C>;
  readonly #answers = new Map<string, DoubleAnswer | (() => DoubleAnswer)>();

  constructor(contract: C) {
    const names = Object.keys(contract).filter((name) => contract[name]?.kind === 'invoke');
    const entries = names.map((name) => {
      this.#answers.set(name, plainAnswer(contract, name));
      return [name, (args: unknown) => this.#serve(name, args)] as const;
    });
    // One entry for each request of the contract, by construction.
    const handlers: unknown = Object.fromEntries(entries);
    this.handlers = handlers as Handlers<C>;
  }

  /** Says how a request is answered from now on; a function is asked each time. */
  answer(name: InvokeName<C>, answer: DoubleAnswer | (() => DoubleAnswer)): void {
    if (!this.#answers.has(name)) throw new RangeError(`name: expected a request of the contract, got ${name}`);
    this.#answers.set(name, answer);
  }

  #serve(name: string, args: unknown): never {
    this.calls.push({ name, args });
    const kept = this.#answers.get(name);
    const answer = typeof kept === 'function' ? kept() : kept;
    if (answer === undefined) throw new RangeError(`${name}: expected an answer to give, got none`);
    if ('trouble' in answer) throw new RequestFailed(answer.trouble);
    // The contract's own schema checks it on its way out.
    return answer.value as never;
  }
}

/** `null` or `true`, whichever the contract takes; where it takes neither, a test says what is answered. */
function plainAnswer(contract: Contract, name: string): DoubleAnswer {
  const entry = contract[name];
  if (entry?.kind !== 'invoke') throw new RangeError(`name: expected a request of the contract, got ${name}`);
  const value = [null, true].find((one) => v.safeParse(entry.result, one).success);
  return { value };
}
