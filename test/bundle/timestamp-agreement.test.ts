/** Both verifiers read a time-stamping authority's answer alike, whatever was done to it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { timestampRequest } from '../../ceremony/bundle/timestamp-request';
import { readTimestamp } from '../../ceremony/bundle/timestamp-token';
import { seededBytes } from './software-ceremony';
import { removeDirectory, temporaryDirectory } from './temp-folder';
import { TimeStampingAuthority } from './time-stamping';

const SCRIPT = readFileSync(fileURLToPath(new URL('../../ceremony/bundle/verify.sh', import.meta.url)), 'utf8');

/** The functions of jq that verify.sh reads timestamps with. */
const BYTES = /^bytes_in_jq='\n([\s\S]*?)^'$/mu.exec(SCRIPT)?.[1] ?? '';
const STAMPED = /^# The DER elements[\s\S]*?(?=^def digits)/mu.exec(SCRIPT)?.[0] ?? '';

let home = '';
let token: Buffer;
beforeAll(async () => {
  home = await temporaryDirectory();
  const authority = await TimeStampingAuthority.make(home);
  token = await authority.answer(timestampRequest(Buffer.from('a checkpoint')));
}, 240_000);
afterAll(async () => {
  await removeDirectory(home);
});

/** What jq makes of each: imprint in hex and time, or null. */
function byScript(tokens: readonly Buffer[]): unknown {
  const input = join(home, 'tokens.json');
  writeFileSync(input, `${tokens.map((one) => JSON.stringify(one.toString('base64'))).join('\n')}\n`);
  const program = `${BYTES}${STAMPED}bytes | stamped`;
  const said = execFileSync('jq', ['-c', program, input], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return said
    .trim()
    .split('\n')
    .map((line) => {
      const read = JSON.parse(line) as { imprint: number[]; time: string } | null;
      return read === null ? null : { imprint: Buffer.from(read.imprint).toString('hex'), genTime: read.time };
    });
}

it('a real answer, and changed ones', { timeout: 300_000 }, () => {
  const random = seededBytes('timestamps');
  const at = (most: number): number => Buffer.from(random(4)).readUInt32BE() % most;
  // Structure and TSTInfo are in the first 160 bytes: each of them is changed, and a few of those behind.
  const changed = Array.from({ length: process.env['KEYRITE_DEEP'] === '1' ? 1000 : 200 }, (_, round) => {
    const bytes = Buffer.from(token);
    const place = round % 5 === 4 ? at(bytes.length) : round % 160;
    bytes[place] = (bytes[place] ?? 0) ^ (1 << at(8));
    return bytes;
  });
  const cut = [0, 1, 2, 9, 100, token.length - 1].map((length) => token.subarray(0, length));
  const longer = [Buffer.concat([token, Buffer.alloc(1)]), Buffer.concat([token, token])];
  const tokens = [token, ...changed, ...cut, ...longer];
  const ours = tokens.map((one) => readTimestamp(one));
  expect(byScript(tokens)).toEqual(ours);
  expect(ours[0]).not.toBeNull();
  // Some hold still (what changed is for openssl to find), most do not.
  expect(ours.filter((one) => one !== null).length).toBeGreaterThan(20);
  expect(ours.filter((one) => one === null).length).toBeGreaterThan(100);
});
