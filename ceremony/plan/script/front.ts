/** The first page of a script: which ceremony, where, and how the script is used. */
import { BOX, heading, list, paragraph, prose, type Block } from '../../print/document';
import type { Plan } from '../schema';

/** Title, what is filled in at the beginning, the site. */
export function frontBlocks(plan: Plan): Block[] {
  const minutes = plan.steps.reduce((sum, step) => sum + (step.minutes ?? 0), 0);
  return [
    heading(1, plan.title),
    paragraph('Script of a key ceremony'),
    {
      kind: 'blanks',
      fields: [
        { label: `${BOX} Rehearsal  ${BOX} Production    Ceremony id`, width: 42 },
        { label: 'Date', width: 28 },
        { label: 'Begun (UTC)', width: 20 },
        { label: 'Ended (UTC)', width: 20 },
        { label: 'Script kept by', width: 48 },
      ],
    },
    heading(2, 'Purpose'),
    ...prose(plan.purpose),
    ...(plan.continues === undefined ? [] : [paragraph(`Goes on from the end state of: ${plan.continues}`)]),
    ...(plan.regime === 'none' ? [] : [paragraph(`Regime: ${plan.regime}`)]),
    ...(minutes === 0 ? [] : [paragraph(`Expected to take about ${String(minutes)} minutes.`)]),
    heading(2, 'How this script is used'),
    list([
      'Before the first step everybody compares the plan hash on top of this page with their own copy and with the screen, word by word, aloud.',
      'The witness initials each step and writes down the time (UTC) when it is over, never before. A box stands for something that must be done or seen.',
      'Nobody initials what they did not see, or do not agree with. They say so, and an exception sheet is filled in; the ceremony goes on only when it is signed.',
      'Corrections are struck through once, legibly, with initials. Nothing is erased.',
    ]),
    heading(2, `Site: ${plan.site.name}`),
    list(
      plan.site.controls.map((one) => one.trim().replaceAll('\n', ' ')),
      { boxes: true },
    ),
  ];
}
