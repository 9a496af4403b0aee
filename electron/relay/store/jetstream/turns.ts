/**
 * One after another for each name, in the order they were asked for. Within one process it spares the
 * cluster the conflicts that a compare-and-set would find.
 */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>();

  take<T>(name: string, run: () => Promise<T>): Promise<T> {
    const before = this.last.get(name) ?? Promise.resolve();
    const own = before.then(run, run);
    this.last.set(name, own);
    const done = () => {
      if (this.last.get(name) === own) this.last.delete(name);
    };
    own.then(done, done);
    return own;
  }
}
