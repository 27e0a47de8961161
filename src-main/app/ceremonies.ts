/**
 * The ceremonies in this workstation's folder, and the plans that come along, as the home screen lists them. Folders hold
 * what anybody may have put there: everything read is bounded, and what cannot be read is listed as such.
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { MAX_BYTES } from '../../ceremony/canonical-json';
import { BINDING, LIMITS, SUMS, TRANSCRIPT, sessionFiles } from '../../ceremony/bundle/layout';
import { areWholeSums } from '../../ceremony/bundle/sums';
import { readBinding } from '../../ceremony/plan/read';
import { parseLine } from '../../ceremony/transcript/read';
import type { LineWith } from '../../ceremony/transcript/line';
import type { Binding } from '../../ceremony/plan/binding-schema';
import { ExampleSummary, type CeremonySummary, type PersonChoice, type RoomFinding } from '../../ipc/view';
import { isSystemError, systemWords } from '../../workstation/explain';
import { readBytes, readText } from '../../workstation/input';
import { isThrowAwayRoom } from '../../workstation/rehearsal/room';
import { openPlan, type OpenPlan } from './plan-view';

/** Most ceremonies that are listed: the youngest. */
const MAX_LISTED = 200;
/** Most entries of a folder that are looked at. */
const MAX_ENTRIES = 5_000;
/** What the name of a ceremony's folder looks like: the ceremony's id. */
const ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** Longest list of sums, in bytes: of as many files as a bundle may have, each with the longest name. */
const MAX_SUMS = LIMITS.files * 322;
const LF = 0x0a;
const CHUNK = 64 * 1024;

/** What is in the folder of the ceremonies. */
export interface Listing {
  readonly ceremonies: CeremonySummary[];
  /** What is wrong with the folder itself; null when nothing is. */
  readonly finding: RoomFinding | null;
}

/**
 * Ceremonies of a folder, the youngest first; none when the folder is not there. Never throws: what cannot be looked at is
 * listed as unreadable.
 */
export function listCeremonies(folder: string): Listing {
  try {
    const found = entriesOf(folder)
      .filter((name) => ID.test(name))
      .flatMap((ceremony) => lookAt(ceremony, join(folder, ceremony)))
      .sort((one, other) => other.changed - one.changed)
      .slice(0, MAX_LISTED);
    return { ceremonies: found.map(({ summarise }) => summarise()), finding: null };
  } catch (error) {
    const finding = {
      check: 'folder of the ceremonies',
      ok: false,
      found: `${folder}: ${wordsOf(error)}`,
      remedy: 'See that it is a folder that you may read and write. Until then no ceremony is listed or begun.',
    };
    return { ceremonies: [], finding };
  }
}

/** An entry of the folder. What stands in a list is read when it is known to be among the youngest. */
interface Entry {
  /** When it was last changed, in milliseconds since 1970. */
  readonly changed: number;
  readonly summarise: () => CeremonySummary;
}

/** A folder, or what cannot be looked at; nothing for any other file. */
function lookAt(ceremony: string, path: string): Entry[] {
  try {
    const found = statSync(path);
    return found.isDirectory() ? [{ changed: found.mtimeMs, summarise: () => summary(ceremony, path) }] : [];
  } catch (error) {
    // SECURITY(K-66): one odd entry, such as a link that leads back to itself, must not take the others away.
    return [{ changed: 0, summarise: () => ({ ...unknown(ceremony, path), note: wordsOf(error) }) }];
  }
}

/** What is told of each plan that comes along; the file is made with them, and a test keeps it true. */
export const EXAMPLES_INDEX = 'index.json';
const ExamplesIndex = v.pipe(v.array(ExampleSummary), v.maxLength(100));

/**
 * Plans that come along, as their index tells of them: reading the plans themselves would hold up the first screen.
 *
 * @throws Error when the index is not there or is none
 */
export function listExamples(folder: string): ExampleSummary[] {
  return v.parse(ExamplesIndex, JSON.parse(readText(join(folder, EXAMPLES_INDEX), 'index of the examples')));
}

/** The index of the plans of a folder, from the plans themselves. */
export function examplesIndex(folder: string): ExampleSummary[] {
  return examplePlans(folder).map(({ document: { plan } }) => ({
    id: plan.id,
    title: plan.title,
    purpose: plan.purpose,
    steps: plan.steps.length,
  }));
}

/** The plan of an id that comes along; null when there is none. */
export function findExample(folder: string, id: string): OpenPlan | null {
  return examplePlans(folder).find(({ document }) => document.plan.id === id) ?? null;
}

function examplePlans(folder: string): OpenPlan[] {
  const files = entriesOf(folder).filter((name) => name.endsWith('.ceremony.yaml'));
  const plans = files.sort().map((name) => openPlan(join(folder, name)));
  // A plan that continues another one comes behind it.
  return plans.sort(
    (one, other) =>
      Number(one.document.plan.continues !== undefined) - Number(other.document.plan.continues !== undefined),
  );
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).slice(0, MAX_ENTRIES);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    throw error;
  }
}

function summary(ceremony: string, folder: string): CeremonySummary {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK);
    const head = existsSync(join(folder, TRANSCRIPT)) ? readHead(join(folder, TRANSCRIPT)) : NOTHING;
    if (head.opening === null) return { ...unknown(ceremony, folder), ...begunWithoutLine(folder) };
    const { body, at } = head.opening;
    const note = head.paused
      ? PAUSED
      : looksSealed(folder)
        ? leftWhenSealed(folder)
        : 'Not closed; it can be gone on with';
    const isOver = note === '';
    const rehearsal = isOver || body.mode === 'production' ? {} : rehearsalChoices(folder, body.roster, head.paused);
    return {
      ...rehearsal,
      ceremony,
      folder,
      title: body.title,
      mode: body.mode,
      opened: at,
      lines: head.lines,
      status: isOver ? 'closed' : head.paused ? 'paused' : 'open',
      note,
    };
  } catch (error) {
    return { ...unknown(ceremony, folder), note: wordsOf(error) };
  }
}

const PAUSED = 'The next session needs a binding of its own';

/** Who of a rehearsal may be at the workstation, and whether the next binding can be made from its room. */
function rehearsalChoices(
  folder: string,
  roster: Parameters<typeof choicesOf>[1],
  paused: boolean,
): Pick<CeremonySummary, 'people' | 'room'> {
  const binding = lastBindingIn(folder);
  const people = choicesOf(binding, roster);
  return paused ? { people, room: binding.room !== undefined && existsSync(binding.room) } : { people };
}

function unknown(ceremony: string, folder: string): CeremonySummary & { readonly status: 'unreadable' } {
  return {
    ceremony,
    folder,
    title: ceremony,
    mode: 'rehearsal',
    opened: null,
    lines: 0,
    status: 'unreadable',
    note: '',
  };
}

function wordsOf(error: unknown): string {
  if (isSystemError(error)) return systemWords(error);
  return error instanceof Error ? error.message.slice(0, 500) : 'it cannot be read';
}

/** Whether the sums are there to their last line. Whether they hold is seen when the bundle is verified, or gone on with. */
function looksSealed(folder: string): boolean {
  const sums = join(folder, SUMS);
  return existsSync(sums) && areWholeSums(Buffer.from(readBytes(sums, 'list of sums', MAX_SUMS)).toString('utf8'));
}

/** What is left to do of a sealed ceremony, as far as that can be told without its media; empty when nothing is. */
function leftWhenSealed(folder: string): string {
  const binding: unknown = JSON.parse(readText(join(folder, BINDING.canonical), 'binding'));
  const { room } = v.parse(v.object({ room: v.optional(v.string()) }), binding);
  return room !== undefined && isThrowAwayRoom(room)
    ? 'Sealed, but broken off before its copies were made; it can be gone on with'
    : '';
}

/** Approvals were being given: no device was touched yet, and the ceremony can be gone on with. */
function begunWithoutLine(folder: string): Pick<CeremonySummary, 'title' | 'mode' | 'status' | 'note' | 'people'> {
  const { plan } = openPlan(join(folder, 'plan.yaml')).document;
  const binding = bindingIn(folder);
  const roles = binding.people.map(({ id, position }) => ({
    id,
    roles: plan.positions.filter((one) => one.id === position).map(({ role }) => role),
  }));
  return {
    ...(binding.mode === 'production' ? {} : { people: choicesOf(binding, roles) }),
    title: plan.title,
    mode: binding.mode,
    status: 'open',
    note: 'Not opened yet; approvals are missing',
  };
}

function bindingIn(folder: string): Binding {
  return readBinding(readText(join(folder, 'binding.yaml'), 'binding')).binding;
}

/** The binding of the last session that was prepared; which one is in force is judged when the ceremony is taken up. */
function lastBindingIn(folder: string): Binding {
  const sessions = entriesOf(join(folder, 'sessions')).filter((name) => /^\d{4}$/.test(name));
  const last = sessions.sort().findLast((name) => existsSync(join(folder, sessionFiles(Number(name)).text)));
  const file = last === undefined ? BINDING.text : sessionFiles(Number(last)).text;
  return readBinding(readText(join(folder, file), 'binding')).binding;
}

/** Who of a rehearsal's people may be at the workstation when it goes on. */
function choicesOf(
  { people }: Binding,
  roster: readonly { readonly id: string; readonly roles: readonly PersonChoice['role'][] }[],
): PersonChoice[] {
  return people.flatMap(({ id, name, position }) => {
    const role = roster.find((one) => one.id === id)?.roles[0];
    return role === undefined ? [] : [{ id, name, position, role }];
  });
}

/** Line 0 of a transcript, and how many lines there are. */
interface Head {
  readonly opening: LineWith<'ceremony.opened'> | null;
  readonly lines: number;
  /** The last whole line pauses the ceremony under seal. */
  readonly paused: boolean;
}

const NOTHING: Head = { opening: null, lines: 0, paused: false };
/** Bytes at the end of a transcript among which a line that pauses it is looked for. */
const TAIL = 64 * 1024;

/** @throws Error in words when the file is no transcript, or too long for one */
function readHead(path: string): Head {
  // SECURITY(K-66): the folder may hold anything; opening a pipe, or reading a huge file, must not stop the home screen.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new Error(`${TRANSCRIPT} is not a file`);
    if (found.size > LIMITS.fileBytes) throw new Error(`${TRANSCRIPT} is longer than a transcript can be`);
    const first = Buffer.alloc(Math.min(found.size, MAX_BYTES + 1));
    readSync(file, first, 0, first.length, 0);
    const end = first.indexOf(LF);
    if (end < 0) {
      if (found.size <= MAX_BYTES) return NOTHING;
      throw new Error(`${TRANSCRIPT} does not begin with a line`);
    }
    const read = parseLine(first.subarray(0, end));
    if ('reason' in read || read.line.type !== 'ceremony.opened') {
      throw new Error(`${TRANSCRIPT} does not begin with the opening of a ceremony`);
    }
    return { opening: read.line, lines: countLines(file), paused: endsPaused(file, found.size) };
  } finally {
    closeSync(file);
  }
}

function countLines(file: number): number {
  const chunk = Buffer.alloc(CHUNK);
  let lines = 0;
  for (let at = 0; ;) {
    const length = readSync(file, chunk, 0, CHUNK, at);
    if (length === 0) return lines;
    for (let place = 0; place < length; place += 1) if (chunk[place] === LF) lines += 1;
    at += length;
  }
}

/** Whether the last whole line is the one that pauses a ceremony: one that a crash cut short behind it does not count. */
function endsPaused(file: number, size: number): boolean {
  const tail = Buffer.alloc(Math.min(size, TAIL));
  readSync(file, tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf(LF);
  const begin = end < 1 ? -1 : tail.lastIndexOf(LF, end - 1);
  if (begin < 0) return false;
  const read = parseLine(tail.subarray(begin + 1, end));
  return !('reason' in read) && read.line.type === 'ceremony.paused';
}
