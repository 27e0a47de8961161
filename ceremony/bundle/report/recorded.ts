/** What a report is made of: the bundle's documents, the lines of its transcript, and who is who. Nothing is judged here. */
import * as v from 'valibot';
import { parseCanonical } from '../../canonical-json';
import { Binding } from '../../plan/binding-schema';
import { Plan } from '../../plan/schema';
import type { Line, LineType, LineWith, RosterEntry } from '../../transcript/line';
import { readTranscript } from '../../transcript/read';
import { BINDING, LIMITS, PLAN, TRANSCRIPT, piecesOf, sessionFiles, type BundleReader } from '../layout';
import type { BundleSummary, VerifyReport } from '../verify';
import { arrivalsIn, presentAt, type Arrival } from './attendance';

/** Longest part of a transcript that is told of, in bytes; its lines are bounded by `LIMITS.lines` besides. */
const MOST_BYTES = 256 * 1024 * 1024;

/** A record, taken in once. */
export interface Recorded {
  readonly report: VerifyReport;
  readonly summary: BundleSummary;
  readonly opening: LineWith<'ceremony.opened'>;
  /** In order. Of a record that is too long or broken, those that could be read. */
  readonly lines: readonly Line[];
  readonly ofStep: ReadonlyMap<string, readonly Line[]>;
  /** Everybody who ever was on the roster: by line 0, by later sessions, and enrolled on the day. */
  readonly people: readonly RosterEntry[];
  /** Arrivals by participant. */
  readonly arrivals: ReadonlyMap<string, readonly Arrival[]>;
  /** Ids of those who were in the room at the last line. */
  readonly presentAtEnd: ReadonlySet<string>;
  /** Null when they cannot be read, as in a bundle that is refused. */
  readonly plan: Plan | null;
  readonly binding: Binding | null;
  /** Bindings of all sessions, in order, up to the first that cannot be read. */
  readonly bindings: readonly Binding[];
}

/** Takes a bundle in; null when not even its first line can be told of. */
export async function recordedIn(bundle: BundleReader, report: VerifyReport): Promise<Recorded | null> {
  const { summary } = report;
  const lines = readTranscript(await beginning(bundle), LIMITS.lines).lines.map(({ line }) => line);
  const [opening] = lines;
  if (summary === null || opening?.type !== 'ceremony.opened') return null;
  const ofStep = new Map<string, Line[]>();
  for (const line of lines) {
    if (line.step === null) continue;
    const known = ofStep.get(line.step);
    if (known === undefined) ofStep.set(line.step, [line]);
    else known.push(line);
  }
  const binding = await documentIn(bundle, BINDING.canonical, Binding);
  return {
    report,
    summary,
    opening,
    lines,
    ofStep,
    people: everybody(opening, lines),
    arrivals: arrivalsIn(lines),
    presentAtEnd: presentAt(lines, lines.at(-1)?.seq ?? 0),
    plan: await documentIn(bundle, PLAN.canonical, Plan),
    binding,
    bindings: binding === null ? [] : [binding, ...(await laterBindings(bundle, lines))],
  };
}

/** The lines of one type. */
export function linesOf<T extends LineType>({ lines }: Recorded, type: T): readonly LineWith<T>[] {
  return lines.filter((line): line is LineWith<T> => line.type === type);
}

/** The name that goes with a participant's id; the id itself where nobody has it. */
export function nameOf({ people }: Recorded, id: string): string {
  return people.find((one) => one.id === id)?.name ?? id;
}

/** Names of several, one after the other. */
export function namesOf(recorded: Recorded, ids: readonly string[]): string {
  return ids.map((id) => nameOf(recorded, id)).join(', ');
}

/** A line or a stretch of lines in words. */
export function linesInWords(from: number, to: number): string {
  return from === to ? `line ${String(from)}` : `lines ${String(from)} to ${String(to)}`;
}

function everybody(opening: LineWith<'ceremony.opened'>, lines: readonly Line[]): readonly RosterEntry[] {
  const people = new Map(opening.body.roster.map((one) => [one.id, one]));
  for (const { type, body } of lines) {
    const came =
      type === 'participant.enrolled'
        ? [body.participant]
        : type === 'ceremony.resumed'
          ? (body.session?.roster ?? [])
          : [];
    for (const one of came) if (!people.has(one.id)) people.set(one.id, one);
  }
  return [...people.values()];
}

/** The bindings of the sessions that lines open. */
async function laterBindings(bundle: BundleReader, lines: readonly Line[]): Promise<readonly Binding[]> {
  const bindings: Binding[] = [];
  for (const { type, body } of lines) {
    if (type !== 'ceremony.resumed' || body.session === undefined) continue;
    const binding = await documentIn(bundle, sessionFiles(body.session.number).canonical, Binding);
    if (binding === null) break;
    bindings.push(binding);
  }
  return bindings;
}

async function documentIn<S extends v.GenericSchema>(
  bundle: BundleReader,
  name: string,
  schema: S,
): Promise<v.InferOutput<S> | null> {
  try {
    const parsed = v.safeParse(schema, parseCanonical(await bundle.read(name)));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** The transcript as far as it is told of: whole lines. Empty when it cannot be read. */
async function beginning(bundle: BundleReader): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const piece of piecesOf(bundle, TRANSCRIPT)) {
      // A piece stands until the next one is asked for.
      pieces.push(Uint8Array.from(piece));
      length += piece.length;
      // SECURITY(K-80): a transcript may be of any length.
      if (length >= MOST_BYTES) break;
    }
  } catch {
    return new Uint8Array();
  }
  return Buffer.concat(pieces);
}
