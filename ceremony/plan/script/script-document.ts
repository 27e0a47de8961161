/**
 * The printable script of a plan: what lies on the table during the ceremony, with a place for initials and time at each
 * step, and the plan's hash, in hex and in words, on every page. Rules for its words: those of `instructions.ts`.
 */
import { exact, line, strong, type PrintDocument } from '../../print/document';
import { hexGroups, words } from '../../words';
import type { Plan } from '../schema';
import { closingBlocks } from './closing';
import { exceptionSheets } from './exception-sheets';
import { frontBlocks } from './front';
import { peopleBlocks } from './people';
import { stepBlocks } from './steps';
import { thingBlocks } from './things';
import { worksheets } from './worksheets';

/** A script carries no time of its own: the same plan gives the same bytes. */
const NO_TIME = '1970-01-01T00:00:00.000Z';

/**
 * The script of a plan.
 *
 * @param sha256 the plan hash, 64 lower-case hex digits
 * @throws RangeError when `sha256` is not that
 */
export function scriptDocument(plan: Plan, sha256: string): PrintDocument {
  if (!/^[0-9a-f]{64}$/.test(sha256))
    throw new RangeError(`plan hash: expected 64 lower-case hex digits, got ${sha256}`);
  return {
    title: `${plan.title}: script`,
    subject: `Script of the key ceremony plan ${plan.id}`,
    banner: null,
    head: [
      line(strong(plan.title), ` (${plan.id}), script`),
      line('Plan hash, SHA-256 of plan.json: ', exact(hexGroups(sha256))),
      line(words(Buffer.from(sha256, 'hex'))),
    ],
    foot: [line('Ceremony id ____________________   Initials of the witness ________')],
    made: NO_TIME,
    blocks: [
      ...frontBlocks(plan),
      ...peopleBlocks(plan),
      ...thingBlocks(plan),
      ...stepBlocks(plan),
      ...closingBlocks(plan),
      ...exceptionSheets(plan),
      ...worksheets(plan),
    ],
  };
}
