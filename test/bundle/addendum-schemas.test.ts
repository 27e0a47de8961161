/** JSON Schemas of addenda, cosignatures and proofs, for people who write verifiers. The code decides. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import type * as v from 'valibot';
import { expect, it } from 'vitest';
import {
  ADDENDUM_KINDS,
  ADDENDUM_SIGN_OFF,
  AddendumClosed,
  AddendumFact,
  AddendumOpened,
} from '../../ceremony/bundle/addendum-line';
import { CosignaturePayload } from '../../ceremony/bundle/cosignature';
import { Proof } from '../../ceremony/transcript/proof';

const FOLDER = join(import.meta.dirname, '../../docs/schemas');
const PAGE = join(import.meta.dirname, '../../docs/evidence-format.md');

const SCHEMAS: readonly (readonly [string, v.GenericSchema, string])[] = [
  ['addendum.ceremony.opened.schema.json', AddendumOpened, 'Body of the first line of an addendum'],
  ['addendum.fact.recorded.schema.json', AddendumFact, 'Body of a line of an addendum between its first and its last'],
  ['addendum.ceremony.closed.schema.json', AddendumClosed, 'Body of the last line of an addendum'],
  ['payload.cosignature.schema.json', CosignaturePayload, 'Signed payload of a cosignature'],
  ['proof.schema.json', Proof, 'Inclusion or consistency proof'],
];

it.each(SCHEMAS)('docs/schemas/%s is what the code says', (name, schema, title) => {
  const { $schema, ...rest } = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' });
  const text = `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
  // `UPDATE_SCHEMAS=1 npx vitest run test/bundle/addendum-schemas.test.ts` writes them anew.
  if (process.env['UPDATE_SCHEMAS'] === '1') writeFileSync(join(FOLDER, name), text);
  expect(readFileSync(join(FOLDER, name), 'utf8')).toBe(text);
});

it('docs/evidence-format.md names every kind of fact, every member, and the wording', () => {
  const page = readFileSync(PAGE, 'utf8');
  expect(page).toContain(ADDENDUM_SIGN_OFF);
  const members = SCHEMAS.flatMap(([name]) => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    return [...text.matchAll(/"required": \[([^\]]*)\]/gu)].flatMap(([, list = '']) =>
      [...list.matchAll(/"([^"]+)"/gu)].map(([, member = '']) => member),
    );
  });
  for (const word of [...ADDENDUM_KINDS, ...members]) expect(page, word).toMatch(new RegExp(`\\b${word}\\b`, 'u'));
});
