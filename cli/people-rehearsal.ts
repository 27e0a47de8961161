/** The people of an unattended rehearsal, as far as nothing secret is said: they confirm, and try again a few times. */
import type { Decision, Notice, People } from '../ceremony/engine/ports';

/** How often a failed act is tried again before the rehearsal stops. */
const TRIES = 3;

/** Confirms everything; its voice is the rehearsal's progress. */
export class RehearsedPeople implements People {
  private readonly say: (notice: Notice) => void;
  private readonly failures = new Map<string, number>();

  constructor(say: (notice: Notice) => void) {
    this.say = say;
  }

  tell(notice: Notice): void {
    this.say(notice);
  }

  confirm(question: { readonly by: readonly string[] }): Promise<readonly string[]> {
    return Promise.resolve(question.by);
  }

  ask(): Promise<string> {
    return Promise.resolve('said in an unattended rehearsal');
  }

  decide(question: { readonly step: string; readonly options: readonly Decision[] }): Promise<Decision> {
    const failures = (this.failures.get(question.step) ?? 0) + 1;
    this.failures.set(question.step, failures);
    return Promise.resolve(failures < TRIES ? 'again' : 'stop');
  }
}
