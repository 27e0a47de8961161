/** What an auditor asks about first: what held by the rules and is still a weak point. */
import { cell, heading, paragraph, table, type Block, type Cell } from '../../print/document';
import { copyableKeysOf } from './keys';
import { rootKeysOf, shareSetsOf } from './keys-made';
import { preflightsOf } from './observations';
import { exposedSets } from './kept-shares';
import type { Recorded } from './recorded';
import { adoptedWeaknesses } from './taken-over';
import { readingsOf } from './unit-readings';

/** One-person PINs, copyable keys, tokens that do not do what others do, a workstation not as it should be. */
export function weakPointsSection(recorded: Recorded): Block[] {
  const rows = [
    ...pins(recorded),
    ...copyable(recorded),
    ...outside(recorded),
    ...exposedSets(recorded),
    ...adoptedWeaknesses(recorded),
    ...tokens(recorded),
    ...workstation(recorded),
  ];
  return [
    heading(2, 'Weak points'),
    paragraph(
      'Nothing here was hidden, and nothing here is a fault of the record. Each was so when the ceremony was held.',
    ),
    table(
      'Weak points',
      [
        ['What', 26],
        ['Concerns', 24],
        ['Means', 50],
      ],
      rows,
      { rowHeads: true },
    ),
  ];
}

function pins({ plan }: Recorded): Cell[][] {
  return (plan?.pins ?? [])
    .filter(({ parts }) => parts === 1)
    .map(({ id, units, heldBy, ...pin }) => [
      cell('One-person PIN'),
      cell(`PIN ${id} (${pin.for}) of ${units.join(', ')}`),
      cell(`Whoever of ${heldBy} holds it can act on the unit alone, without Keyrite and without a second person.`),
    ]);
}

function copyable(recorded: Recorded): Cell[][] {
  return copyableKeysOf(recorded).map(({ name }) => [
    cell('Copyable key file'),
    cell(`signing key of ${name}`),
    cell('A copy of the file signs as well as the file itself, and nobody sees that there is one.'),
  ]);
}

function outside(recorded: Recorded): Cell[][] {
  return [
    ...shareSetsOf(recorded).map(({ set, line }) => [
      cell('Master key made on the workstation'),
      cell(`set ${set}, line ${String(line)}`),
      cell(
        'Its shares were in the memory of the workstation in the clear, and on its screen one at a time. Not for keys that standards of payment systems rule.',
      ),
    ]),
    ...rootKeysOf(recorded)
      .filter(({ wrappedIn }) => wrappedIn !== 'token')
      .map(({ name, line }) => [
        cell('Root key wrapped outside the token'),
        cell(`key ${name}, line ${String(line)}`),
        cell('It was in the memory of a share process in the clear for a moment.'),
      ]),
  ];
}

function tokens(recorded: Recorded): Cell[][] {
  return (recorded.plan?.units ?? []).flatMap(({ id, name }) => {
    const seen = new Set<string>();
    return readingsOf(recorded, id).flatMap(({ weaknesses, line }) =>
      weaknesses.flatMap(({ found, means }) => {
        if (seen.has(means)) return [];
        seen.add(means);
        return [[cell('Token'), cell(`${name}, line ${String(line)}`, found), cell(`${sentence(means)}.`)]];
      }),
    );
  });
}

function workstation({ lines }: Recorded): Cell[][] {
  return preflightsOf(lines).flatMap(({ line, observations }) =>
    observations
      .filter(({ ok }) => ok === false)
      .map(({ check, found }) => [
        cell('Workstation'),
        cell(`${check}, line ${String(line)}`),
        cell(`Not as it should be: ${found}`),
      ]),
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
