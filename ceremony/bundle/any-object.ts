/** A schema of JSON objects that keeps them as they are. */
import * as v from 'valibot';
import type { JsonObject } from '../canonical-json';

/** Any JSON object. No member of it is left out, as valibot's record leaves out `constructor`. */
export const AnyObject = v.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
);
