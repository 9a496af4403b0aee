/** Ms between two news under load. */
const EVERY_MS = 100;

/** Tells who used the relay: the first at once, those that follow within 100 ms once and together. */
export class UseNews {
  private readonly tell: (agents: string[]) => void;
  private readonly waiting = new Set<string>();
  private timer: NodeJS.Timeout | null = null;

  constructor(tell: (agents: string[]) => void) {
    this.tell = tell;
  }

  add(agent: string): void {
    this.waiting.add(agent);
    if (!this.timer) this.flush();
  }

  close(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private flush(): void {
    this.timer = null;
    if (this.waiting.size === 0) return;
    const agents = [...this.waiting];
    this.waiting.clear();
    this.tell(agents);
    this.timer = setTimeout(() => this.flush(), EVERY_MS);
  }
}
