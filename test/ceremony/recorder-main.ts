/**
 * Preloaded into the main process by a test (`--require`): writes down everything that main gets from its children,
 * and which files it opens, into the file that KEYRITE_TEST_RECORD names; at the end, how much it read of each link.
 * Records are `u32 length | text of a kind`, `u32 length | bytes`.
 */
import childProcess, { type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import { Duplex } from 'node:stream';
import { serialize } from 'node:v8';

/** Descriptors from here on are person links. */
const FIRST_LINK = 4;

const path = process.env['KEYRITE_TEST_RECORD'];
// The programs of the connected side inherit the environment; children of ours do not.
if (path !== undefined && process.argv[1]?.endsWith('keyrite.cjs') === true) record(fs.openSync(path, 'a', 0o600));

function record(file: number): void {
  const { writeSync, openSync, readFileSync } = fs;
  const write = (kind: string, bytes: Uint8Array): void => {
    for (const part of [Buffer.from(kind), bytes]) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      writeSync(file, Buffer.concat([length, part]));
    }
  };
  const links: Duplex[] = [];
  const seen = new WeakSet<ChildProcess>();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the child below
  const emit = childProcess.ChildProcess.prototype.emit;
  childProcess.ChildProcess.prototype.emit = function (this: ChildProcess, event: string, ...args: unknown[]) {
    if (!seen.has(this)) {
      seen.add(this);
      write('child', Buffer.from(this.spawnargs.join(' ')));
      for (const stream of this.stdio.slice(FIRST_LINK)) if (stream instanceof Duplex) links.push(stream);
      for (const stream of [this.stdout, this.stderr]) {
        stream?.on('data', (data: Buffer | string) => {
          write('stream', Buffer.from(data as string));
        });
      }
    }
    if (event === 'message' || event === 'internalMessage') write(event, serialize(args[0]));
    return Reflect.apply(emit, this, [event, ...args]) as boolean;
  } as typeof emit;
  fs.openSync = function (this: unknown, ...args: Parameters<typeof fs.openSync>) {
    write('opened', Buffer.from(String(args[0])));
    return openSync(...args);
  };
  fs.readFileSync = function (this: unknown, ...args: Parameters<typeof readFileSync>) {
    write('opened', Buffer.from(String(args[0])));
    return readFileSync(...args);
  } as typeof readFileSync;
  process.on('exit', () => {
    for (const link of links) write('link', Buffer.from('bytesRead' in link ? String(link.bytesRead) : 'not told'));
  });
}
