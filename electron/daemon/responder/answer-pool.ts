const DEFAULT_POOL = 2;
const MAX_POOL = 64;

/** TINYPLACE_AUTORESPOND_POOL; anything but a whole number from 1 to 64 is the default. */
export function poolSize(env: NodeJS.ProcessEnv): number {
  const size = Number(env.TINYPLACE_AUTORESPOND_POOL ?? "");
  return Number.isInteger(size) && size >= 1 && size <= MAX_POOL ? size : DEFAULT_POOL;
}

/** How many answers are written at once on this machine, over all agents. */
export class AnswerPool {
  readonly size: number;
  /** Told whenever a place becomes free. */
  onFree: () => void = () => undefined;
  private taken = 0;

  constructor(size: number) {
    this.size = size;
  }

  get isFull(): boolean {
    return this.taken >= this.size;
  }

  take(): void {
    this.taken++;
  }

  release(): void {
    this.taken--;
    this.onFree();
  }
}
