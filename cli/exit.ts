/** How the command line ends: exit codes, and the errors that choose them (DESIGN.md section 10). */
import { asText, explain } from '../workstation/explain';

/** 0 good, 1 findings or a ceremony that stopped, 2 usage or unreadable input. */
export const EXIT = { good: 0, findings: 1, usage: 2 } as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Words for the screen, and the exit code, of an error. */
export function endOn(error: unknown): { readonly text: string; readonly code: ExitCode } {
  const explanation = explain(error);
  return { text: asText(explanation), code: explanation.unusable ? EXIT.usage : EXIT.findings };
}
