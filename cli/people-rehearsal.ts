/** The people of an unattended rehearsal, as far as nothing secret is said: they confirm, and try again a few times. */
import type { Clock, ClockReading, Decision, Notice, People } from '../ceremony/engine/ports';
import { playedFile } from '../workstation/rehearsal/played-file';

/** How often a failed act is tried again before the rehearsal stops. */
const TRIES = 3;

/** Confirms everything; its voice is the rehearsal's progress. */
export class RehearsedPeople implements People {
  private readonly say: (notice: Notice) => void;
  private guests = 0;
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

  ask({ expects, played }: { readonly expects?: 'name'; readonly played?: string }): Promise<string> {
    if (expects !== 'name') return Promise.resolve(played ?? 'said in an unattended rehearsal');
    this.guests += 1;
    return Promise.resolve(`Guest ${String(this.guests)}`);
  }

  /** Nobody is there to look at a clock: the machine's own is read for everybody, and the record says so. */
  readClocks({
    by,
    clock,
  }: {
    readonly by: readonly string[];
    readonly clock: Clock;
  }): Promise<readonly ClockReading[]> {
    const source = 'the clock of this machine, in an unattended rehearsal';
    return Promise.resolve(
      by.map((id) => {
        const at = clock.now();
        return { by: id, source, at, workstation: at };
      }),
    );
  }

  /** A text file that says what it is, made in the rehearsal's room. */
  attach({ step, room }: { readonly step: string; readonly room: string | null }): Promise<readonly string[]> {
    return Promise.resolve(room === null ? [] : [playedFile(room, step)]);
  }

  decide(question: { readonly step: string; readonly options: readonly Decision[] }): Promise<Decision> {
    const failures = (this.failures.get(question.step) ?? 0) + 1;
    this.failures.set(question.step, failures);
    return Promise.resolve(failures < TRIES ? 'again' : 'stop');
  }
}
