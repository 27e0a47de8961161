/**
 * A program for `npm run bench`, built by scripts/bench/verify.mjs. `make FOLDER FACTS` makes a whole bundle whose
 * transcript has that many facts more than usual; `checkpointing` prints what a line and a root after it cost.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MerkleTree } from '../../ceremony/transcript/merkle';
import type { BundleFolder } from '../../ceremony/engine/ports';
import { makeBundle } from './software-ceremony';
import { folderAt } from './temp-folder';

const TRANSCRIPT = 'transcript.jsonl';
const BLOCK_BYTES = 8 * 1024 * 1024;
const SIZES = [1e3, 1e4, 1e5, 1e6];
const MEASURED = 20_000;

/** A folder that writes lines of the transcript many at a time. */
function inBlocks(directory: string): { readonly folder: BundleFolder; readonly flush: () => void } {
  const folder = folderAt(directory);
  let waiting: Uint8Array[] = [];
  let length = 0;
  const flush = (): void => {
    appendFileSync(join(directory, TRANSCRIPT), Buffer.concat(waiting));
    waiting = [];
    length = 0;
  };
  return {
    flush,
    folder: {
      ...folder,
      list() {
        flush();
        return folder.list();
      },
      append(name, content) {
        if (name !== TRANSCRIPT) return folder.append(name, content);
        waiting.push(content);
        length += content.length;
        if (length > BLOCK_BYTES) flush();
        return Promise.resolve();
      },
    },
  };
}

async function make(directory: string, facts: number): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const { folder, flush } = inBlocks(directory);
  await makeBundle(folder, { facts });
  flush();
}

/** Microseconds for a line and the root after it, at each size of the tree. */
function checkpointing(): Record<string, number> {
  const tree = new MerkleTree();
  const line = Buffer.alloc(400, 0x61);
  const cost: Record<string, number> = {};
  for (const size of SIZES) {
    while (tree.size < size) tree.append(line);
    const begun = process.cpuUsage();
    for (let count = 0; count < MEASURED; count += 1) {
      tree.append(line);
      tree.root();
    }
    const { user, system } = process.cpuUsage(begun);
    cost[String(size)] = (user + system) / MEASURED;
  }
  return cost;
}

const [command, directory = '', facts = '0'] = process.argv.slice(2);
if (command === 'make') void make(directory, Number(facts));
else process.stdout.write(JSON.stringify(checkpointing()));
