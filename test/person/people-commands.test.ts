/** What the operator can type at any question about people who come and go. */
import { expect, test } from 'vitest';
import { PEOPLE_COMMANDS, peopleCommand } from '../../cli/people-commands';

test.each([
  [':late carol', { kind: 'late', participant: 'carol' }],
  [':left carol  missed her train', { kind: 'left', participant: 'carol', reason: 'missed her train' }],
  [':replaced carol dave she is ill', { kind: 'replaced', participant: 'carol', by: 'dave', reason: 'she is ill' }],
  [
    ':paper visitor of the auditor, Paula Paper, /media/scan, page 1.pdf',
    { kind: 'paper', role: 'visitor of the auditor', name: 'Paula Paper', path: '/media/scan, page 1.pdf' },
  ],
])('%s', (line, change) => {
  expect(peopleCommand(line)).toEqual(change);
});

test.each([
  ':',
  ':late',
  ':late carol dave',
  ':left carol',
  ':replaced carol dave',
  ':paper a, b',
  ':gone carol',
  'late carol',
  '',
])('“%s” is no command', (line) => {
  expect(peopleCommand(line)).toBeNull();
});

test('every command that is explained is one', () => {
  for (const [command] of PEOPLE_COMMANDS) expect(peopleCommand(command), command).not.toBeNull();
});
