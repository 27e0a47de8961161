/** The one error that subcommands give to people. */

/** Exit code of findings and refusals, and of usage errors and unreadable input (DESIGN.md section 10). */
export const EXIT = { good: 0, finding: 1, usage: 2 } as const;

/** What went wrong, in words for people. Never holds a secret. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure';
  readonly exitCode: 1 | 2;
  readonly changed: string;
  readonly next: string;

  /**
   * @param exitCode 1 for findings and refusals, 2 for usage and unreadable input
   * @param trouble what happened, what was and was not changed, what to do next
   */
  constructor(
    exitCode: 1 | 2,
    trouble: { readonly happened: string; readonly changed: string; readonly next: string },
  ) {
    super(trouble.happened);
    this.exitCode = exitCode;
    this.changed = trouble.changed;
    this.next = trouble.next;
  }
}

/** A wrong call: nothing was sent or written. */
export function usage(happened: string, next: string): ConnectFailure {
  return new ConnectFailure(EXIT.usage, { happened, changed: 'Nothing was sent and nothing was written.', next });
}

/** A refusal before anything was changed at the service. */
export function refusal(happened: string, next: string): ConnectFailure {
  return new ConnectFailure(EXIT.finding, { happened, changed: 'Nothing was changed at the service.', next });
}

/** Text that came from outside, fit for a terminal: no control characters, at most 300 characters. */
export function quoted(text: string): string {
  const clean = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return clean.length > 300 ? `${clean.slice(0, 300)}...` : clean;
}
