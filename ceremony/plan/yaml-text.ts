/**
 * Strict YAML 1.2 for files that people review and sign: one document, no anchors, aliases, tags, merge keys,
 * directives, fractions or special numbers, no key twice, nothing invisible that changes the reading order. What is left
 * means the same to every reader. The text is bounded before the YAML library sees it: deep nesting ends the whole
 * process there (measured: 20000 times `[`, "RegExpCompiler Allocation failed"), and its own check for double keys
 * takes 20 s for 60000 keys.
 */
import {
  Lexer,
  LineCounter,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  type ParsedNode,
  type Scalar,
} from 'yaml';
import type { Json } from '../canonical-json';
import type { Problem } from './plan-error';

/** Largest text, in UTF-8 bytes: 1 MiB. */
export const MAX_YAML_BYTES = 1024 * 1024;
const MAX_TOKENS = 100_000;
const MAX_NESTING = 24;
const MAX_INDENT = 100;

/** Step of a path into a document: key of a mapping, or index of a list. */
export type PathKey = string | number;

/** A value and where its parts stand in the text. */
export interface YamlText {
  readonly value: Json;
  /** Position of the value at a path (of the key that names it, with `ofKey`); of the nearest part above when it is missing. */
  readonly positionOf: (
    path: readonly PathKey[],
    ofKey?: boolean,
  ) => { readonly line: number; readonly column: number };
}

/** Reading gives either the value or every problem found; never both. */
export type YamlResult = { readonly text: YamlText } | { readonly problems: readonly Problem[] };

/** Reads strict YAML. Never throws for any text. */
export function readYaml(source: string): YamlResult {
  const tooLong = Buffer.byteLength(source, 'utf8') > MAX_YAML_BYTES;
  if (tooLong) return { problems: [{ line: 1, column: 1, path: '', message: 'longer than 1 MiB' }] };
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  const problems: Problem[] = [];
  const report: Report = (offset, path, message) => {
    problems.push({ ...positionAt(lines, offset), path: pathText(path), message });
  };

  // SECURITY(K-32): before the library sees it: there it would end the process.
  refuseDeepNesting(source, report);
  if (problems.length > 0) return { problems };
  refuseInvisible(source, report);
  const documents = parseAllDocuments(source, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: false,
    merge: false,
    prettyErrors: false,
  });
  const document = 'empty' in documents ? undefined : documents[0];
  if (document === undefined || 'empty' in documents || document.contents === null) {
    report(0, [], 'the file is empty');
    return { problems };
  }
  if (documents.length > 1)
    report(documents[1]?.range[0] ?? 0, [], 'expected one document, found a second after `---`');
  if (document.directives.yaml.explicit === true || /^%/m.test(source.slice(0, document.contents.range[0]))) {
    report(0, [], 'directives (lines that begin with %) are not allowed');
  }
  // The first only: the others mostly follow from it.
  for (const error of document.errors.slice(0, 1)) report(error.pos[0], [], `not YAML: ${error.message}`);
  if (problems.length > 0) return { problems };

  const walk: Walk = { report, values: new Map(), keys: new Map() };
  const value = valueOf(document.contents, [], walk);
  if (problems.length > 0) return { problems };
  return { text: { value, positionOf: (path, ofKey) => positionOf(walk, lines, path, ofKey ?? false) } };
}

/** A path as people read it: `steps[3].units[0]`. */
export function pathText(path: readonly PathKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${String(key)}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

type Report = (offset: number, path: readonly PathKey[], message: string) => void;

interface Walk {
  readonly report: Report;
  /** Offsets of values and of keys by path text. */
  readonly values: Map<string, number>;
  readonly keys: Map<string, number>;
}

/** The lexer is a loop and safe on any text; what it yields bounds how deep the parser can go. */
function refuseDeepNesting(source: string, report: Report): void {
  let offset = 0;
  let tokens = 0;
  let flow = 0;
  let indicators = 0;
  let lineStart = true;
  for (const token of new Lexer().lex(source)) {
    tokens += 1;
    if (tokens > MAX_TOKENS) {
      report(offset, [], `more than ${String(MAX_TOKENS)} YAML tokens`);
      return;
    }
    if (token === '[' || token === '{') flow += 1;
    if (token === ']' || token === '}') flow = Math.max(0, flow - 1);
    if (token === '-' || token === '?' || token === ':') indicators += 1;
    const indent = lineStart && /^ +$/.test(token) ? token.length : 0;
    if (flow > MAX_NESTING || indicators > MAX_NESTING * 2 || indent > MAX_INDENT) {
      report(offset, [], 'nested too deeply');
      return;
    }
    lineStart = token.endsWith('\n');
    if (lineStart && flow === 0) indicators = 0;
    if (flow > 0) indicators = 0;
    offset += MARKS.has(token) ? 0 : token.length;
  }
}

/** Tokens of the lexer that stand for no text: document start, flow error, scalar follows. */
const MARKS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001f']);

/** Characters that make a text read in another order than it is stored: a reviewer would see another plan. */
function refuseInvisible(source: string, report: Report): void {
  const found = INVISIBLE.exec(source.replace(/^\ufeff/, ' '));
  if (found !== null) report(found.index, [], invisible(found[0]));
}

/** Zero-width space and joiner, and the marks that reorder text; joiners that scripts need (U+200C, U+200D) are allowed. */
const INVISIBLE = /[\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]/u;

function invisible(character: string): string {
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `the invisible character U+${code} is not allowed: it can make a text read as another`;
}

function valueOf(node: ParsedNode | null, path: readonly PathKey[], walk: Walk): Json {
  if (node === null) return null;
  const at = node.range[0];
  walk.values.set(pathText(path), at);
  if (path.length > MAX_NESTING) return refuse(walk, at, path, 'nested too deeply');
  if (isAlias(node)) return refuse(walk, at, path, 'aliases (*name) are not allowed: write the value out');
  if (node.anchor !== undefined) return refuse(walk, at, path, 'anchors (&name) are not allowed');
  if (node.tag !== undefined) return refuse(walk, at, path, `tags (${node.tag}) are not allowed`);
  if (isScalar(node)) return scalarOf(node, path, walk);
  if (isSeq(node)) return node.items.map((item, index) => valueOf(item, [...path, index], walk));
  if (!isMap(node)) return refuse(walk, at, path, 'expected a value');
  const members: Record<string, Json> = {};
  for (const { key, value } of node.items) {
    const name = keyOf(key, at, path, walk);
    if (name === null) continue;
    const inner = [...path, name];
    if (Object.hasOwn(members, name)) refuse(walk, key.range[0], inner, `the key \`${name}\` stands here twice`);
    walk.keys.set(pathText(inner), key.range[0]);
    members[name] = valueOf(value, inner, walk);
  }
  return members;
}

/** Key of a mapping; null, and a problem, when it is not a plain ASCII word. */
function keyOf(key: ParsedNode | null, at: number, path: readonly PathKey[], walk: Walk): string | null {
  const offset = key?.range[0] ?? at;
  if (isScalar(key) && key.anchor === undefined && key.tag === undefined && key.source === '<<') {
    return refuse(walk, offset, path, 'merge keys (<<) are not allowed: write the members out');
  }
  const name = isScalar(key) ? key.source : '';
  if (
    !isScalar(key) ||
    key.anchor !== undefined ||
    key.tag !== undefined ||
    !/^[A-Za-z][A-Za-z0-9-]{0,62}$/.test(name)
  ) {
    return refuse(walk, offset, path, 'a key must be one word of letters, digits and -');
  }
  return name;
}

function scalarOf(node: Scalar.Parsed, path: readonly PathKey[], walk: Walk): Json {
  const at = node.range[0];
  const value: unknown = node.value;
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    const found = INVISIBLE.exec(value);
    if (found !== null) return refuse(walk, at, path, invisible(found[0]));
    return value.isWellFormed() ? value : refuse(walk, at, path, 'the text holds half of a surrogate pair');
  }
  const source = node.source;
  if (typeof value === 'number' && /^-?(?:0|[1-9][0-9]{0,14})$/.test(source) && source !== '-0') return value;
  return refuse(
    walk,
    at,
    path,
    `\`${source.slice(0, 40)}\` is read as a number that is not a plain integer; if it is text, put it in quotes`,
  );
}

function refuse(walk: Walk, offset: number, path: readonly PathKey[], message: string): null {
  walk.report(offset, path, message);
  return null;
}

function positionOf(
  walk: Walk,
  lines: LineCounter,
  path: readonly PathKey[],
  ofKey: boolean,
): { line: number; column: number } {
  for (let length = path.length; length >= 0; length -= 1) {
    const text = pathText(path.slice(0, length));
    const offset = (ofKey && length === path.length ? walk.keys.get(text) : undefined) ?? walk.values.get(text);
    if (offset !== undefined) return positionAt(lines, offset);
  }
  return { line: 1, column: 1 };
}

function positionAt(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
