/** The processes of one run as the engine's ports need them: children of Node, or utility processes of Electron. */
import type { Module } from '../ceremony/plan/binding-schema';
import type { ProcessClient } from '../hsm/client';
import type { KEY_FILE_OPERATIONS, MODULE_OPERATIONS, SHARE_OPERATIONS } from '../hsm/contract';

/** What a share process is for: each purpose has its own way to the people, because both can live at once. */
export type SharePurpose = 'set' | 'rewrap';

/** The processes of one run, however the runtime starts them. */
export interface Processes {
  /** Starts a worker of a module. May throw what the runtime has against it, such as PersonGone. */
  startModuleWorker(module: Module): ProcessClient<typeof MODULE_OPERATIONS>;
  /** Starts a share process; at most one of a purpose may live at a time. May throw as above. */
  startShareProcess(purpose: SharePurpose): ProcessClient<typeof SHARE_OPERATIONS>;
  /** Starts the process that signs with key files; at most one may live at a time. May throw as above. */
  startKeyFileProcess(): ProcessClient<typeof KEY_FILE_OPERATIONS>;
  /** Tells whoever waits for a person's answer that nobody comes, now and from now on; where the runtime can. */
  voidQuestions?(): void;
  /** Ends every process of the run. Never rejects. */
  endAll(): Promise<void>;
}
