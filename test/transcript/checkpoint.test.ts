import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkpointBody,
  checkpointFiles,
  parseCheckpoint,
  parseCheckpointName,
  type Checkpoint,
} from '../../ceremony/transcript/checkpoint';
import type { RosterEntry } from '../../ceremony/transcript/line';
import { holdersOfSharedKeys, holdersOfTwoRoles, quorumShortfalls } from '../../ceremony/transcript/quorum';

const CHECKPOINT: Checkpoint = {
  mode: 'rehearsal',
  id: 'c-1',
  size: 3,
  root: 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
};
const TEXT = 'keyrite/rehearsal/c-1\n3\nrra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc=\n';

describe('checkpoints', () => {
  it('have exactly these bytes', () => {
    expect(Buffer.from(checkpointBody(CHECKPOINT)).toString()).toBe(TEXT);
    expect(parseCheckpoint(Buffer.from(TEXT))).toEqual(CHECKPOINT);
  });

  it.each([
    ['no LF at the end', TEXT.slice(0, -1)],
    ['an LF more', `${TEXT}\n`],
    ['CRLF', TEXT.replaceAll('\n', '\r\n')],
    ['another product', TEXT.replace('keyrite', 'other')],
    ['another mode', TEXT.replace('rehearsal', 'drill')],
    ['a padded size', TEXT.replace('\n3\n', '\n03\n')],
    ['a signed size', TEXT.replace('\n3\n', '\n+3\n')],
    ['a short root', TEXT.replace('nc=', 'nc')],
    ['spare bits', TEXT.replace('nc=', 'nd=')],
    ['a fourth line', `${TEXT}extra\n`],
  ])('with %s are none', (_, text) => {
    expect(parseCheckpoint(Buffer.from(text))).toBeNull();
  });

  it('never throw for any bytes, and read back what was made', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => parseCheckpoint(bytes) === null));
    fc.assert(
      fc.property(fc.nat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.boolean(), (size, root, real) => {
        const made: Checkpoint = {
          mode: real ? 'production' : 'rehearsal',
          id: 'x',
          size,
          root: Buffer.from(root).toString('hex'),
        };
        expect(parseCheckpoint(checkpointBody(made))).toEqual(made);
      }),
    );
  });

  it('have these file names', () => {
    const files = checkpointFiles(7);
    expect([files.body, files.envelope, files.signature('ada-b')]).toEqual([
      'checkpoints/0007.checkpoint',
      'checkpoints/0007.dsse.json',
      'checkpoints/0007.ada-b.sig',
    ]);
    expect(parseCheckpointName(files.body)).toEqual({ number: 7, part: 'body' });
    expect(parseCheckpointName(files.envelope)).toEqual({ number: 7, part: 'envelope' });
    expect(parseCheckpointName(files.signature('ada-b'))).toEqual({ number: 7, part: { signature: 'ada-b' } });
    expect(parseCheckpointName('checkpoints/0000.checkpoint')).toBeNull();
    expect(parseCheckpointName('checkpoints/1.checkpoint')).toBeNull();
    expect(parseCheckpointName('checkpoints/0001.a.b.sig')).toBeNull();
    expect(() => checkpointFiles(0)).toThrow('checkpoint number: expected 1 to 9999, got 0');
    expect(() => checkpointFiles(10_000)).toThrow(RangeError);
  });
});

describe('quorum', () => {
  const person = (id: string, roles: RosterEntry['roles'], spki = id): RosterEntry => ({
    id,
    name: id,
    roles,
    key: { algorithm: 'ed25519', spki, holder: 'token' },
  });
  const roster = [
    person('a', ['crypto-administrator']),
    person('b', ['crypto-administrator']),
    person('w', ['witness']),
  ];
  const quorum = [
    { role: 'crypto-administrator', count: 2 },
    { role: 'witness', count: 1 },
  ] as const;

  it('is counted by person and role', () => {
    expect(quorumShortfalls(quorum, ['a', 'b', 'w'], roster)).toEqual([]);
    expect(quorumShortfalls(quorum, ['a', 'a', 'w', 'nobody'], roster)).toEqual([
      { role: 'crypto-administrator', needed: 2, signed: 1 },
    ]);
    expect(quorumShortfalls(quorum, ['a', 'b'], roster)).toEqual([{ role: 'witness', needed: 1, signed: 0 }]);
  });

  it('allows nobody two of its roles, and no key two people', () => {
    expect(holdersOfTwoRoles(quorum, [...roster, person('x', ['witness', 'custodian'])])).toEqual([]);
    expect(holdersOfTwoRoles(quorum, [...roster, person('x', ['witness', 'crypto-administrator'])])).toEqual(['x']);
    expect(holdersOfSharedKeys([...roster, person('x', ['auditor'], 'a')])).toEqual(['x']);
  });
});
