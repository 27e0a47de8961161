/** How the command line ends: exit codes and the errors that choose them (DESIGN.md section 10). */
import { PlanError } from '../ceremony/plan/read';
import { PlanRefused } from '../ceremony/engine/open';
import { CeremonyStopped } from '../ceremony/engine/ceremony';
import { DeviceError } from '../ceremony/command/device-error';

/** 0 good, 1 findings or a ceremony that stopped, 2 usage or unreadable input. */
export const EXIT = { good: 0, findings: 1, usage: 2 } as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command was called wrongly, or its input cannot be read or its output not be written. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** What to do instead. */
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** What an error tells the person: words for the screen, and the exit code. Unknown errors are faults of ours. */
export function explain(error: unknown): { readonly text: string; readonly code: ExitCode } {
  if (error instanceof UsageError) return { text: `${error.message}\n${error.remedy}`, code: EXIT.usage };
  if (error instanceof PlanError) return { text: error.message, code: EXIT.usage };
  if (error instanceof PlanRefused) return { text: `This plan cannot be carried out.\n${error.message}`, code: EXIT.findings };
  if (error instanceof CeremonyStopped) return { text: error.message, code: EXIT.findings };
  if (error instanceof DeviceError) {
    return { text: `${error.message}\n${error.changed}\n${error.next}`, code: EXIT.findings };
  }
  const reason = error instanceof Error ? error.message : 'an error without a name';
  return {
    text: `A fault in Keyrite: ${reason}\nThe bundle is whole as far as it goes; keep it, and report the fault.`,
    code: EXIT.findings,
  };
}
