/** The plan's steps: who did, who saw, when, with what result, and where the transcript tells of it. */
import { cell, exact, heading, paragraph, strong, table, type Block, type Cell } from '../../print/document';
import { nameOf, type Recorded } from './recorded';
import { storyOf, type StepStory } from './step-story';

/** Most names in a cell: of more the transcript tells. */
const MOST_NAMES = 100;

/** Every step of the plan, in its order. */
export function stepsSection(recorded: Recorded): Block[] {
  const { plan } = recorded;
  return [
    heading(2, 'Steps'),
    paragraph(
      'Who did: people whose acts, proofs, signatures, answers or confirmations are on record, and the crypto administrators under whom Keyrite carried the step out. Who saw: witnesses and auditors; ' +
        '“confirmed” where they confirmed something of the step, “present” where they had proved presence and had not left.',
    ),
    table(
      'Every step of the plan, in the order of the plan',
      [
        ['No.', 6],
        ['Step', 25],
        ['Who did', 18],
        ['Who saw', 19],
        ['When', 17],
        ['Result', 15],
      ],
      (plan?.steps ?? []).map((step, place) => {
        const story = storyOf(recorded, step.id);
        return [
          cell(String(place + 1)),
          cell(strong(step.title), exact(step.id), exact(step.action)),
          cell(
            story.did.length === 0 && story.lines !== null ? 'Keyrite, by the plan' : namesInShort(recorded, story.did),
          ),
          cell(...inShort(story.saw.map(({ id, how }) => `${nameOf(recorded, id)} (${how})`))),
          when(story),
          result(story),
        ];
      }),
      { none: 'The plan cannot be read.', whole: true },
    ),
  ];
}

/** Names, as many as a row can do with. */
function namesInShort(recorded: Recorded, ids: readonly string[]): string {
  return inShort(ids.map((id) => nameOf(recorded, id))).join(', ');
}

function inShort(names: readonly string[]): readonly string[] {
  if (names.length <= MOST_NAMES) return names;
  return [...names.slice(0, MOST_NAMES), `${String(names.length - MOST_NAMES)} more`];
}

function when({ began, ended }: StepStory): Cell {
  if (began === null || ended === null) return [];
  const [day, time] = [began.slice(0, 10), (at: string): string => at.slice(11, 19)];
  return cell(day, `${time(began)} to`, `${ended.startsWith(day) ? '' : `${ended.slice(0, 10)} `}${time(ended)} UTC`);
}

function result({ status, attempts, failures, lines }: StepStory): Cell {
  return cell(
    strong(status),
    ...(attempts === 0 ? [] : [`attempts: ${String(attempts)}`]),
    ...(failures === 0 ? [] : [`failures: ${String(failures)}`]),
    ...(lines === null ? [] : [`lines ${String(lines[0])} to ${String(lines[1])}`]),
  );
}
