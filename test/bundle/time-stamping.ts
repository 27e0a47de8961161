/** A throw-away time-stamping authority, made of `openssl`. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const CONFIGURATION = `[tsa]
default_tsa = keyrite
[keyrite]
serial = ./serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`;

/** An authority with its keys in a folder. */
export class TimeStampingAuthority {
  /** Certificate of its issuer, PEM. */
  readonly ca: string;
  private readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
    this.ca = join(folder, 'ca.pem');
  }

  /** Makes its keys and certificates. */
  static async make(folder: string): Promise<TimeStampingAuthority> {
    const openssl = (...args: string[]) => run('openssl', args, { cwd: folder });
    const subject = (name: string) => ['-nodes', '-newkey', 'rsa:2048', '-subj', `/CN=${name}`];
    await openssl('req', '-x509', ...subject('Throw-away CA'), '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30');
    await openssl('req', ...subject('Throw-away TSA'), '-keyout', 'tsa.key', '-out', 'tsa.csr');
    await writeFile(
      join(folder, 'tsa.ext'),
      'extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n',
    );
    const issue = ['x509', '-req', '-in', 'tsa.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    await openssl(...issue, '-days', '30', '-extfile', 'tsa.ext', '-out', 'tsa.pem');
    await writeFile(join(folder, 'serial'), '01\n');
    await writeFile(join(folder, 'tsa.cnf'), CONFIGURATION);
    return new TimeStampingAuthority(folder);
  }

  /** Its answer to a request. */
  async answer(request: Uint8Array): Promise<Buffer> {
    await writeFile(join(this.folder, 'request.tsq'), request);
    const args = ['ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'request.tsq', '-signer', 'tsa.pem'];
    await run('openssl', [...args, '-inkey', 'tsa.key', '-chain', 'ca.pem', '-out', 'answer.tsr'], {
      cwd: this.folder,
    });
    return readFile(join(this.folder, 'answer.tsr'));
  }
}
