/** Options and operands of a command, by node:util's parser. */
import { parseArgs } from 'node:util';
import { UsageError } from '../exit';

/** What a command was given. */
export interface Given {
  /** The one operand; empty when none was given and none is needed. */
  readonly operand: string;
  readonly options: Readonly<Record<string, string>>;
  readonly json: boolean;
}

/**
 * Reads arguments.
 *
 * @param operand what the operand is called in errors; null when there is none; ends with `?` when it may be left out
 * @param names options that take a value
 * @throws UsageError when the operand is missing or there are several
 */
export function readArguments(args: string[], operand: string | null, names: readonly string[]): Given {
  const options = Object.fromEntries(
    names.map((name) => [name, { type: 'string' as const, ...(name === 'out' ? { short: 'o' } : {}) }]),
  );
  const { values, positionals } = parseArgs({
    args,
    options: { ...options, json: { type: 'boolean' } },
    allowPositionals: true,
    strict: true,
  });
  const most = operand === null ? 0 : 1;
  if (positionals.length > most)
    throw new UsageError(`too many arguments: ${positionals.join(' ')}`, 'See: keyrite help');
  if (operand !== null && !operand.endsWith('?') && positionals.length === 0) {
    throw new UsageError(`${operand} is missing`, 'See: keyrite help');
  }
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) if (typeof value === 'string') given[name] = value;
  return { operand: positionals[0] ?? '', options: given, json: values.json === true };
}

/** An option that must be there. Throws UsageError when it is not. */
export function required(given: Given, name: string): string {
  const value = given.options[name];
  if (value === undefined) throw new UsageError(`--${name} is missing`, 'See: keyrite help');
  return value;
}
