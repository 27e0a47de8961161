/**
 * A program for change-pin.test.ts: makes a unit on a module, changes its PINs, tries wrong ones until the token locks, if it
 * does, and sets the user PIN anew. One process for each module: opencryptoki's lives in a namespace.
 *
 * Arguments: the module of a binding as JSON. Standard output: a JSON list of {@link PinStep}.
 */
import { randomBytes } from 'node:crypto';
import { DeviceError } from '../../ceremony/command/device-error';
import type { Module } from '../../ceremony/plan/binding-schema';
import type { Dialogue, PersonLink, UnitTarget } from '../../hsm/contract';
import { moduleHandlers } from '../../hsm/unit/operations';

/** What was done, who was asked for what with which warning, and what came of it. */
export interface PinStep {
  readonly what: string;
  readonly asked: readonly string[];
  readonly code: string;
  readonly flags: readonly string[];
}

const LABEL = 'KR-PINS';
/** Longer than none of the three modules takes, shorter than none. */
const given = { user: 'user-one', 'security-officer': 'officer1', card: '' };
const fresh = { user: 'user-two', 'security-officer': 'officer2', card: '' };
let asked: string[] = [];

const link: PersonLink = {
  ask: (dialogue: Dialogue) => {
    if (dialogue.kind !== 'pin') throw new Error(`nobody is asked for a ${dialogue.kind} here`);
    const { role, make, change, warning } = dialogue;
    asked.push(
      [change?.pin, role, make ? 'made' : 'given', warning]
        .filter((word) => word !== undefined && word !== null)
        .join(' '),
    );
    const pin = change?.pin === 'new' ? fresh[role] : given[role];
    const bytes = Buffer.alloc(pin.length);
    bytes.write(pin);
    return Promise.resolve(bytes);
  },
  atPad: () => Promise.reject(new Error('no token has a pad here')),
};

const steps: PinStep[] = [];

/** Does something and notes what came of it; `result` gives what is worth noting. */
async function note(what: string, act: () => Promise<{ pinFlags: readonly string[] } | string>): Promise<void> {
  asked = [];
  try {
    const result = await act();
    const told = typeof result === 'string' ? { code: result, flags: [] } : { code: 'ok', flags: result.pinFlags };
    steps.push({ what, asked, ...told });
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    steps.push({ what, asked, code: error.code + (error.uncertain ? ' uncertain' : ''), flags: [] });
  }
}

async function main({ id, path, sha256, libraryParameters: parameters }: Module): Promise<void> {
  const handlers = moduleHandlers();
  const libraryParameters = parameters ?? null;
  await handlers['module.load']({ module: id, path, sha256, libraryParameters, files: [] }, link);
  const entry = { parts: 1 as const, holders: ['anna'] };
  const blank: UnitTarget = {
    unit: 'unit-a',
    address: { blank: true, label: LABEL, serial: null },
    identitySpki: null,
    user: entry,
    securityOfficer: entry,
  };
  const { label, serial } = await handlers['unit.initialise-token'](
    { target: blank, label: LABEL, again: false },
    link,
  );
  let target: UnitTarget = { ...blank, address: { blank: false, label, serial } };
  await handlers['unit.set-user-pin']({ target }, link);
  const { spki, id: identity } = await handlers['unit.create-identity']({ target }, link);
  target = { ...target, identitySpki: spki };

  const step = 'change';
  const read = async () => {
    const reading = await handlers['unit.read']({ target, nonce: randomBytes(32).toString('hex') }, link);
    return reading.identity?.id === identity && reading.challenge !== null ? 'the unit' : 'another';
  };
  const change = (role: 'user' | 'security-officer') =>
    note(`change ${role}`, async () => handlers['unit.change-pin']({ target, role, makers: entry, step }, link));
  const tryOut = (role: 'user' | 'security-officer', pin: 'old' | 'new') =>
    note(`try ${pin} ${role}`, async () => {
      const { opens } = await handlers['unit.try-pin']({ target, role, change: { step, pin } }, link);
      return opens ? 'opens' : 'does not open';
    });

  await change('user');
  await tryOut('user', 'old');
  given.user = fresh.user;
  await note('read', read);
  given.user = 'mistyped';
  fresh.user = 'never';
  await change('user');
  given.user = 'user-two';
  await change('security-officer');
  await tryOut('security-officer', 'new');
  given['security-officer'] = fresh['security-officer'];

  fresh.user = 'wrong-1';
  for (let time = 1; time <= 4; time += 1) await tryOut('user', 'new');
  fresh.user = 'user-3rd';
  await note('unlock', async () => handlers['unit.unlock-pin']({ target, step }, link));
  await tryOut('user', 'new');
  if (steps.at(-1)?.code === 'opens') given.user = fresh.user;
  await note('read', read);
  process.stdout.write(JSON.stringify(steps));
}

void main(JSON.parse(process.argv[2] ?? '') as Module);
