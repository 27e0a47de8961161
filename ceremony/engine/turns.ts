/** Things that are done one after the other, whoever asks for them meanwhile. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** Does `work` once everything that was asked for before is over, however that ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return done;
  }
}
