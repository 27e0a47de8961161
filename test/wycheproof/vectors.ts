/** Wycheproof vectors, which lie beside the checkout and are not part of it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';

const FOLDER = join(import.meta.dirname, '../../../shared/vectors');

/** Whether a file of vectors is there. */
export function hasVectors(file: string): boolean {
  return existsSync(join(FOLDER, file));
}

/** The test groups of a file, each read by `schema`. */
export function groupsOf<S extends v.GenericSchema>(file: string, schema: S): v.InferOutput<S>[] {
  const read = v.parse(v.object({ testGroups: v.array(schema) }), JSON.parse(readFileSync(join(FOLDER, file), 'utf8')));
  return read.testGroups;
}

/** What every Wycheproof case has. */
export const CASE = { tcId: v.number(), comment: v.string(), result: v.picklist(['valid', 'invalid', 'acceptable']) };
