/** Options and operands of a command, by node:util's parser. */
import { parseArgs } from 'node:util';
import { UsageError } from '../../workstation/explain';

/** What a command was given. */
export interface Given {
  /** The one operand; empty when none was given and none is needed. */
  readonly operand: string;
  readonly options: Readonly<Record<string, string>>;
  /** Values of the options that may be given several times, in order. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly json: boolean;
}

/**
 * Reads arguments.
 *
 * @param operand what the operand is called in errors; null when there is none; ends with `?` when it may be left out
 * @param names options that take a value
 * @param repeatable those of them that may be given several times; they are in `lists`
 * @throws UsageError when the operand is missing, there are several, or an option stands twice that may not
 */
export function readArguments(
  args: string[],
  operand: string | null,
  names: readonly string[],
  repeatable: readonly string[] = [],
): Given {
  const options = Object.fromEntries(
    names.map((name) => [name, { type: 'string' as const, multiple: true, ...(name === 'out' ? { short: 'o' } : {}) }]),
  );
  const { values, positionals } = parseArgs({
    args,
    options: { ...options, json: { type: 'boolean', multiple: true } },
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
  const lists: Record<string, string[]> = {};
  for (const [name, list] of Object.entries<readonly (string | boolean)[]>(values)) {
    if (list.length > 1 && !repeatable.includes(name)) {
      throw new UsageError(`--${name} is given ${String(list.length)} times`, 'Give it once.');
    }
    const texts = list.filter((value) => typeof value === 'string');
    if (repeatable.includes(name)) lists[name] = texts;
    else if (texts[0] !== undefined) given[name] = texts[0];
  }
  return { operand: positionals[0] ?? '', options: given, lists, json: values.json !== undefined };
}

/** Two operands and `--json`. Throws UsageError for anything else. */
export function readPair(
  args: string[],
  operands: readonly [string, string],
): { readonly first: string; readonly second: string; readonly json: boolean } {
  const options = { json: { type: 'boolean', multiple: true } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true, strict: true });
  const [first, second, ...more] = positionals;
  if (more.length > 0) throw new UsageError(`too many arguments: ${positionals.join(' ')}`, 'See: keyrite help');
  if (first === undefined || second === undefined) {
    throw new UsageError(`${first === undefined ? operands[0] : operands[1]} is missing`, 'See: keyrite help');
  }
  return { first, second, json: values.json !== undefined };
}

/** An option that must be there. Throws UsageError when it is not. */
export function required(given: Given, name: string): string {
  const value = given.options[name];
  if (value === undefined) throw new UsageError(`--${name} is missing`, 'See: keyrite help');
  return value;
}
