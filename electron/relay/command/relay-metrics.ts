import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { RelayObserver } from "../server/observer.ts";

/** Prometheus metrics of one relay process (docs/relay.md lists them). */
export class RelayMetrics {
  readonly registry = new Registry();
  private readonly requests = new Counter({
    name: "tinyplace_relay_requests_total",
    help: "Requests by route and status",
    labelNames: ["method", "route", "status"],
    registers: [this.registry],
  });
  private readonly times = new Histogram({
    name: "tinyplace_relay_request_seconds",
    help: "Time until a request was answered",
    labelNames: ["route"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15],
    registers: [this.registry],
  });
  private readonly refusals = new Counter({
    name: "tinyplace_relay_refusals_total",
    help: "Refused requests and connections by reason",
    labelNames: ["reason"],
    registers: [this.registry],
  });
  private readonly envelopes = new Counter({
    name: "tinyplace_relay_envelopes_total",
    help: "Envelopes offered by outcome: stored, known, full",
    labelNames: ["outcome"],
    registers: [this.registry],
  });
  private readonly failures = new Counter({
    name: "tinyplace_relay_failures_total",
    help: "Requests that failed for reasons of the relay's own",
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** @param count the open doorbells, asked at each scrape */
  watchDoorbells(count: () => number): void {
    new Gauge({
      name: "tinyplace_relay_doorbells",
      help: "Open doorbell connections",
      registers: [this.registry],
      collect() {
        this.set(count());
      },
    });
  }

  readonly observer: RelayObserver = {
    answered: ({ method, route, status, seconds }) => {
      this.requests.inc({ method, route, status });
      this.times.observe({ route }, seconds);
    },
    refused: (reason) => this.refusals.inc({ reason }),
    stored: (outcome) => this.envelopes.inc({ outcome }),
    failed: () => this.failures.inc(),
  };
}
