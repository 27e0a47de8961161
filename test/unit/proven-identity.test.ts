/** SECURITY: main believes a unit only after a signature over a nonce of this very reading. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { spkiSha256 } from '../../ceremony/command/dsse';
import { identityChallenge } from '../../ceremony/command/statements';
import type { Ceremony } from '../../ceremony/engine/ceremony';
import type { UnitReading } from '../../ceremony/engine/ports';
import { readIdentity } from '../../ceremony/engine/units';

interface KeyHolder {
  readonly spki: string;
  readonly id: string;
  signature(nonce: string): string;
}

function keyHolder(): KeyHolder {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  return {
    spki,
    id: spkiSha256(spki),
    signature: (nonce) => sign('sha256', identityChallenge(nonce), privateKey).toString('base64'),
  };
}

const unit = keyHolder();
const other = keyHolder();
const algorithm = 'ecdsa-p256-sha256';

/** Reads a unit on record as `unit` from devices that answer so. */
function readFrom(answer: (nonce: string) => Pick<UnitReading, 'identity' | 'challenge'>): Promise<unknown> {
  const ceremony = {
    ports: {
      random: (length: number) => Buffer.alloc(length, 7),
      devices: { readUnit: (_unit: string, nonce: string) => Promise.resolve(answer(nonce)) },
    },
    record: { unit: () => ({ identity: unit.id }) },
  };
  return readIdentity(ceremony as unknown as Ceremony, 'compare', 'unit-a');
}

describe('a unit', () => {
  it('that signs the nonce with the key on record is believed', async () => {
    const identity = { id: unit.id, spki: unit.spki, algorithm };
    await expect(
      readFrom((nonce) => ({ identity, challenge: { nonce, signature: unit.signature(nonce) } })),
    ).resolves.toMatchObject({ reading: { identity } });
  });

  const earlier = '11'.repeat(32);
  it.each<[string, (nonce: string) => Pick<UnitReading, 'identity' | 'challenge'>, string]>([
    ['without a key', () => ({ identity: null, challenge: null }), 'it has no identity key'],
    [
      'that signs nothing',
      () => ({ identity: { id: unit.id, spki: unit.spki, algorithm }, challenge: null }),
      'it has no identity key',
    ],
    [
      'that answers with a signature of an earlier day',
      (nonce) => ({
        identity: { id: unit.id, spki: unit.spki, algorithm },
        challenge: { nonce, signature: unit.signature(earlier) },
      }),
      'it did not prove its identity',
    ],
    [
      'that answers an earlier nonce',
      () => ({
        identity: { id: unit.id, spki: unit.spki, algorithm },
        challenge: { nonce: earlier, signature: unit.signature(earlier) },
      }),
      'it did not prove its identity',
    ],
    [
      'that signs with another key than it shows',
      (nonce) => ({
        identity: { id: unit.id, spki: unit.spki, algorithm },
        challenge: { nonce, signature: other.signature(nonce) },
      }),
      'it did not prove its identity',
    ],
    [
      'that shows another key under the id on record',
      (nonce) => ({
        identity: { id: unit.id, spki: other.spki, algorithm },
        challenge: { nonce, signature: other.signature(nonce) },
      }),
      'it did not prove its identity',
    ],
    [
      'of another identity',
      (nonce) => ({
        identity: { id: other.id, spki: other.spki, algorithm },
        challenge: { nonce, signature: other.signature(nonce) },
      }),
      `it is the unit ${other.id}, not ${unit.id}`,
    ],
    [
      'with an algorithm that we do not know',
      (nonce) => ({
        identity: { id: unit.id, spki: unit.spki, algorithm: 'none' },
        challenge: { nonce, signature: unit.signature(nonce) },
      }),
      'it did not prove its identity',
    ],
  ])('%s is not', async (_what, answer, how) => {
    await expect(readFrom(answer)).rejects.toThrow(`Unit unit-a is not as the record says: ${how}`);
  });
});
