/**
 * What verify.sh says of a key and a signature, by its own words: the functions that check the form of a key, the DER of
 * an ECDSA signature, and, with openssl, whether it holds.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { SigningKey } from '../../ceremony/command/dsse';

const TEXT = readFileSync(resolve('ceremony/bundle/verify.sh'), 'utf8');

function part(what: string, pattern: RegExp): string {
  const found = pattern.exec(TEXT);
  if (found === null) throw new Error(`verify.sh: ${what} was not found`);
  return found[1] ?? found[0];
}

const HOLDS = part('the function that checks a signature', /^holds\(\) \{\n[^]*?\n\}$/m);
const JQ = [
  part('the functions of jq for bytes', /^bytes_in_jq='\n([^']*)'$/m),
  part('the functions of jq for keys', /^def begins[^]*? else false end;$/m),
  '$key.algorithm as $a | ($signature | bytes) as $b | $key | proper_key and',
  'if $a | startswith("ecdsa") then $b | strict_der',
  'elif $a == "rsa-pss-sha256" then ($b | length) == (.spki | rsa_bytes) else true end',
].join('\n');

/** Whether openssl, called as verify.sh calls it, takes a signature. */
export function opensslAccepts({ algorithm, spki }: SigningKey, message: Uint8Array, signature: Uint8Array): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-openssl-'));
  try {
    const [key, said, signed] = ['key.pem', 'message', 'signature'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const lines = spki.match(/.{1,64}/g) ?? [];
    writeFileSync(key, ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n'));
    writeFileSync(said, message);
    writeFileSync(signed, signature);
    const args = ['-c', `${HOLDS}\nholds "$@"`, 'sh', key, algorithm, signed, said];
    return spawnSync('sh', args, { stdio: 'ignore' }).status === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether verify.sh takes a signature by a key of a roster. */
export function verifyShAccepts({ algorithm, spki }: SigningKey, message: Uint8Array, signature: Uint8Array): boolean {
  const given = [
    '--argjson',
    'key',
    JSON.stringify({ algorithm, spki }),
    '--arg',
    'signature',
    Buffer.from(signature).toString('base64'),
  ];
  const said = spawnSync('jq', ['-n', ...given, JQ], { encoding: 'utf8' });
  if (said.status !== 0) throw new Error(`jq: ${said.stderr}`);
  return said.stdout.trim() === 'true' && opensslAccepts({ algorithm, spki }, message, signature);
}
