/** Cuttings of the first ceremony's plan, for tests that need a ceremony and not all of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { FIRST_CEREMONY } from './program';

interface Plan {
  positions: { id: string; role: string; count: number }[];
  units: { id: string }[];
  masterKey?: unknown;
  materials: { id: string }[];
  pins: { units: string[] }[];
  phases: { id: string }[];
  steps: { id: string; phase: string; units?: string[] }[];
  endState: { unit: string; mode: string; masterKey: string }[];
}

/** One unit is initialised and imprinted: about a third of a ceremony's time. */
const UNIT = ['preflight', 'roll-call', 'initialise', 'imprint', 'checkpoint', 'export'];
/** And it gets a master key from components, and a root key leaves. */
const KEYS = ['generate', 'distribute', 'load', 'verify-new', 'commit', 'activate', 'package'];

/** Writes the plan of a ceremony with one unit and no master key; returns the file. */
export function writeUnitPlan(file: string): string {
  return write(file, UNIT, 'none');
}

/** Writes the plan of a ceremony with one unit, a master key and a root key; returns the file. */
export function writeKeyPlan(file: string): string {
  return write(file, [...UNIT, ...KEYS], 'current');
}

/** Writes the plan of a ceremony in which so many units get one master key from components; returns the file. */
export function writeManyUnitsPlan(file: string, count: number): string {
  write(
    file,
    [...UNIT, 'generate', 'distribute', 'load', 'verify-new', 'commit', 'activate', 'verify-current'],
    'current',
  );
  const plan = parse(readFileSync(file, 'utf8')) as Plan;
  const ids = Array.from({ length: count }, (_, index) => `unit-${String(index + 1)}`);
  plan.units = ids.map((id) => ({ id, name: `Crypto ${id}`, label: `payments-${id}`, begins: 'blank' }));
  for (const pin of plan.pins) pin.units = ids;
  for (const step of plan.steps) if (step.units !== undefined) step.units = ids;
  plan.endState = ids.map((unit) => ({ unit, mode: 'operational', masterKey: 'current' }));
  writeFileSync(file, stringify(plan, { aliasDuplicateObjects: false }));
  return file;
}

/** Writes the plan of a ceremony in which one unit gets a master key from components, brought in as said; returns the file. */
export function writeImportPlan(file: string, by: 'rsa-oaep' | 'ecdh' | null): string {
  writeManyUnitsPlan(file, 1);
  const plan = parse(readFileSync(file, 'utf8')) as Plan;
  if (by !== null) for (const step of plan.steps) if (step.id === 'load') Object.assign(step, { import: by });
  writeFileSync(file, stringify(plan, { aliasDuplicateObjects: false }));
  return file;
}

/** Writes the plan of a ceremony in which one unit gets a master key of so many bits, as three shares; returns the file. */
export function writeKeySizePlan(
  file: string,
  bits: 128 | 192 | 256,
  threshold: number | null,
  by: 'rsa-oaep' | 'ecdh' | null = null,
): string {
  writeImportPlan(file, by);
  const plan = parse(readFileSync(file, 'utf8')) as Plan;
  const scheme = threshold === null ? { scheme: 'components' } : { scheme: 'threshold', threshold };
  plan.masterKey = { id: 'mk', ...scheme, shares: 3, custodians: 'custodians', form: 'worksheet', bits };
  writeFileSync(file, stringify(plan, { aliasDuplicateObjects: false }));
  return file;
}

/** Writes the plan of a ceremony in which one unit gets a master key of four components, each handed over in a form of its own. */
export function writeFormsPlan(file: string): string {
  writeManyUnitsPlan(file, 1);
  const plan = parse(readFileSync(file, 'utf8')) as Plan;
  for (const position of plan.positions) if (position.role === 'custodian') position.count = 4;
  Object.assign(plan.masterKey as object, {
    shares: 4,
    forms: [
      { share: 1, form: 'age-file', medium: 'usb-1', lock: 'recipient' },
      { share: 2, form: 'age-file', medium: 'usb-2', lock: 'passphrase' },
      { share: 3, form: 'own-token' },
      { share: 4, form: 'printed', printer: 'laser' },
    ],
  });
  const things = ['usb-1', 'usb-2'].map((id) => ({ id, kind: 'medium', name: `Medium ${id} of a custodian` }));
  plan.materials.push(...things, { id: 'laser', kind: 'other', name: 'Printer without a disk' } as { id: string });
  writeFileSync(file, stringify(plan, { aliasDuplicateObjects: false }));
  return file;
}

/**
 * Writes the plan of a ceremony in which a master key is cleared, before and after the commit, and the administrators who
 * imprinted the unit hand it over to successors; returns the file.
 */
export function writeHandoverPlan(file: string): string {
  const changing = handover(file, ['generate', 'distribute', 'load', 'verify-new', 'commit']);
  const { step } = changing;
  changing.insert('verify-new', step('clear-loaded', 'master-key.clear'), step('load-again', 'master-key.load'));
  changing.insert('checkpoint', step('clear-committed', 'master-key.clear'), ...lastSteps(step));
  changing.write();
  return file;
}

/**
 * Writes the plan of a ceremony with one unit in which everything is done that changes a unit: a master key is cleared
 * before and after its commit and activated in the end, a root key leaves, keys are made, wrapped, destroyed and brought
 * back, PINs are changed, the unit is handed over and zeroised; returns the file.
 */
export function writeEveryActPlan(file: string): string {
  const changing = handover(file, KEYS);
  const { step } = changing;
  changing.insert('verify-new', step('clear-loaded', 'master-key.clear'), step('load-again', 'master-key.load'));
  changing.insert(
    'activate',
    step('clear-committed', 'master-key.clear'),
    step('load-third', 'master-key.load'),
    step('verify-third', 'master-key.verify', { register: 'new' }),
    step('commit-again', 'master-key.commit'),
  );
  changing.insert('checkpoint', ...keySteps('root-key'));
  const later: MakeStep = (id, action, more) => step(id, action, { ...more, phase: 'root-key' });
  changing.insert(
    'checkpoint',
    later('change-user', 'unit.pin.change', { for: 'user' }),
    later('change-officer', 'unit.pin.change', { for: 'security-officer' }),
    later('unlock', 'unit.pin.unlock'),
    ...lastSteps(later),
  );
  changing.write({ keyStores: [{ id: 'backup', name: 'The store of the tests' }] });
  return file;
}

/** A secret key and a pair are made, wrapped into a store, destroyed, and brought back from it. */
function keySteps(phase: string): object[] {
  const keys = ['data', 'signing'];
  const steps = [
    keyMade('data', 'aes-256', 'encrypt'),
    keyMade('signing', 'ec-p256', 'sign'),
    onUnit('wrap', 'key.wrap', { keys, store: 'backup' }),
    onUnit('destroy', 'key.destroy', { keys }),
    onUnit('restore', 'key.unwrap', { keys, store: 'backup' }),
  ];
  return steps.map((step) => ({ ...step, phase }));
}

type MakeStep = (id: string, action: string, more?: object) => object;

/** Successors come, the thresholds change, those who imprinted the unit go, and everything is destroyed. */
function lastSteps(step: MakeStep): object[] {
  return [
    step('add', 'unit.administrators.add', { administrators: 'successors' }),
    step('three', 'unit.thresholds', { signatureThreshold: 3, revocationThreshold: 2 }),
    step('two', 'unit.thresholds', { signatureThreshold: 2, revocationThreshold: 1 }),
    step('remove', 'unit.administrators.remove', { administrators: 'administrators' }),
    step('zeroise', 'unit.zeroise'),
  ];
}

/** A plan in which a unit ends zeroised, in the hands of successors who are there from the start. */
function handover(
  file: string,
  steps: readonly string[],
): { readonly step: MakeStep; insert(before: string, ...steps: object[]): void; write(more?: object): void } {
  write(file, [...UNIT, ...steps], 'none', true);
  const plan = parse(readFileSync(file, 'utf8')) as Plan;
  plan.positions.splice(1, 0, { id: 'successors', role: 'crypto-administrator', count: 2 });
  const at = (id: string): number => plan.steps.findIndex((one) => one.id === id);
  const called = plan.steps[at('roll-call')] as unknown as { positions: string[] };
  called.positions.push('successors');
  plan.endState = [{ unit: 'unit-a', mode: 'zeroised', masterKey: 'none' }];
  return {
    step: (id, action, more = {}) => ({ id, title: id, action, phase: 'master-key', units: ['unit-a'], ...more }),
    insert: (before, ...inserted) => {
      plan.steps.splice(at(before), 0, ...(inserted as Plan['steps']));
    },
    write: (more = {}) => {
      writeFileSync(file, stringify({ ...plan, ...more }, { aliasDuplicateObjects: false }));
    },
  };
}

/** Writes the plan of a ceremony in which a unit makes its master key inside itself, and activates it; returns the file. */
export function writeInsidePlan(file: string): string {
  write(file, [...UNIT, 'generate', 'verify-new', 'commit', 'activate', 'verify-current'], 'current');
  const plan = parse(readFileSync(file, 'utf8')) as Plan;
  plan.masterKey = { id: 'mk', scheme: 'in-unit', unit: 'unit-a', copies: 'none' };
  writeFileSync(file, stringify(plan));
  return file;
}

/**
 * Writes the plan of a ceremony in which the user PIN of a unit is changed, the security officer's where there is one, and
 * the user PIN is set anew; a reading proves that the last one opens it. Returns the file.
 */
export function writePinPlan(file: string, hasOfficer: boolean): string {
  write(file, UNIT, 'none');
  const plan = parse(readFileSync(file, 'utf8')) as Plan;
  const step = (id: string, action: string, more: object = {}) => ({
    id,
    title: id,
    action,
    phase: 'units',
    units: ['unit-a'],
    ...more,
  });
  const officer = [
    step('change-officer', 'unit.pin.change', { for: 'security-officer' }),
    step('unlock', 'unit.pin.unlock'),
  ];
  const steps = [
    step('change-user', 'unit.pin.change', { for: 'user' }),
    ...(hasOfficer ? officer : []),
    step('look', 'unit.inventory'),
  ];
  const at = plan.steps.findIndex(({ id }) => id === 'imprint') + 1;
  plan.steps.splice(at, 0, ...steps);
  writeFileSync(file, stringify(plan));
  return file;
}

function write(
  file: string,
  steps: readonly string[],
  masterKey: 'none' | 'current',
  isMade = masterKey !== 'none',
): string {
  const plan = parse(readFileSync(FIRST_CEREMONY, 'utf8')) as Plan;
  const keeps = ({ id }: { readonly id: string }): boolean => steps.includes(id);
  plan.units = plan.units.filter(({ id }) => id === 'unit-a');
  for (const pin of plan.pins) pin.units = ['unit-a'];
  plan.steps = plan.steps.filter(keeps);
  for (const step of plan.steps) if (step.units !== undefined) step.units = ['unit-a'];
  plan.phases = plan.phases.filter(({ id }) => plan.steps.some(({ phase }) => phase === id));
  plan.endState = [{ unit: 'unit-a', mode: 'operational', masterKey }];
  if (!isMade) delete plan.masterKey;
  writeFileSync(file, stringify(plan));
  return file;
}

/** Names of the keys that {@link writeRotationPlans} puts into the store. */
export const STORED_KEYS = ['data', 'session', 'signing'] as const;

/** What {@link writeRotationPlans} writes otherwise. */
export interface RotationVariant {
  /** The new register is cleared after the rotation, and the current master key stays. */
  readonly calledOff?: boolean;
  /** Nothing is wrapped under the master key, and the plan says so. */
  readonly withoutStore?: boolean;
  /** No key on a curve is made. */
  readonly withoutPairs?: boolean;
}

/**
 * Writes two plans side by side: in the first a unit gets a master key, and keys that are wrapped into a store; the second
 * goes on and rotates. Returns the file of the second.
 */
export function writeRotationPlans(folder: string, variant: RotationVariant = {}): string {
  const { calledOff = false, withoutStore = false, withoutPairs = false } = variant;
  const keysFile = join(folder, 'small-keys.ceremony.yaml');
  const file = join(folder, 'small-rotation.ceremony.yaml');
  const keys = STORED_KEYS.filter((name) => name !== 'signing' || !withoutPairs);
  write(keysFile, [...UNIT, ...MASTER_KEY], 'current');
  const first = parse(readFileSync(keysFile, 'utf8')) as Plan;
  insertBefore(first, 'checkpoint', [
    keyMade('data', 'aes-256', 'encrypt'),
    keyMade('session', 'aes-128', 'wrap'),
    ...(withoutPairs ? [] : [keyMade('signing', 'ec-p256', 'sign')]),
    keyMade('kept', 'aes-256', 'encrypt'),
    onUnit('wrap', 'key.wrap', { keys: [...keys], store: 'backup' }),
  ]);
  write(file, ['preflight', 'roll-call', 'checkpoint', 'export', ...MASTER_KEY], 'current');
  const second = parse(readFileSync(file, 'utf8')) as Plan;
  for (const unit of second.units) Object.assign(unit, { begins: 'operational' });
  const { unit: _, ...verified } = onUnit('before', 'master-key.verify', { units: ['unit-a'], register: 'current' });
  const restored = keys.filter((name) => name !== 'session');
  insertBefore(second, 'generate', [
    verified,
    keyMade('late', 'aes-256', 'encrypt'),
    onUnit('wrap-late', 'key.wrap', { keys: ['late'], store: 'backup', format: 'AES-KW' }),
  ]);
  insertBefore(second, 'activate', [onUnit('rotate', 'master-key.rotate', { store: 'backup' })]);
  insertBefore(second, 'checkpoint', [
    onUnit('destroy', 'key.destroy', { keys: restored }),
    onUnit('restore', 'key.unwrap', { keys: restored, store: 'backup' }),
  ]);
  if (calledOff)
    for (const step of second.steps) if (step.id === 'activate') Object.assign(step, { action: 'master-key.clear' });
  const keyStores = withoutStore ? [] : [{ id: 'backup', name: 'The store of the tests' }];
  for (const plan of [first, second]) {
    const ofKeys = ({ action = '' }: { action?: string }): boolean => /^key\.|^master-key\.rotate$/.test(action);
    if (withoutStore) plan.steps = plan.steps.filter((step) => !ofKeys(step as { action?: string }));
  }
  writeFileSync(keysFile, stringify({ ...first, id: 'small-keys', keyStores }, { aliasDuplicateObjects: false }));
  writeFileSync(
    file,
    stringify(
      { ...second, id: 'small-rotation', continues: 'small-keys', keyStores },
      { aliasDuplicateObjects: false },
    ),
  );
  return file;
}

const MASTER_KEY = ['generate', 'distribute', 'load', 'verify-new', 'commit', 'activate'];

function onUnit(id: string, action: string, more: object): { readonly id: string; readonly unit?: string } {
  return { id, title: id, action, phase: 'master-key', unit: 'unit-a', ...more } as { id: string; unit: string };
}

function keyMade(name: string, algorithm: string, use: string): object {
  return onUnit(`make-${name}`, 'key.generate', { key: { name, algorithm, use } });
}

function insertBefore(plan: Plan, id: string, steps: readonly object[]): void {
  const at = plan.steps.findIndex((one) => one.id === id);
  plan.steps.splice(at, 0, ...(steps as unknown as Plan['steps']));
}
