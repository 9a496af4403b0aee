import type { Dispatcher, Pool } from "undici";
import sendRequest from "undici/lib/api/api-request.js";
import UndiciPool from "undici/lib/dispatcher/pool.js";

/**
 * undici's kept connections to one origin, without the rest of undici: its fetch, caches and mocks take
 * megabytes of a process that uses none of them.
 */
export class HttpPool {
  private readonly pool: Pool;

  constructor(origin: string, options: Pool.Options) {
    this.pool = new UndiciPool(origin, options);
  }

  request(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    return sendRequest.call(this.pool, options);
  }

  /** Ends what is under way with an error. */
  destroy(): Promise<void> {
    return this.pool.destroy();
  }
}
