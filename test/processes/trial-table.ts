/** Operations of a process that misbehaves on request. */
import * as v from 'valibot';
import { Dialogue } from '../../hsm/contract';

const nothing = v.strictObject({});

export const TRIAL_OPERATIONS = {
  echo: { args: v.strictObject({ text: v.string() }), result: v.string(), deadlineMs: 5_000 },
  process: {
    args: nothing,
    result: v.strictObject({ pid: v.number(), environment: v.array(v.string()), core: v.string() }),
    deadlineMs: 5_000,
  },
  die: {
    args: v.strictObject({ signal: v.picklist(['SIGSEGV', 'SIGABRT', 'SIGKILL']) }),
    result: v.null(),
    deadlineMs: 5_000,
  },
  exit: { args: v.strictObject({ code: v.number() }), result: v.null(), deadlineMs: 5_000 },
  /** Blocks the whole process, as a module call does. */
  hang: { args: nothing, result: v.null(), deadlineMs: 300 },
  work: { args: v.strictObject({ ms: v.number() }), result: v.null(), deadlineMs: 400 },
  'throw-secret': { args: v.strictObject({ secret: v.string() }), result: v.null(), deadlineMs: 5_000 },
  'reject-unseen': { args: nothing, result: v.null(), deadlineMs: 5_000 },
  'device-error': { args: nothing, result: v.null(), deadlineMs: 5_000 },
  'wrong-result': { args: nothing, result: v.strictObject({ number: v.number() }), deadlineMs: 5_000 },
  /** Sends `raw` to main as it is, then answers. */
  say: { args: v.strictObject({ raw: v.unknown() }), result: v.null(), deadlineMs: 5_000 },
  /** SHA-256 of the answer's body in hex. */
  ask: { args: v.strictObject({ dialogue: Dialogue, body: v.string() }), result: v.string(), deadlineMs: 400 },
  /** Asks, then dies before the answer comes. */
  'ask-and-die': {
    args: v.strictObject({ dialogue: Dialogue, afterMs: v.number() }),
    result: v.null(),
    deadlineMs: 5_000,
  },
  'fill-link': { args: v.strictObject({ hex: v.string() }), result: v.null(), deadlineMs: 5_000 },
} as const;
