/** Who took part, with which key, and what changed among them. */
import { spkiSha256 } from '../../command/dsse';
import { cell, exact, heading, list, paragraph, table, type Block, type Cell } from '../../print/document';
import type { Line, RosterEntry } from '../../transcript/line';
import { NO_APPROVAL, approvalInWords, arrivalsOf } from './attendance';
import { hexCell, instantCell } from './exact-cells';
import { nameOf, namesOf, type Recorded } from './recorded';

/** Participants, comings and goings, duties kept apart. */
export function peopleSection(recorded: Recorded): Block[] {
  const { people, opening, plan } = recorded;
  const changes = recorded.lines.flatMap((line) => changeOf(recorded, line));
  return [
    heading(2, 'Participants'),
    paragraph(
      opening.body.keysFrom === 'plan'
        ? 'The keys are those that the plan pins.'
        : 'The keys are those of the binding: that they are these people’s is known only to whoever knows the keys from elsewhere.',
    ),
    table(
      'Participants, their roles and their keys; the fingerprint is the SHA-256 of the public key (SPKI)',
      [
        ['Name', 23],
        ['Role', 18],
        ['Key', 41],
        ['Presence, approval', 18],
      ],
      people.map((person) => [
        cell(person.name, exact(person.id)),
        cell(person.roles.join(', ')),
        [...cell(keyInWords(person)), ...hexCell(spkiSha256(person.key.spki))],
        presence(recorded, person),
      ]),
      { rowHeads: true, whole: true },
    ),
    ...(changes.length === 0
      ? []
      : [
          heading(3, 'People who came, left or were replaced'),
          table(
            'Changes among the people, in order',
            [
              ['Line', 8],
              ['When', 22],
              ['What', 70],
            ],
            changes,
          ),
        ]),
    ...(plan === null || plan.separationOfDuties.length === 0
      ? []
      : [
          heading(3, 'Duties that are kept apart'),
          list(plan.separationOfDuties.map(({ apart, why }) => `${apart.join(', ')}: ${why.replaceAll('\n', ' ')}`)),
        ]),
  ];
}

/** Algorithm and place of a participant's key, in words. */
export function keyInWords({ key }: RosterEntry): string {
  return `${key.algorithm}, ${key.holder === 'token' ? 'on a token' : 'in a file, which can be copied'}`;
}

function presence(recorded: Recorded, { id, roles }: RosterEntry): Cell {
  // SECURITY(K-170): what people sign of each other is by lines and files that hold, never by the roster alone.
  const came = arrivalsOf(recorded, id).flatMap(({ how, at, line }) => [
    ...cell(how),
    ...instantCell(at),
    ...cell(`line ${String(line)}`),
  ]);
  const approval = approvalInWords(recorded, id);
  const said = [...came, ...(approval === null ? [] : cell(approval))];
  if (said.length > 0) return said;
  return cell(roles.includes('approver') ? NO_APPROVAL : 'did not prove presence');
}

function changeOf(recorded: Recorded, line: Line): Cell[][] {
  const said = (text: string): Cell[][] => [[cell(String(line.seq)), instantCell(line.at), cell(text)]];
  switch (line.type) {
    case 'participant.enrolled': {
      const { participant, vouchers, identification } = line.body;
      return said(
        `${participant.name} was enrolled; ${namesOf(recorded, vouchers)} vouched. Identification seen: ${identification}`,
      );
    }
    case 'participant.left':
      return said(`${nameOf(recorded, line.body.participant)} left: ${line.body.reason}`);
    case 'participant.replaced':
      return said(
        `${nameOf(recorded, line.body.participant)} was replaced by ${nameOf(recorded, line.body.by)}: ${line.body.reason}`,
      );
    default:
      return [];
  }
}
