import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, type Json } from '../../ceremony/canonical-json';
import { encodeFrame, MAX_FRAME_BYTES, readFrame, type ReadExactly } from '../../hsm/person-frames';

/** Reads from bytes; fails at their end, and counts how many were asked for. */
function source(bytes: Uint8Array): { read: ReadExactly; taken: () => number } {
  let at = 0;
  return {
    read: (length) => {
      if (at + length > bytes.length) return Promise.reject(new Error('end'));
      at += length;
      return Promise.resolve(Buffer.from(bytes.subarray(at - length, at)));
    },
    taken: () => at,
  };
}

const header = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,8}$/),
  fc.oneof(fc.stringMatching(/^[ -~]*$/), fc.integer(), fc.boolean()),
);

describe('person frames', () => {
  test('come back as they went, and not one byte of the next is read', async () => {
    await fc.assert(
      fc.asyncProperty(header, fc.uint8Array({ maxLength: 500 }), fc.uint8Array(), async (head, body, rest) => {
        const plain = JSON.parse(JSON.stringify(head)) as Json;
        const frame = encodeFrame(plain, body);
        const { read, taken } = source(Buffer.concat([frame, rest]));
        const back = await readFrame(read);
        expect(canonicalJson(back.header)).toBe(canonicalJson(plain));
        expect([...back.body]).toEqual([...body]);
        expect(taken()).toBe(frame.length);
      }),
      { numRuns: 100 },
    );
  });

  test('of random bytes are refused or short, never more than the limit is asked for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 64 }), async (bytes) => {
        let asked = 0;
        const { read } = source(bytes);
        const outcome = await readFrame((length) => {
          asked += length;
          return read(length);
        }).then(
          () => 'frame',
          (error: unknown) => (error instanceof RangeError ? 'refused' : 'end'),
        );
        expect(asked).toBeLessThanOrEqual(MAX_FRAME_BYTES);
        expect(['frame', 'refused', 'end']).toContain(outcome);
      }),
      { numRuns: 300 },
    );
  });

  test('refuse lengths beyond the limit before reading on', async () => {
    const long = Buffer.alloc(4);
    long.writeUInt32BE(MAX_FRAME_BYTES);
    await expect(readFrame(source(long).read)).rejects.toThrow(
      'person frame header: expected at most 65528 bytes, got 65536',
    );
    const longBody = Buffer.from('000000027b7dffffffff', 'hex');
    await expect(readFrame(source(longBody).read)).rejects.toThrow(
      'person frame body: expected at most 65526 bytes, got 4294967295',
    );
    expect(() => encodeFrame({}, Buffer.alloc(MAX_FRAME_BYTES))).toThrow(
      'person frame: expected at most 65536 bytes, got 65546',
    );
  });

  test('refuse a header that is not canonical', async () => {
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 3]), Buffer.from('{ }'), Buffer.alloc(4)]);
    await expect(readFrame(source(frame).read)).rejects.toThrow('canonical JSON');
  });
});
