/**
 * The true secrets of a kept rehearsal, and every form in which they could leak. What they are is found without the
 * product's code: worksheets by their digits, the root key by the service's private key.
 */
import { constants, privateDecrypt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { words } from '../../ceremony/words';

/** A secret: bytes of a key, or the digits of a PIN. */
export type Secret = { readonly name: string; readonly key: Buffer } | { readonly name: string; readonly pin: string };

/** One form of (a part of) a secret. */
export interface Needle {
  /** Whose form it is and which, such as `master key, in hex`. */
  readonly what: string;
  readonly bytes: Buffer;
}

/** So many bytes of a key in a row are a leak of it. */
const PART_BYTES = 8;
/** Bytes in a row of a worksheet. */
const ROW_BYTES = 4;

interface PlayerFile {
  readonly pins: readonly { of: string; role: string; part: number; pin: string }[];
  readonly worksheets: readonly { custodian: string; index: number; text: string }[];
}

/** What the player of a room knows by now: every PIN and its parts, components, and the master key once it has them all. */
export function knownToPlayer(room: string): Secret[] {
  const { pins, worksheets } = JSON.parse(readFileSync(join(room, 'player.json'), 'utf8')) as PlayerFile;
  const components = worksheets.map(({ custodian, text }) => ({
    name: `component of ${custodian}`,
    key: componentOf(text),
  }));
  const whole = new Map<string, string>();
  for (const { of, role, pin } of pins)
    whole.set(`${role} PIN of ${of}`, (whole.get(`${role} PIN of ${of}`) ?? '') + pin);
  return [
    ...pins.map(({ of, role, part, pin }) => ({ name: `${role} PIN of ${of}, part ${String(part)}`, pin })),
    ...[...whole].map(([name, pin]) => ({ name, pin })),
    ...components,
    ...(components.length > 0 ? [{ name: 'master key', key: xor(components.map(({ key }) => key)) }] : []),
  ];
}

/** The root key in a package, opened with the private key of the service of a room. */
export function rootKeyOf(room: string, packageFile: string): Secret {
  const folder = join(room, 'connected', 'service', 'import-tokens');
  const { fields } = JSON.parse(readFileSync(packageFile, 'utf8')) as { fields: { payload: string } };
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.pem'))) {
    try {
      const key = privateDecrypt(
        { key: readFileSync(join(folder, file)), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
        Buffer.from(fields.payload, 'base64'),
      );
      return { name: 'root key', key };
    } catch {
      continue;
    }
  }
  throw new Error(`no private key in ${folder} opens ${packageFile}`);
}

/** Eight rows: number, eight digits in two groups, two check digits. */
function componentOf(worksheet: string): Buffer {
  const rows = [...worksheet.matchAll(/^[1-8] {3}([0-9A-F]{4}) ([0-9A-F]{4}) {3}[0-9A-F]{2}$/gm)];
  if (rows.length !== 8) throw new Error(`worksheet: expected 8 rows, got ${String(rows.length)}`);
  return Buffer.from(rows.map(([, first = '', second = '']) => first + second).join(''), 'hex');
}

function xor(parts: readonly Buffer[]): Buffer {
  return Buffer.from(Array.from({ length: 32 }, (_, at) => parts.reduce((sum, part) => sum ^ (part[at] ?? 0), 0)));
}

/** Every form of a secret: of a key, each part of 8 bytes; of a PIN, the whole of it. */
export function formsOf(secret: Secret): Needle[] {
  const needles = new Map<string, Needle>();
  const add = (form: string, bytes: Buffer): void => {
    needles.set(`${form} ${bytes.toString('latin1')}`, { what: `${secret.name}, ${form}`, bytes });
  };
  const bytes = 'pin' in secret ? Buffer.from(secret.pin) : secret.key;
  const part = 'pin' in secret ? bytes.length : PART_BYTES;
  for (let at = 0; at + part <= bytes.length; at += 1) {
    const window = bytes.subarray(at, at + part);
    add('raw', window);
    for (const [form, text] of textForms(window)) addText(form, text);
  }
  if ('pin' in secret) addText('raw', secret.pin);
  else for (let row = 0; row < bytes.length; row += ROW_BYTES) addText('a worksheet row', rowOf(bytes.subarray(row)));
  return [...needles.values()];

  function addText(form: string, text: string): void {
    add(form, Buffer.from(text));
    add(`${form}, UTF-16`, Buffer.from(text, 'utf16le'));
  }
}

/** The two groups of a worksheet's row. */
function rowOf(bytes: Buffer): string {
  return bytes.toString('hex', 0, ROW_BYTES).toUpperCase().replace(/^.{4}/, '$& ');
}

function* textForms(window: Buffer): Generator<[string, string]> {
  const hex = window.toString('hex');
  const octets = hex.match(/../g) ?? [];
  const inFours = hex.match(/.{1,4}/g) ?? [];
  for (const [form, text] of [
    ['in hex', hex],
    ['in hex by bytes', octets.join(' ')],
    ['in hex with colons', octets.join(':')],
    ['in hex in groups', inFours.join(' ')],
  ] as const) {
    yield [form, text];
    yield [`${form}, capitals`, text.toUpperCase()];
  }
  yield ['as numbers', [...window].join(',')];
  for (const lead of [0, 1, 2]) {
    const base64 = wholeCharacters(window, lead);
    yield ['in base64', base64];
    yield ['in base64url', base64.replaceAll('+', '-').replaceAll('/', '_')];
  }
  yield ['in words', words(window)];
  yield ['in words, beginning at an odd place', words(Buffer.concat([Buffer.alloc(1), window])).replace(/^\S+ /, '')];
}

/** Those characters of a base64 text that are decided by `window` alone when `lead` bytes (modulo 3) stand before it. */
function wholeCharacters(window: Buffer, lead: number): string {
  const text = Buffer.concat([Buffer.alloc(lead), window])
    .toString('base64')
    .replace(/=+$/, '');
  const first = Math.ceil((lead * 8) / 6);
  const end = Math.floor(((lead + window.length) * 8) / 6);
  return text.slice(first, end);
}
