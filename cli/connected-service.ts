/**
 * The connected machine of a rehearsal: `keyrite-connect` run as a program of its own, since nothing here opens a socket.
 * Where it is not installed, a throw-away wrapping key stands in for the service, and the rehearsal says so.
 */
import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { UsageError } from '../workstation/explain';
import type { TargetName } from '../ceremony/keypackage/target-names';
import {
  collectThrowAway,
  throwAwayKey,
  type ConnectedSide,
  type Purpose,
} from '../workstation/rehearsal/connected-side';

const run = promisify(execFile);

/** The line that the service prints when it listens. */
const Listening = v.object({ endpoint: v.string(), iam: v.string(), instance: v.string(), apiKey: v.string() });
type Listening = v.InferOutput<typeof Listening>;

/** Starts the service, or its stand-in. `folder` keeps the service's state: a second run finds the keys of the first. */
export async function startConnectedSide(program: string, folder: string): Promise<ConnectedSide> {
  return existsSync(program) ? Service.start(program, folder) : throwAwayKey('since keyrite-connect is not installed');
}

class Service implements ConnectedSide {
  readonly name = 'a Key Protect-compatible service on this machine';
  private readonly program: string;
  private readonly child: ChildProcess;
  private readonly listening: Listening;
  private readonly apiKeyFile: string;

  private constructor(program: string, folder: string, child: ChildProcess, listening: Listening) {
    this.program = program;
    this.child = child;
    this.listening = listening;
    this.apiKeyFile = join(folder, 'api-key');
    writeFileSync(this.apiKeyFile, listening.apiKey, { mode: 0o600 });
  }

  static async start(program: string, folder: string): Promise<Service> {
    const args = [program, 'service', '--port', '0', '--state', join(folder, 'service'), '--until-stdin-closes'];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise<never>((_, reject) => {
      child.once('exit', () => {
        reject(new UsageError('keyrite-connect service did not start', 'Run it by hand to see why.'));
      });
    });
    const firstLine = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).once('line', resolve);
    });
    const listening = v.parse(Listening, JSON.parse(await Promise.race([firstLine, ended])));
    ended.catch(() => undefined);
    return new Service(program, folder, child, listening);
  }

  async collect(target: TargetName, purpose: Purpose, file: string): Promise<void> {
    // It is Key Protect alone; for another service a wrapping key is made that nobody keeps.
    if (target !== 'ibm-key-protect') return collectThrowAway(target, purpose, file);
    const what = purpose.do === 'create' ? ['--name', purpose.name] : ['--key-id', purpose.key];
    await this.connect(['collect', '--purpose', purpose.do, ...what, '--region', 'us-south', '-o', file]);
  }

  async upload(packageFile: string, packageSha256: string, receiptFile: string): Promise<{ keyId: string }> {
    const printed = await this.connect([
      'upload',
      packageFile,
      '--package-sha256',
      packageSha256,
      '-o',
      receiptFile,
      '--json',
    ]);
    return v.parse(v.object({ keyId: v.string() }), JSON.parse(printed));
  }

  async end(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.stdin?.end();
    await gone;
  }

  private async connect(args: string[]): Promise<string> {
    const { endpoint, iam, instance } = this.listening;
    const where = ['--endpoint', endpoint, '--iam', iam, '--instance', instance, '--api-key-file', this.apiKeyFile];
    const { stdout } = await run(process.execPath, [this.program, ...args, ...where]);
    return stdout;
  }
}
