/** A line of 1 GiB, as a stream: refused without being read to its end. `huge-line.deep.test.ts` has it in a real file. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TRANSCRIPT, type BundleReader } from '../../ceremony/bundle/layout';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { EMPTY, readFiles } from './mutation/bundle-files';
import { GIB, HUGE_LINES, startOf } from './mutation/huge-line';

const RELEASED = fileURLToPath(new URL('../fixtures/bundles/0.1.0/bundle', import.meta.url));
/** Most that may be asked for beyond what can be read, and most memory for it. */
const LIMIT = { asked: 16 * 1024 * 1024, bytes: 400 * 1024 * 1024 };

describe.each(HUGE_LINES)('a line of 1 GiB $name', ({ before, after }) => {
  it('is refused without being read to its end', { timeout: 240_000 }, async () => {
    const files = await readFiles(RELEASED);
    let asked = 0;
    const piece = Buffer.alloc(64 * 1024, 'a');
    async function* transcript(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from(startOf(files, before)));
      for (let at = 0; at < GIB; at += piece.length) {
        asked += piece.length;
        yield piece;
      }
      yield Buffer.from(after);
    }
    const reader: BundleReader = {
      list: () => Promise.resolve([...files.keys()].sort()),
      read: (name) => Promise.resolve(files.get(name) ?? EMPTY),
      open: (name) => (name === TRANSCRIPT ? transcript() : once(files.get(name) ?? EMPTY)),
    };
    const rss = process.memoryUsage().rss;
    const report = await verifyBundle(reader);
    expect(report.verdict).toBe('refused');
    expect(report.findings.map(({ reason }) => reason).join('\n')).toMatch(/longer than \d+ bytes/);
    expect(asked).toBeLessThan(LIMIT.asked);
    expect(process.memoryUsage().rss - rss).toBeLessThan(LIMIT.bytes);
  });
});

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}
