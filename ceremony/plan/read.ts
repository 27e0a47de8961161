/** Reads plans and bindings: strict YAML, then the schema; every problem names its line and column. */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { canonicalBytes, type Json } from '../canonical-json';
import { Binding } from './binding-schema';
import { PlanError, type Problem } from './plan-error';
import { Plan } from './schema';
import { knownKeys, nearestWord } from './known-keys';
import { pathText, readYaml, type PathKey, type YamlText } from './yaml-text';

export { PlanError } from './plan-error';

/** A plan that was read. */
export interface PlanDocument {
  readonly plan: Plan;
  /** Bytes of `plan.json`: RFC 8785 form, without a line feed. */
  readonly canonical: Uint8Array;
  /** The plan hash: lower-case hex SHA-256 of `canonical`. */
  readonly sha256: string;
}

/** A binding that was read. */
export interface BindingDocument {
  readonly binding: Binding;
  /** Bytes of `binding.json`: RFC 8785 form, without a line feed. */
  readonly canonical: Uint8Array;
  /** Lower-case hex SHA-256 of `canonical`. */
  readonly sha256: string;
}

/**
 * Reads a plan (`*.ceremony.yaml`). Whether it can be carried out is for `checkPlan` to say.
 *
 * @throws PlanError naming every problem with its line and column
 */
export function readPlan(text: string): PlanDocument {
  const plan = read('plan', Plan, text);
  return { plan, ...canonical(plan) };
}

/**
 * Reads a binding (`*.binding.yaml`). Whether it fits a plan is for `checkBinding` to say.
 *
 * @throws PlanError naming every problem with its line and column
 */
export function readBinding(text: string): BindingDocument {
  const binding = read('binding', Binding, text);
  return { binding, ...canonical(binding) };
}

function read<S extends v.GenericSchema>(what: 'plan' | 'binding', schema: S, source: string): v.InferOutput<S> {
  const yaml = readYaml(source);
  if ('problems' in yaml) throw new PlanError(what, yaml.problems);
  const parsed = v.safeParse(schema, yaml.text.value);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => problemOf(issue, schema, yaml.text));
  throw new PlanError(
    what,
    problems.sort((left, right) => left.line - right.line || left.column - right.column),
  );
}

function canonical(value: Plan | Binding): { canonical: Uint8Array; sha256: string } {
  const bytes = canonicalBytes(value as Json);
  return { canonical: bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

function problemOf(issue: v.BaseIssue<unknown>, schema: v.GenericSchema, text: YamlText): Problem {
  const path = (issue.path ?? []).map((item) => item.key as PathKey);
  const key = String(path.at(-1) ?? '');
  const above = path.slice(0, -1);
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = knownKeys(schema, text.value, above);
    return {
      ...text.positionOf(path, true),
      path: pathText(above),
      message: `unknown key \`${key}\`${advice(key, known)}`,
    };
  }
  if (issue.received === 'undefined') {
    const choice = issue.type === 'variant' ? `, one of ${choices(issue.expected)}` : '';
    return { ...text.positionOf(above), path: pathText(above), message: `the key \`${key}\` is missing${choice}` };
  }
  return { ...text.positionOf(path), path: pathText(path), message: expectation(issue) };
}

function advice(key: string, known: readonly string[]): string {
  const near = nearestWord(key, known);
  return near === null
    ? `; known here are ${known.map((one) => `\`${one}\``).join(', ')}`
    : `, did you mean \`${near}\`?`;
}

/** What was expected and what stands there, shortened. Messages of our own schemas begin with "expected". */
function expectation(issue: v.BaseIssue<unknown>): string {
  const got = `got ${shorten(issue.received)}`;
  if (issue.message.startsWith('expected')) return `${issue.message}, ${got}`;
  if (issue.type === 'picklist' || issue.type === 'variant') {
    if (issue.expected === 'Object') return `expected a mapping, ${got}`;
    const near = nearestWord(issue.received.replaceAll('"', ''), wordsOf(issue.expected));
    return near === null ? `expected one of ${choices(issue.expected)}, ${got}` : `${got}, did you mean \`${near}\`?`;
  }
  const bound = BOUNDS[issue.type];
  if (bound !== undefined) return `expected ${bound} ${(issue.expected ?? '').replace(/^[<>]=/, '')}, ${got}`;
  return `expected ${KINDS[issue.expected ?? ''] ?? choices(issue.expected)}, ${got}`;
}

const BOUNDS: Readonly<Record<string, string>> = {
  min_value: 'at least',
  max_value: 'at most',
  min_length: 'a length of at least',
  max_length: 'a length of at most',
};

const KINDS: Readonly<Record<string, string>> = {
  string: 'text (put it in quotes if YAML reads it as something else)',
  number: 'a number',
  boolean: 'true or false',
  Array: 'a list',
  Object: 'a mapping',
};

function choices(expected: string | null): string {
  const words = wordsOf(expected);
  return words.length === 0 ? (expected ?? 'another value') : words.map((word) => `\`${word}\``).join(', ');
}

function wordsOf(expected: string | null): string[] {
  return Array.from((expected ?? '').matchAll(/"([^"]*)"/g), (match) => match[1] ?? '');
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
