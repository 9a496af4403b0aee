/** That the person wants to see the application: kept until there is a window that can be shown. */
export class ShowRequests {
  private wanted: boolean;
  private link: string | null;
  private show: ((link: string | null) => void) | null = null;

  /** @param link a `tinyplace://` link, or null for the window as it is */
  constructor(wanted: boolean, link: string | null) {
    this.wanted = wanted;
    this.link = link;
  }

  ask(link: string | null): void {
    if (this.show) {
      this.show(link);
    } else {
      this.wanted = true;
      this.link = link ?? this.link;
    }
  }

  /** Shows what was asked for so far, and whatever is asked for from here on. */
  answerWith(show: (link: string | null) => void): void {
    this.show = show;
    if (this.wanted) show(this.link);
  }
}
