/**
 * Rotation of a key store: every key is wrapped anew, from the current master key to the committed one, and proven. The
 * new generation lies beside the old one; the files in it are how far the work has come, and each is proven again when it
 * is taken up after a stop or a crash.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../canonical-json';
import { sameCheckValue } from '../../check-value';
import { DeviceError } from '../../command/device-error';
import { wrappedKeyFile, type WrappedKey } from '../../keypackage/wrapped-key';
import type { StepOf } from '../../plan/schema';
import type { FileRef } from '../../transcript/line';
import { act, type Observed } from '../act';
import type { Ceremony } from '../ceremony';
import { confirm } from '../confirm';
import { writtenInto } from '../kept-keys';
import { sha256Hex } from '../signatures';
import { describe, readUnit } from '../units';
import type { StepHandler } from './handler';
import { readStored } from './keys';

type RotateStep = StepOf<'master-key.rotate'>;

/** Keys in one request to the unit: a stop waits for no more than these. */
const BATCH = 200;

/** A key of the old generation. */
interface Old {
  readonly file: WrappedKey;
  readonly sha256: string;
}

/** A rotation that is about to be carried out. */
interface Plan {
  readonly step: RotateStep;
  readonly from: string;
  readonly to: string;
  /** By name, sorted. */
  readonly old: ReadonlyMap<string, Old>;
}

/** Wraps every key of a store anew. */
export const rotateStore: StepHandler<'master-key.rotate'> = async (ceremony, step) => {
  const key = `${step.unit}/rotate`;
  const done = ceremony.record.act(step.id, key);
  if (done?.status === 'done') return { result: done.result };
  const plan = await planOf(ceremony, step);
  const { from, to, old } = plan;
  if (old.size === 0) throw storeEmpty(plan);
  const inventory = inventoryOf(old);
  const keyNames = namesOf(old);
  requireSame(plan, done?.intent.body.parameters['keyNames'], keyNames);
  await confirmRotation(ceremony, plan);
  const result = await act(ceremony, {
    step: step.id,
    key,
    operation: 'C_UnwrapKey, C_WrapKey, C_UnwrapKey',
    unit: step.unit,
    parameters: { store: step.store, from, to, keys: old.size, inventory, keyNames },
    expected: { store: step.store, to, keys: old.size },
    perform: () => reEncipher(ceremony, plan),
    observe: () => observe(ceremony, plan),
  });
  return { result };
};

/** Reads the unit, puts on record which keys are in its registers, and reads every key of the old generation. */
async function planOf(ceremony: Ceremony, step: RotateStep): Promise<Plan> {
  const proven = await readUnit(ceremony, step.id, step.unit);
  await ceremony.recordFact(step.id, 'register', { unit: step.unit, register: 'new', ...describe(proven.reading) });
  const { new: arriving, current } = proven.registers;
  if (arriving.status !== 'full-committed' || arriving.pattern === null || current.pattern === null) {
    throw new DeviceError({
      code: 'NOT_COMMITTED',
      message: `Unit ${step.unit} has no committed master key beside a current one, so there is nothing to rotate to.`,
      changed: 'Nothing was changed.',
      next: 'Load and commit the new master key first.',
      uncertain: false,
    });
  }
  const old = await readGeneration(ceremony, step.store, current.pattern);
  for (const [name, sha256] of writtenInto(ceremony, step.store, current.pattern)) {
    if (old.get(name)?.sha256 !== sha256) {
      throw storeChanged(step, `the key ${name} is not there as it was wrapped in this ceremony`);
    }
  }
  return { step, from: current.pattern, to: arriving.pattern, old };
}

/** Every key of a generation, by name. */
async function readGeneration(ceremony: Ceremony, store: string, generation: string): Promise<Map<string, Old>> {
  const { keyStores } = ceremony.ports;
  const keys = new Map<string, Old>();
  for (const name of await keyStores.list(store, generation)) {
    const content = await keyStores.read(store, generation, name);
    if (content === null) continue;
    keys.set(name, { file: readStored(store, generation, name, content), sha256: sha256Hex(content) });
  }
  return keys;
}

/** What `sha256sum *.wrappedkey.json` prints in the folder of the generation, hashed. */
function inventoryOf(old: ReadonlyMap<string, Old>): string {
  const lines = [...old].map(([name, { sha256 }]) => `${sha256}  ${name}.wrappedkey.json\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

/** Hash of the names, one a line. */
function namesOf(old: ReadonlyMap<string, Old>): string {
  return createHash('sha256')
    .update([...old.keys()].map((name) => `${name}\n`).join(''))
    .digest('hex');
}

/** A rotation that goes on finds the keys with which it began, and no others; a file that was damaged may be put right. */
function requireSame({ step }: Plan, before: unknown, now: string): void {
  if (before === undefined || before === now) return;
  throw storeChanged(step, 'the keys that are to be wrapped anew are not those with which the rotation began');
}

async function confirmRotation(ceremony: Ceremony, { step, from, to, old }: Plan): Promise<void> {
  const name = ceremony.plan.keyStores?.find((one) => one.id === step.store)?.name ?? step.store;
  await confirm(
    ceremony,
    step.id,
    `Wrap ${String(old.size)} keys of ${name} anew: from the master key of the pattern ${from.slice(0, 16)} to the one of the pattern ${to.slice(0, 16)}.`,
    ceremony.operators(),
  );
}

/** Takes up what is there of the new generation, wraps the rest anew, and writes the manifest. */
async function reEncipher(
  ceremony: Ceremony,
  plan: Plan,
): Promise<{ readonly result: Result; readonly files: readonly FileRef[] }> {
  const made = await takeUp(ceremony, plan);
  const { step, to, old } = plan;
  const { devices, keyStores, people } = ceremony.ports;
  const left = [...old].filter(([name]) => !made.has(name)).map(([, { file }]) => file);
  // Two batches may be on their way to the medium.
  let [before, writing]: [Promise<void>, Promise<void>] = [Promise.resolve(), Promise.resolve()];
  // The unit has the next request before the answer to this one is looked at, so that it never waits for files.
  const ask = (start: number): Promise<readonly WrappedKey[]> => {
    const asked =
      start < left.length ? devices.reEncipher(step.unit, to, left.slice(start, start + BATCH)) : Promise.resolve([]);
    asked.catch(() => undefined);
    return asked;
  };
  let next = ask(0);
  try {
    for (let start = 0; start < left.length; start += BATCH) {
      // SECURITY(K-230): until the activation a rotation can be stopped between any two requests.
      ceremony.stopIfAsked(
        `the next keys of ${step.store}: ${String(made.size)} of ${String(old.size)} are wrapped anew`,
      );
      const batch = left.slice(start, start + BATCH);
      const present = next;
      next = ask(start + BATCH);
      const anew = await present;
      const files = batch.map((file, place) => ({ key: file.name, content: fileAnew(plan, file, anew[place]) }));
      await before;
      before = writing;
      writing = keyStores.write(step.store, to, files);
      writing.catch(() => undefined);
      for (const { key, content } of files) made.set(key, sha256Hex(content));
      people.tell({
        kind: 'progress',
        text: `${String(made.size)} of ${String(old.size)} keys of ${step.store} are wrapped anew`,
      });
    }
  } finally {
    // Nothing is under way any more when people are asked what to do.
    await Promise.allSettled([before, writing, next]);
  }
  await Promise.all([before, writing]);
  return finish(ceremony, plan, made);
}

/** The file of a key that was wrapped anew: the same key, under the other master key. */
function fileAnew({ step, to }: Plan, before: WrappedKey, anew: WrappedKey | undefined): Uint8Array {
  if (anew === undefined || !isSameKey(before, anew) || anew.masterKey !== to) {
    throw new DeviceError({
      code: 'WRONG_ANSWER',
      message: `Unit ${step.unit} answered with another key than ${before.name}, which was to be wrapped anew.`,
      changed: 'The store has the key as before.',
      next: 'Stop, keep the evidence bundle, and report the fault.',
      uncertain: false,
    });
  }
  return wrappedKeyFile(anew);
}

/** Keys of the new generation that are there already, each proven: SHA-256 of the files by name. */
async function takeUp(ceremony: Ceremony, { step, to, old }: Plan): Promise<Map<string, string>> {
  const there = [...(await readGeneration(ceremony, step.store, to))];
  for (const [name, { file }] of there) {
    const before = old.get(name)?.file;
    if (before === undefined || !isSameKey(before, file)) {
      throw storeChanged(step, `the new generation has a key ${name} that is none of the old one`);
    }
  }
  for (let start = 0; start < there.length; start += BATCH) {
    ceremony.stopIfAsked(`the next keys of ${step.store}`);
    const batch = there.slice(start, start + BATCH).map(([, { file }]) => file);
    await ceremony.ports.devices.checkWrapped(step.unit, to, batch);
  }
  return new Map(there.map(([name, { sha256 }]) => [name, sha256]));
}

function isSameKey(one: WrappedKey, other: WrappedKey): boolean {
  return (
    one.name === other.name &&
    one.algorithm === other.algorithm &&
    one.use === other.use &&
    one.format === other.format &&
    one.publicKey === other.publicKey &&
    sameCheckValue(one.checkValue, other.checkValue)
  );
}

/** What a rotation leaves on record. */
type Result = {
  readonly store: string;
  readonly from: string;
  readonly to: string;
  readonly keys: number;
  readonly name: string;
  readonly sha256: string;
};

/** Every key of the old generation is in the new one: the manifest says which is which. */
async function finish(
  ceremony: Ceremony,
  { step, from, to, old }: Plan,
  made: ReadonlyMap<string, string>,
): Promise<{ readonly result: Result; readonly files: readonly FileRef[] }> {
  const lines = [...old].map(([name, { file, sha256 }]) => {
    const anew = made.get(name);
    if (anew === undefined) throw new Error(`the key ${name} was not wrapped anew`);
    return `${canonicalJson({ name, old: sha256, new: anew, checkValue: { ...file.checkValue } })}\n`;
  });
  const name = manifestName(step.id);
  const ref = await ceremony.settleFile(name, Buffer.from(lines.join('')));
  const result = { store: step.store, from, to, keys: old.size, ...ref };
  return { result, files: [ref] };
}

/** Name in the bundle of the manifest of a step's rotation. */
export function manifestName(step: string): string {
  return `attachments/${step}.rotation.jsonl`;
}

/** A rotation without an answer is done when every key is there; each is proven, whoever wrote it. */
async function observe(ceremony: Ceremony, plan: Plan): Promise<Observed> {
  const { step, to, old } = plan;
  const there = await ceremony.ports.keyStores.list(step.store, to);
  if (there.length < old.size) {
    const note = `${String(there.length)} of ${String(old.size)} keys are wrapped anew; they are proven again and the rest follows`;
    return { verdict: 'not-applied', observed: { note, store: step.store, keys: there.length } };
  }
  const made = await takeUp(ceremony, plan);
  const { result, files } = await finish(ceremony, plan, made);
  return {
    verdict: 'applied',
    observed: { note: 'every key is wrapped anew, and each was proven again', ...result },
    files,
  };
}

/** A folder that was bound by mistake would otherwise pass for a store without keys, and those of the right one be lost. */
function storeEmpty({ step, from }: Plan): DeviceError {
  return new DeviceError({
    code: 'KEY_STORE_EMPTY',
    message: `The key store ${step.store} has no key that is wrapped under the current master key, of the pattern ${from}.`,
    changed: 'Nothing was changed; the current master key serves as before.',
    next: 'Look whether the binding names the right folder. A plan for units whose master key wraps nothing declares no key store.',
    uncertain: false,
  });
}

function storeChanged(step: RotateStep, why: string): DeviceError {
  return new DeviceError({
    code: 'KEY_STORE_CHANGED',
    message: `The key store ${step.store}: ${why}.`,
    changed: 'Nothing was changed; the current master key serves as before.',
    next: 'Bring the store back to what it was, from a copy of it, and go on; find out with the auditor who changed it.',
    uncertain: false,
  });
}
