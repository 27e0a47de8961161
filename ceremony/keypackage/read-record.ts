/**
 * Reads the JSON files that cross between the air-gapped and the connected machine: bounded, strict, and with one
 * documented error per kind of file.
 */
import * as v from 'valibot';
import { canonicalJson, type Json } from '../canonical-json';

/** Longest file of these kinds: 64 KiB. */
export const MAX_FILE_BYTES = 64 * 1024;

const MAX_MESSAGE = 300;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** A file that is not what it should be. `path` is the dotted path of the member at fault, empty for the whole file. */
export class RecordError extends Error {
  readonly path: string;

  /**
   * @param file what the file is, such as `wrapping parameters`
   * @param path dotted path of the member, or empty
   * @param problem what is wrong with it; shortened and stripped of control characters, for it may quote the file
   */
  constructor(file: string, path: string, problem: string) {
    super([file, path, printable(problem)].filter((part) => part !== '').join(': '));
    this.path = printable(path);
  }
}

/**
 * Reads bytes as JSON of a schema. The JSON may be laid out freely, but no member may appear twice or be unknown to the
 * schema, since two readers would then see two different files.
 *
 * @param fail makes the error to throw from a dotted path and a problem
 * @param look a first look at the JSON, before the schema judges it
 * @throws whatever `fail` makes, and nothing else
 */
export function readRecord<S extends v.GenericSchema<unknown, Json>>(
  bytes: Uint8Array,
  schema: S,
  fail: (path: string, problem: string) => RecordError,
  look: (json: Json) => void = () => undefined,
): v.InferOutput<S> {
  const json = parseJson(bytes, fail);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw fail('', 'expected a JSON object');
  look(json);
  const result = v.safeParse(schema, json);
  if (!result.success) {
    const { path, problem } = describeIssue(result.issues[0]);
    throw fail(path, problem);
  }
  return result.output;
}

/** The member that a schema complains of, by its dotted path, and the complaint as "expected, got". */
export function describeIssue(issue: v.BaseIssue<unknown>): { readonly path: string; readonly problem: string } {
  const path = v.getDotPath(issue) ?? '';
  if (issue.expected === 'never') return { path, problem: 'not a known member' };
  if (issue.received === 'undefined') return { path, problem: 'missing' };
  return {
    path,
    problem: issue.message.replace(/^Invalid \w+: Expected (.*) but received (.*)$/s, 'expected $1, got $2'),
  };
}

function parseJson(bytes: Uint8Array, fail: (path: string, problem: string) => RecordError): Json {
  // SECURITY(K-32): what comes from the connected machine is bounded first, and strict.
  if (bytes.length > MAX_FILE_BYTES) {
    throw fail('', `expected at most ${String(MAX_FILE_BYTES)} bytes, got ${String(bytes.length)}`);
  }
  let text: string;
  let json: Json;
  try {
    text = decoder.decode(bytes);
    json = JSON.parse(text) as Json;
  } catch {
    throw fail('', 'not UTF-8 JSON');
  }
  try {
    canonicalJson(json);
  } catch (error) {
    throw fail('', error instanceof Error ? error.message : 'no canonical form');
  }
  if (colonsOutsideText(text) !== countMembers(json)) throw fail('', 'a member appears twice');
  return json;
}

/** In valid JSON each colon outside a text stands for one member. */
function colonsOutsideText(text: string): number {
  return text.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
}

function countMembers(json: Json): number {
  if (json === null || typeof json !== 'object') return 0;
  const values = Object.values<Json>(json);
  const own = Array.isArray(json) ? 0 : values.length;
  return values.reduce<number>((sum, value) => sum + countMembers(value), own);
}

function printable(text: string): string {
  const clean = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return clean.length > MAX_MESSAGE ? `${clean.slice(0, MAX_MESSAGE)}...` : clean;
}
