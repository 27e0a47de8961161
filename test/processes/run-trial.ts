/** Starts the misbehaving process with a person process, as main does. */
import { NodeChildren } from '../../cli/node-children';
import { join } from 'node:path';
import type { Module } from '../../ceremony/plan/binding-schema';
import type { ProcessClient } from '../../hsm/client';
import { TRIAL_OPERATIONS } from './trial-table';

export type TrialClient = ProcessClient<typeof TRIAL_OPERATIONS>;

export const TRIAL_MODULE: Module = {
  id: 'trial',
  path: '/nowhere',
  sha256: '0'.repeat(64),
  environment: [],
  files: [],
  links: [],
};

/** Children of a run whose programs are in `folder`. */
export function trialChildren(folder: string, ceremony: string, player: string | null): NodeChildren {
  return new NodeChildren({
    ceremony,
    scripts: {
      worker: join(folder, 'trial-worker.cjs'),
      shareProcess: join(folder, 'trial-worker.cjs'),
      person: join(folder, 'person.cjs'),
      keyFile: join(folder, 'trial-worker.cjs'),
    },
    modules: [TRIAL_MODULE],
    player,
    names: { ada: 'Ada Lovelace', carol: 'Carol Shaw' },
  });
}

/** One more process on the link of the trial module. */
export function startTrial(
  children: NodeChildren,
  folder: string,
  environment: Record<string, string> = {},
): TrialClient {
  return children.startChild({
    name: 'the trial process',
    table: TRIAL_OPERATIONS,
    script: join(folder, 'trial-worker.cjs'),
    link: 'module:trial',
    environment,
  });
}

/** A question for a PIN of between `minimum` and 64 digits. */
export function pinQuestion(minimum: number, make: boolean, holder = 'ada', of = 'unit-a') {
  return {
    kind: 'pin',
    of,
    role: 'user',
    part: 1,
    parts: 1,
    holder,
    make,
    minimum,
    maximum: 64,
    warning: null,
  } as const;
}
