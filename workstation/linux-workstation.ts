/** What the workstation shows of itself before a ceremony, and the files that come in and go out. */
import { accessSync, constants, existsSync, lstatSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { DeviceError } from '../ceremony/command/device-error';
import type { BundleFolder, HsmLink, Observation, Workstation } from '../ceremony/engine/ports';
import { selfTest } from '../hsm/self-test';
import { copyBundle, isCopyOf } from './bundle-copy';
import { CORE_PATTERN, whoGetsCoreDumps } from './core-dumps';
import { isSystemError, systemWords } from './explain';
import { operatingSystemName } from './os-release';
import type { Runtime } from './running-app';

/** The Linux workstation that Keyrite runs on. */
export class LinuxWorkstation implements Workstation {
  private readonly bundle: BundleFolder;
  private readonly runtime: Runtime;
  private readonly corePattern: string;
  private readonly interfaces: string;

  /**
   * @param bundle what is copied to media
   * @param corePattern file in which the kernel says what becomes of core dumps
   * @param interfaces folder in which the kernel tells of network interfaces
   */
  constructor(bundle: BundleFolder, runtime: Runtime, corePattern = CORE_PATTERN, interfaces = '/sys/class/net') {
    this.bundle = bundle;
    this.runtime = runtime;
    this.corePattern = corePattern;
    this.interfaces = interfaces;
  }

  observe(
    media: readonly { readonly id: string; readonly path: string }[],
    links: readonly HsmLink[],
  ): Promise<readonly Observation[]> {
    const failed = selfTest().filter((one) => !one.ok);
    const up = interfacesUp(this.interfaces);
    const others = up.filter((name) => !links.some((link) => link.interface === name));
    const swaps = readLines('/proc/swaps').slice(1);
    const [pattern] = readLines(this.corePattern);
    const dumpsTo = pattern === undefined ? 'the kernel does not say whom' : whoGetsCoreDumps(pattern);
    return Promise.resolve([
      {
        check: 'known answers',
        ok: failed.length === 0,
        found: failed.map((one) => one.name).join(', ') || 'all correct',
      },
      // SECURITY(K-211): what the binding names is for the HSM; everything else that is up is a way out.
      { check: 'network', ok: others.length === 0, found: networkWords(up, others) },
      ...links.map(({ module, interface: name, peer, port }) => ({
        check: `HSM link ${name}`,
        ok: up.includes(name),
        found: `${up.includes(name) ? 'up' : 'not up, or not there'}: module ${module}, to ${peer}, port ${String(port)}`,
      })),
      { check: 'swap', ok: swaps.length === 0, found: swaps.length === 0 ? 'off' : `${String(swaps.length)} in use` },
      { check: 'core dumps', ok: coreLimit() === '0', found: `limit ${coreLimit()}` },
      {
        check: 'core dump program',
        ok: dumpsTo === null,
        found: dumpsTo === null ? 'none' : `dumps are handed to ${dumpsTo}, whatever the limit`,
      },
      { check: 'packaged app', ok: this.runtime.packaged, found: this.runtime.found },
      {
        check: 'operating system',
        ok: null,
        found: `${operatingSystemName() ?? 'a system without a name'}, Linux ${release()}, ${this.runtime.name}`,
      },
      ...media.map(({ id, path }) => {
        const problem = mediumProblem(path);
        return {
          check: `medium ${id}`,
          ok: problem === null,
          found: `${path}: ${problem ?? 'there, can be written to'}`,
        };
      }),
    ]);
  }

  readInput(path: string, limit: number): Promise<Uint8Array> {
    if (!existsSync(path)) throw unreadable(path, 'it does not exist');
    const found = statSync(path);
    if (!found.isFile()) throw unreadable(path, 'it is not a file');
    const { size } = found;
    if (size > limit) throw unreadable(path, `it has ${String(size)} bytes, at most ${String(limit)} are read`);
    return Promise.resolve(readFileSync(path));
  }

  async copyToMedium(mediumPath: string, ceremony: string): Promise<void> {
    const target = join(mediumPath, ceremony);
    // Never made here: a folder in the place of a medium that is not mounted would count as a copy and be none.
    const problem = mediumProblem(mediumPath);
    if (problem !== null) throw notCopied(target, `${mediumPath}: ${problem}`);
    try {
      if (lstatSync(target, { throwIfNoEntry: false }) === undefined) {
        await copyBundle(this.bundle, target);
        return;
      }
    } catch (error) {
      throw notCopied(target, reasonOf(error));
    }
    if (await isCopyOf(this.bundle, target)) return;
    throw notCopied(target, 'something else is there already, and nothing is overwritten');
  }
}

/** Why nothing can be copied to a medium, in words; null when its folder is there and can be written to. */
export function mediumProblem(path: string): string | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return 'it is not there; is the medium mounted?';
    if (!found.isDirectory()) return 'it is not a folder';
  } catch (error) {
    return `it cannot be looked at: ${reasonOf(error)}`;
  }
  try {
    accessSync(path, constants.W_OK);
    return null;
  } catch {
    return 'it cannot be written to';
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof DeviceError) return error.message;
  return isSystemError(error) ? systemWords(error) : 'the system gives no reason';
}

function notCopied(target: string, why: string): DeviceError {
  return new DeviceError({
    code: 'NOT_COPIED',
    message: `The bundle could not be copied to ${target}: ${why}`,
    changed: 'The bundle itself is complete and sealed; only the copy is missing.',
    next: 'Mount the medium, or another one at the same place, or free some space on it. The whole folder can also be copied by hand later.',
    uncertain: false,
  });
}

function networkWords(up: readonly string[], others: readonly string[]): string {
  if (others.length > 0) return others.join(', ');
  return up.length === 0 ? 'no interface is up' : `none is up but the HSM links of the binding: ${up.join(', ')}`;
}

function interfacesUp(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root).filter(
    (name) => name !== 'lo' && existsSync(join(root, name, 'operstate')) && isUp(join(root, name, 'operstate')),
  );
}

function isUp(operstate: string): boolean {
  const state = readFileSync(operstate, 'utf8').trim();
  return state === 'up' || state === 'unknown';
}

function coreLimit(): string {
  const line = readLines('/proc/self/limits').find((one) => one.startsWith('Max core file size'));
  return line?.split(/\s{2,}/)[1] ?? 'unknown';
}

function readLines(path: string): string[] {
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}

function unreadable(path: string, why: string): DeviceError {
  return new DeviceError({
    code: 'FILE_UNUSABLE',
    message: `${path} cannot be used: ${why}`,
    changed: 'Nothing was changed.',
    next: 'Correct the binding, or bring the right file.',
    uncertain: false,
  });
}
