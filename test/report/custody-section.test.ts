/** What the report tells of things under seal. */
import { expect, it } from 'vitest';
import { textsOf } from '../../ceremony/print/document';
import { documentOf } from './reported-bundle';

it('tells of every object what was done with it, by whom, and where it is', async () => {
  const text = textsOf(await documentOf({ custody: (entry) => entry })).join('\n');
  const section = text.slice(text.indexOf('The custody ledger goes on'));
  expect(section).toContain('goes on from the ceremony last-year');
  for (const words of [
    'came into custody under seal A-1, kept at: Safe 1 — 例',
    'opened; found under seal Z-9',
    'put under seal A-3, kept at: Safe 2',
    'destroyed; it was open',
    'destroyed; found under seal A-2',
    'Carl Müller, Otto Müller',
    'other-card (card): under seal Z-10, kept at: Elsewhere',
    'old-card (card): destroyed',
  ]) {
    expect(section).toContain(words);
  }
});

it('says nothing where there is no ledger', async () => {
  expect(textsOf(await documentOf({})).join('\n')).not.toMatch(/custody ledger/i);
});
