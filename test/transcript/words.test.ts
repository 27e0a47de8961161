import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hexGroups, words } from '../../ceremony/words';

it('says the published example of the PGP word list', () => {
  expect(words(Buffer.from('E58294F2E9A227486E8B061B31CC528FD7FA3F19', 'hex'))).toBe(
    'topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa afflict bravado ' +
      'chatter revolver Dupont midsummer stopwatch whimsical cowbell bottomless',
  );
});

it('has a word of its own for every byte at even and at odd places', () => {
  const all = Buffer.from(Array.from({ length: 512 }, (_, place) => place >> 1));
  const said = words(all).split(' ');
  expect(said).toHaveLength(512);
  expect(new Set(said.map((word) => word.toLowerCase())).size).toBe(512);
});

it('says one word for each byte', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      (bytes) => words(bytes).split(' ').length === bytes.length,
    ),
  );
  expect(words(new Uint8Array())).toBe('');
});

it('groups hex by four digits', () => {
  expect(hexGroups('00112233445')).toBe('0011 2233 445');
  expect(hexGroups('')).toBe('');
});
