/**
 * The connected machine of a rehearsal: `keyrite-connect` run as a program of its own, since nothing here opens a socket.
 * Where it is not installed, a throw-away wrapping key stands in for the service, and the rehearsal says so.
 */
import { spawn, execFile, type ChildProcess } from 'node:child_process';
import { generateKeyPair } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { hex } from '../../ceremony/check-value';
import { wrappingParametersFile } from '../../ceremony/keypackage/wrapping-parameters';
import { publicKeySha256 } from '../../ceremony/keypackage/wrapping-key';
import { UsageError } from '../exit';

const run = promisify(execFile);

/** What a key package will be for. */
export type Purpose =
  { readonly do: 'create'; readonly name: string } | { readonly do: 'rotate'; readonly key: string };

/** The line that the service prints when it listens. */
const Listening = v.object({ endpoint: v.string(), iam: v.string(), instance: v.string(), apiKey: v.string() });
type Listening = v.InferOutput<typeof Listening>;

/** What the other side of the air gap does in a rehearsal. */
export interface ConnectedSide {
  /** In words, for the rehearsal's output. */
  readonly name: string;
  /** Puts wrapping parameters for `purpose` into a new file. */
  collect(purpose: Purpose, file: string): Promise<void>;
  /** Uploads a package whose hash the signed record names; resolves with the receipt's file and the key's id. Null where nothing can be uploaded to. */
  upload(packageFile: string, packageSha256: string, receiptFile: string): Promise<{ keyId: string } | null>;
  end(): Promise<void>;
}

/** Starts the service, or its stand-in. `folder` keeps the service's state: a second run finds the keys of the first. */
export async function startConnectedSide(program: string, folder: string): Promise<ConnectedSide> {
  return existsSync(program) ? Service.start(program, folder) : new ThrowAwayKey();
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

  async collect(purpose: Purpose, file: string): Promise<void> {
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

class ThrowAwayKey implements ConnectedSide {
  readonly name = 'a throw-away wrapping key, since keyrite-connect is not installed: nothing is uploaded';

  async collect(purpose: Purpose, file: string): Promise<void> {
    const { publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 4096 });
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const nonce = Buffer.from(hex(crypto.getRandomValues(new Uint8Array(12))), 'hex');
    const now = Date.now();
    const content = wrappingParametersFile({
      keyrite: 'wrapping-parameters/1',
      target: 'ibm-key-protect',
      service: { instance: '00000000-0000-4000-8000-000000000000', region: 'us-south' },
      purpose: purpose,
      algorithm: 'RSAES_OAEP_SHA_256',
      publicKey: spki.toString('base64'),
      publicKeySha256: publicKeySha256(spki),
      nonce: nonce.toString('base64'),
      expires: new Date(now + 3_600_000).toISOString(),
      collected: { at: new Date(now).toISOString(), by: 'rehearsal' },
      signature: null,
    });
    writeFileSync(file, content, { flag: 'wx' });
  }

  upload(): Promise<null> {
    return Promise.resolve(null);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}
