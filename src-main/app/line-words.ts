/** A line of the transcript in a few words. Rules: what happened first, whom or what it was about behind it; no secret is in a line. */
import { custodyIn } from '../../ceremony/transcript/custody-fact';
import type { Line } from '../../ceremony/transcript/line';
import { raisedIn } from '../../ceremony/transcript/raised-exception';

/** Longest words of a line, in UTF-16 code units. */
const MAX_WORDS = 300;

/** What words about lines need: names by ids, titles of steps, and what an act does, by `<step> <act>`. */
export interface LineNames {
  readonly people: Readonly<Record<string, string>>;
  readonly steps: Readonly<Record<string, string>>;
  readonly operations: ReadonlyMap<string, string>;
}

/** The words. */
export function lineWords(line: Line, names: LineNames): string {
  const text = wordsOf(line, names);
  return text.length > MAX_WORDS ? `${text.slice(0, MAX_WORDS)}…` : text;
}

function wordsOf(line: Line, { people, steps, operations }: LineNames): string {
  const title = steps[line.step ?? ''] ?? line.step ?? '';
  const name = (id: string): string => people[id] ?? id;
  const operation = (act: string): string => {
    const known = operations.get(`${line.step ?? ''} ${act}`);
    return known === undefined ? act : `${known} (${act})`;
  };
  switch (line.type) {
    case 'ceremony.opened':
      return `Opened: ${line.body.title}, ${line.body.mode}`;
    case 'ceremony.paused':
      return `Paused: ${line.body.reason}`;
    case 'ceremony.resumed':
      return line.body.torn === null
        ? `Resumed after a ${line.body.reason}`
        : `Resumed after a ${line.body.reason}; a line that was not written to its end was cut off`;
    case 'ceremony.closed':
      return `Closed: ${line.body.outcome}, ${String(line.body.exceptions)} exceptions`;
    case 'participant.present':
      return `${name(line.body.participant)} proved presence`;
    case 'participant.enrolled':
      return `${line.body.participant.name} was enrolled`;
    case 'participant.left':
      return `${name(line.body.participant)} left: ${line.body.reason}`;
    case 'participant.replaced':
      return `${name(line.body.participant)} was replaced by ${name(line.body.by)}`;
    case 'step.started':
      return line.body.attempt === 1
        ? `Begun: ${title}`
        : `Begun again, attempt ${String(line.body.attempt)}: ${title}`;
    case 'step.intent':
      return `About to be done: ${line.body.operation} (${line.body.act})`;
    case 'step.outcome':
      return line.body.act === null ? `Complete: ${title}` : `Done: ${operation(line.body.act)}`;
    case 'step.reconciled':
      return `Read again, ${VERDICTS[line.body.verdict]}: ${operation(line.body.act)}`;
    case 'step.confirmed':
      return `Confirmed: ${line.body.statement}`;
    case 'step.failed':
      return `Failed: ${line.body.error.message}`;
    case 'fact.recorded':
      return factWords(line);
    case 'exception.recorded':
      return `Exception signed: ${line.body.kind}`;
    case 'checkpoint.made':
      return `Checkpoint ${String(line.body.number)} over ${String(line.body.size)} lines`;
    case 'checkpoint.signed':
      return `${name(line.body.participant)} signed checkpoint ${String(line.body.number)}`;
  }
}

const VERDICTS = {
  applied: 'it was done',
  'not-applied': 'it was not done',
  undetermined: 'it cannot be told',
} as const;

/** What a fact tells, by its kind; a kind that is not known here by its own name. */
const FACTS: Readonly<Record<string, string>> = {
  workstation: 'Workstation observed',
  module: 'Module described',
  answer: 'Answer',
  inventory: 'Objects listed on',
  register: 'Register read on',
  'unit.connected': 'Met for the first time',
  'unit.initialised': 'Read after its initialisation',
  'unit.compared': 'Read to be compared',
  'unit.found': 'Found as others left it',
  'unit.adopted': 'Read after it was adopted',
  'master-key.found': 'A key of others examined, to become the master key of',
  'keys.adopted': 'Keys of others put on record on',
  'procedure.before': 'Read before a vendor’s tool is used on it',
  'procedure.released': 'The devices were released for a vendor’s tool',
  'procedure.output': 'What a vendor’s tool put out',
  'procedure.after': 'Read after a vendor’s tool was used on it',
  'share-set.voided': 'The set of shares is void',
  'wrapping-parameters': 'Wrapping parameters taken in',
  'wrapping-key.compared': 'Wrapping key compared with a second collector’s',
};

function factWords(line: Extract<Line, { type: 'fact.recorded' }>): string {
  const raised = raisedIn(line);
  if (raised !== null && raised !== 'malformed') return `Exception raised about ${raised.step}: ${raised.happened}`;
  const custody = custodyIn(line);
  if (custody !== null && custody !== 'malformed') {
    const { object, act, seal, place } = custody;
    const parts = [
      `Custody, ${act}: ${object}`,
      seal === null ? '' : `seal ${seal}`,
      place === null ? '' : `kept at ${place}`,
    ];
    return parts.filter((part) => part !== '').join(', ');
  }
  const { fact, value } = line.body;
  const about = ['unit', 'module', 'answer', 'parameters'].map((key) => member(value, key)).find((one) => one !== '');
  const words = FACTS[fact] ?? fact;
  return about === undefined ? words : `${words}: ${about}`;
}

function member(value: unknown, key: string): string {
  if (typeof value !== 'object' || value === null) return '';
  const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1];
  return typeof found === 'string' ? found : '';
}
