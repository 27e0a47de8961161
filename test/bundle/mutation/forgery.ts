/** What the worst forger changes before everything is made and signed again, see insider.ts. */
import type { JsonObject, Json } from '../../../ceremony/canonical-json';
import type { PayloadType } from '../../../ceremony/command/dsse';
import { EMPTY, linesOf, text, type Files } from './bundle-files';

/** A line as a forger handles it; `seq` and `prev` are made when it is written. */
export interface LooseLine {
  readonly at: string;
  readonly type: string;
  readonly step: string | null;
  readonly by: readonly string[];
  readonly salt: string;
  readonly body: JsonObject;
}

/** Something about to be signed. */
export interface ToSign {
  readonly type: PayloadType;
  readonly payload: JsonObject;
  /** Those who signed it in the bundle. */
  readonly signers: readonly string[];
  /** How many things were signed before. */
  readonly number: number;
  /** Number of the checkpoint; 0 for anything else. */
  readonly checkpoint: number;
  /** Number of the line that it stands in; null for what stands in none, such as approvals and the last checkpoint. */
  readonly line: number | null;
  /** Number of the addendum; 0 for the record of the ceremony. */
  readonly addendum: number;
}

/** Where something stands in an addendum. */
export interface InAddendum {
  readonly addendum: number;
  readonly seq: number;
}

/** What the forger changes. */
export interface Forgery {
  /** Prefix of the seeds of all keys: another one means other people. */
  readonly cast?: string;
  /** Changes the lines before anything is made right. */
  readonly lines?: (lines: readonly LooseLine[]) => readonly LooseLine[];
  /** Changes what is signed, or who signs it; the signatures hold. */
  readonly sign?: (one: ToSign) => { readonly payload: JsonObject; readonly signers: readonly string[] };
  /** Makes the signature otherwise than with the signer's invented key. */
  readonly signature?: (one: ToSign, signer: string, message: Uint8Array) => Uint8Array;
  /** Changes the bytes of a payload before they are signed. */
  readonly bytes?: (one: ToSign, payload: string) => string;
  /** Changes the text of a line before it is hashed. */
  readonly text?: (line: string, seq: number) => string;
  /** Changes the binding. */
  readonly binding?: (binding: JsonObject) => JsonObject;
  /** Changes the binding of a later session after it was made right. */
  readonly session?: (binding: JsonObject) => JsonObject;
  /** Changes the body of the line that opens a later session after it was made right. */
  readonly resumed?: (body: JsonObject) => JsonObject;
  /** Who approves the binding of a later session, of those who approved it. */
  readonly sessionApprovers?: (approvers: readonly string[]) => readonly string[];
  /** Changes a reading of a unit after it was made right and signed. */
  readonly reading?: (reading: JsonObject, seq: number) => JsonObject;
  /** Changes the body of line 0 after it was made right. */
  readonly opening?: (body: JsonObject) => JsonObject;
  /** Changes the lines of an addendum before anything is made right. */
  readonly addendum?: (lines: readonly LooseLine[], addendum: number) => readonly LooseLine[];
  /** Changes the body of a line of an addendum after it was made right. */
  readonly added?: (body: JsonObject, place: InAddendum) => JsonObject;
  /** Changes a file that an addendum attaches after it was made right. */
  readonly attached?: (content: Uint8Array, name: string) => Uint8Array;
  /** Times as given, even when they go backwards; else they are put in order. */
  readonly times?: 'as given';
  /** Unit states as given in the lines, not those that the commands lead to. */
  readonly states?: 'as given';
}

/** The transcript's lines, parsed. */
export function looseLines(files: Files): readonly LooseLine[] {
  return linesOf(files).map((line) => JSON.parse(line) as LooseLine);
}

/** A JSON object of the bundle; throws where the file is none. */
export function jsonOf(files: Files, name: string): JsonObject {
  return JSON.parse(text(files.get(name) ?? EMPTY)) as JsonObject;
}

/** A text of the record; empty for anything else. */
export function said(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
