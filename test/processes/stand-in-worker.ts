/**
 * A module worker whose tokens are lines of a file (STAND_IN_FILE), so that tests of what is around a worker need no
 * token: `label serial` for each initialised one; there is always one more that is blank, as with SoftHSM2.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { DeviceError } from '../../ceremony/command/device-error';
import { MODULE_OPERATIONS, type ArgsOf, type PersonLink, type ResultOf, type UnitTarget } from '../../hsm/contract';
import { nodePersonLink, nodeServerPort, PERSON_LINK_FD } from '../../hsm/node-port';
import { serve } from '../../hsm/serve';

type Operations = typeof MODULE_OPERATIONS;
type Reading = ResultOf<Operations, 'unit.glance'>;
type Token = NonNullable<Reading['token']>;

const file = process.env['STAND_IN_FILE'] ?? '';
const SPKI = Buffer.from('key').toString('base64');
let loaded = false;

function find({ address }: UnitTarget): Token | null {
  if (!loaded) throw new DeviceError({ code: 'NOT_LOADED', message: 'm', changed: 'c', next: 'n', uncertain: false });
  if (address.blank) return token('', '', false);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const match = lines.find((line) => {
    const [label, serial] = line.split(' ');
    return label === address.label && (address.serial === null || address.serial === serial);
  });
  const [label = '', serial = ''] = match?.split(' ') ?? [];
  return match === undefined ? null : token(label, serial, true);
}

function token(label: string, serial: string, initialised: boolean): Token {
  return {
    label,
    serial,
    manufacturer: '',
    model: '',
    firmware: '',
    initialised,
    userPinSet: false,
    protectedPath: false,
    pinFlags: [],
  };
}

function reading(unit: string, found: Token | null): Reading {
  return {
    unit,
    token: found,
    identity: null,
    challenge: null,
    state: null,
    stateKept: 'none',
    registers: null,
    objects: null,
    capabilities: null,
  };
}

async function askPins(
  target: UnitTarget,
  role: 'user' | 'security-officer',
  make: boolean,
  link: PersonLink,
): Promise<void> {
  const { parts, holders } = role === 'user' ? target.user : target.securityOfficer;
  for (let part = 1; part <= parts; part += 1) {
    const holder = holders[part - 1] ?? '';
    await link.ask({
      kind: 'pin',
      of: target.unit,
      role,
      part,
      parts,
      holder,
      make,
      minimum: 4,
      maximum: 16,
      warning: null,
    });
  }
}

function none(): never {
  throw new DeviceError({ code: 'NOT_IN_STAND_IN', message: 'm', changed: 'c', next: 'n', uncertain: false });
}

async function initialise(
  { target, label, again }: ArgsOf<Operations, 'unit.initialise-token'>,
  link: PersonLink,
): Promise<Token> {
  const found = find(target);
  if (found?.initialised === true && !again)
    throw new DeviceError({ code: 'INITIALISED', message: 'm', changed: 'c', next: 'n', uncertain: false });
  await askPins(target, 'security-officer', true, link);
  const serial = String(Date.now());
  appendFileSync(file, `${label} ${serial}\n`);
  // The label of the unit says how this ends: a token is there, but nobody hears of it.
  if (label.startsWith('crash')) process.kill(process.pid, 'SIGSEGV');
  return token(label, serial, true);
}

serve(
  MODULE_OPERATIONS,
  {
    'module.load': ({ path }) => {
      if (path === '/changed')
        throw new DeviceError({ code: 'MODULE_CHANGED', message: 'm', changed: 'c', next: 'n', uncertain: false });
      loaded = true;
      return null;
    },
    'module.describe': () => ({
      module: 'units',
      path: `/pid/${String(process.pid)}`,
      sha256: '0'.repeat(64),
      library: { manufacturer: '', description: '', version: '', cryptoki: '' },
      tokens: [],
    }),
    'unit.glance': ({ target }) => reading(target.unit, find(target)),
    'unit.read': async ({ target }, link) => {
      await askPins(target, 'user', false, link);
      return {
        ...reading(target.unit, find(target)),
        identity: { id: '0'.repeat(64), spki: target.identitySpki ?? '', algorithm: '' },
      };
    },
    'unit.initialise-token': initialise,
    'unit.set-user-pin': async ({ target }, link) => {
      await askPins(target, 'security-officer', false, link);
      await askPins(target, 'user', true, link);
      return find(target) ?? none();
    },
    'unit.open': async ({ target }, link) => {
      await askPins(target, 'user', false, link);
      return null;
    },
    'unit.change-pin': none,
    'unit.unlock-pin': none,
    'unit.try-pin': none,
    'unit.capabilities': none,
    'unit.create-identity': none,
    'unit.examine-key': none,
    'unit.random': none,
    'foreign.prepare': none,
    'unit.perform': none,
    'unit.zeroise': none,
    'unit.abandon-imprint': none,
    'unit.make-key': none,
    'unit.look-for-key': none,
    'unit.wrap-key': none,
    'unit.seal-key': none,
    'unit.restore-key': none,
    'unit.destroy-key': none,
    'unit.re-encipher': none,
    'unit.check-wrapped': none,
    'unit.make-import-key': none,
    'unit.make-agreement-key': none,
    'unit.make-root-key': () => ({
      handle: 'key-1',
      checkValue: { algorithm: 'aes-cmac' as const, value: '0102030405' },
      attributes: {},
    }),
    'unit.wrap-root-key': ({ handle }) => Buffer.from(handle).toString('base64'),
    'unit.encrypt-nonce': () => null,
    'unit.destroy-root-key': () => null,
    'card.make-share-key': () => Promise.reject(new Error('this stand-in has no card for a share')),
    'card.keep-share': () => Promise.reject(new Error('this stand-in has no card for a share')),
    'card.open-share': () => Promise.reject(new Error('this stand-in has no card for a share')),
    'card.read-key': () => Promise.reject(new Error('this stand-in has no card to read')),
    'card.sign': async ({ card, message }, link) => {
      await link.ask({
        kind: 'pin',
        of: card.participant,
        role: 'card',
        part: 1,
        parts: 1,
        holder: card.participant,
        make: true,
        minimum: 4,
        maximum: 16,
        warning: null,
      });
      return message;
    },
    'card.prepare': () => ({ serial: '1', algorithm: 'ecdsa-p256-sha256' as const, spki: SPKI }),
  },
  nodeServerPort(),
  (events) => nodePersonLink(PERSON_LINK_FD, events),
);
