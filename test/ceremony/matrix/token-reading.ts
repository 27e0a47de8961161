/** What is on a token, told by a stranger: pkcs11-tool on SoftHSM2's own files, past the shim and past Keyrite. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so';

/** A token at one moment, as far as it does not differ from one ceremony to the next. */
export interface TokenReading {
  /** `blank`, `initialised`, or `with user PIN`. */
  readonly token: string;
  /** Each object: class, label, and of keys what they may do and how they are kept; sorted. */
  readonly objects: readonly string[];
  /** What the one state object says, hashes and keys aside; null where there is none. */
  readonly state: string | null;
  /** Which PIN opens it, of those that the player made: SHA-256 in hex, which differs from one ceremony to the next; null: none. */
  readonly pins: Readonly<Record<Role, string | null>>;
}

type Role = 'user' | 'security-officer';

/** Where the token of a unit is, and who knows its PIN. */
export interface TokenPlace {
  readonly conf: string;
  readonly label: string;
  readonly unit: string;
  /** The rehearsal's player, who made the PIN. */
  readonly player: string;
}

/** Reads the token. Throws when pkcs11-tool cannot. */
export function readToken(place: TokenPlace): TokenReading {
  const officer = opening(place, 'security-officer');
  const user = opening(place, 'user');
  const pins = { user: hashOf(user), 'security-officer': hashOf(officer) };
  if (user === null) return { token: lockedToken(place), objects: [], state: null, pins };
  const login = ['--token-label', place.label, '--login', '--pin', user];
  const objects = objectsIn(run(place, ...login, '--list-objects').toString());
  const hasState = objects.some((object) => object.startsWith('Data keyrite:state'));
  const read = ['--read-object', '--type', 'data', '--label', 'keyrite:state'];
  const state = hasState ? stateIn(run(place, ...login, ...read).toString()) : null;
  return { token: 'with user PIN', objects, state, pins };
}

/** A token whose user cannot log in: there is no PIN yet, or it is none of ours. */
function lockedToken(place: TokenPlace): string {
  const slots = run(place, '--list-token-slots').toString();
  const own = slots.split(/^Slot /m).find((slot) => new RegExp(`token label +: ${place.label}$`, 'm').test(slot));
  if (own?.includes('PIN initialized') === true) throw new Error('the token has another user PIN than the player made');
  return own === undefined ? 'blank' : 'initialised';
}

/** The PIN that logs somebody in: the one that the player made last, or the one before; null when neither does. */
function opening(place: TokenPlace, role: Role): string | null {
  const as = role === 'user' ? ['--pin'] : ['--login-type', 'so', '--so-pin'];
  const opens = (pin: string): boolean => {
    try {
      run(place, '--token-label', place.label, '--login', ...as, pin, '--list-objects', '--type', 'data');
      return true;
    } catch {
      return false;
    }
  };
  return pinsMade(place, role).find(opens) ?? null;
}

/** Whole PINs, the last first. */
function pinsMade({ player, unit }: TokenPlace, role: Role): string[] {
  if (!existsSync(player)) return [];
  const { pins } = JSON.parse(readFileSync(player, 'utf8')) as { readonly pins: readonly Made[] };
  const parts = pins.filter((one) => one.of === unit && one.role === role).toSorted((a, b) => a.part - b.part);
  const joined = (of: (made: Made) => string | undefined): string => parts.map((one) => of(one) ?? one.pin).join('');
  return [...new Set([joined(({ pin }) => pin), joined(({ before }) => before?.pin)])].filter((pin) => pin !== '');
}

interface Made {
  readonly of: string;
  readonly role: string;
  readonly part: number;
  readonly pin: string;
  readonly before?: { readonly pin: string };
}

function hashOf(pin: string | null): string | null {
  return pin === null ? null : createHash('sha256').update(pin).digest('hex');
}

function run({ conf }: TokenPlace, ...args: string[]): Buffer {
  const env = { PATH: process.env['PATH'], SOFTHSM2_CONF: conf };
  return execFileSync('pkcs11-tool', ['--module', SOFTHSM, ...args], { env, stdio: ['ignore', 'pipe', 'ignore'] });
}

const KIND = /^(.+?) [oO]bject/;

function objectsIn(listing: string): string[] {
  return listing
    .split(/^(?=\S)/m)
    .filter((object) => KIND.test(object))
    .map((object) => {
      const line = (name: string): string => new RegExp(`^ +${name}: +(.*)$`, 'm').exec(object)?.[1]?.trim() ?? '';
      return [KIND.exec(object)?.[1] ?? '', line('label').replaceAll("'", ''), line('Usage'), line('Access')]
        .join(' ')
        .trim();
    })
    .toSorted();
}

/** Ids of people are the same in every rehearsal of a plan; their keys are not. */
function stateIn(text: string): string {
  const state = JSON.parse(text) as {
    readonly mode: string;
    readonly counter: number;
    readonly registers: unknown;
    readonly administrators: readonly { readonly id: string }[];
    readonly signatureThreshold: number;
    readonly revocationThreshold: number;
    readonly loading: { readonly parts: readonly { readonly index: number }[] } | null;
  };
  const { mode, counter, registers, signatureThreshold, revocationThreshold } = state;
  const administrators = state.administrators.map(({ id }) => id);
  const loading = state.loading?.parts.map(({ index }) => index) ?? null;
  return JSON.stringify({
    mode,
    counter,
    registers,
    administrators,
    signatureThreshold,
    revocationThreshold,
    loading,
  });
}
