/** Operations of a utility process that misbehaves on request. */
import * as v from 'valibot';
import { Dialogue } from '../../../hsm/contract';

const nothing = v.strictObject({});

export const TRIAL_OPERATIONS = {
  echo: { args: v.strictObject({ text: v.string() }), result: v.string(), deadlineMs: 5_000 },
  process: {
    args: nothing,
    result: v.strictObject({
      pid: v.number(),
      environment: v.array(v.string()),
      args: v.array(v.string()),
      outputs: v.array(v.string()),
      core: v.string(),
    }),
    deadlineMs: 5_000,
  },
  die: { args: v.strictObject({ signal: v.picklist(['SIGSEGV', 'SIGKILL']) }), result: v.null(), deadlineMs: 5_000 },
  /** Answers, and is gone before anybody can have heard it. */
  'answer-and-die': { args: nothing, result: v.string(), deadlineMs: 5_000 },
  'throw-unseen': { args: v.strictObject({ text: v.string() }), result: v.null(), deadlineMs: 5_000 },
  /** Blocks the whole process, as a module call does. */
  hang: { args: v.strictObject({ forGood: v.boolean() }), result: v.null(), deadlineMs: 400 },
  'hang-long': { args: nothing, result: v.null(), deadlineMs: 60_000 },
  /** Asks; tells of the answer its text (it is not secret here) and whether its buffer is its own. */
  ask: {
    args: v.strictObject({ dialogue: Dialogue, body: v.string() }),
    result: v.strictObject({ text: v.string(), ownBuffer: v.boolean() }),
    deadlineMs: 2_000,
  },
  /** Asks `times` times, showing a secret made here each time; writes how all secrets begin, and the answers, to a file. */
  'ask-secretly': {
    args: v.strictObject({ dialogue: Dialogue, times: v.number(), file: v.string() }),
    result: v.null(),
    deadlineMs: 5_000,
  },
} as const;
