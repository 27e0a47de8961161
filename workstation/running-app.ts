/** The program that runs a ceremony, as line 0 and the pre-flight name it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { App } from '../ceremony/engine/open';

/** What runs a ceremony, for the pre-flight. */
export interface Runtime {
  /** Whether it is the packaged app on a runtime that production may use. */
  readonly packaged: boolean;
  /** The same in words, such as `a checkout on Node: rehearsals only`. */
  readonly found: string;
  /** Name and version, such as `Node v20.19.0`. */
  readonly name: string;
}

/**
 * This program as line 0 names it.
 *
 * @param program the file whose SHA-256 stands for the program
 * @param version of Keyrite
 * @param runtime name, version, platform and architecture, such as `node 20.19.0 linux x64`
 */
export function describeApp(program: string, version: string, runtime: string): App {
  const sha256 = createHash('sha256').update(readFileSync(program)).digest('hex');
  return { name: 'keyrite', version, sha256, runtime };
}
