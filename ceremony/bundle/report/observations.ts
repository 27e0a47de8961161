/** What the workstation's pre-flight saw, and what clocks showed. */
import * as v from 'valibot';
import { CLOCK_READINGS } from '../../transcript/fact-names';
import type { Line } from '../../transcript/line';

/** One observation; `ok` null: noted, neither good nor bad. */
export interface ObservationStory {
  readonly check: string;
  readonly ok: boolean | null;
  readonly found: string;
}

/** A reading of somebody's own clock, beside the workstation's. */
export interface ClockStory {
  readonly line: number;
  readonly by: string;
  readonly source: string;
  readonly at: string;
  readonly workstation: string;
}

const Observations = v.object({
  observations: v.array(v.object({ check: v.string(), ok: v.nullable(v.boolean()), found: v.string() })),
});
const ClockReadings = v.object({
  readings: v.array(v.object({ by: v.string(), source: v.string(), at: v.string(), workstation: v.string() })),
});

/** What one pre-flight saw, and the line that tells of it. */
export interface PreflightStory {
  readonly line: number;
  readonly observations: readonly ObservationStory[];
}

/** What a line tells that a pre-flight saw; nothing for any other line. */
export function observationsOf(line: Line): readonly ObservationStory[] {
  return preflightsOf([line])[0]?.observations ?? [];
}

/** Every pre-flight, in order: of one that looked several times, the last look. Each session has its own, perhaps elsewhere. */
export function preflightsOf(lines: readonly Line[]): readonly PreflightStory[] {
  const found = new Map<string, PreflightStory>();
  for (const line of lines) {
    if (line.type !== 'fact.recorded') continue;
    const parsed = v.safeParse(Observations, line.body.value);
    if (parsed.success) found.set(line.step ?? '', { line: line.seq, observations: parsed.output.observations });
  }
  return [...found.values()].toSorted((one, other) => one.line - other.line);
}

/** Every reading of an independent clock. */
export function clocksOf(lines: readonly Line[]): readonly ClockStory[] {
  return lines.flatMap((line) => {
    if (line.type !== 'fact.recorded' || line.body.fact !== CLOCK_READINGS) return [];
    const parsed = v.safeParse(ClockReadings, line.body.value);
    return parsed.success ? parsed.output.readings.map((one) => ({ line: line.seq, ...one })) : [];
  });
}
