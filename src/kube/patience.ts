/** When a refused request is worth repeating: new credentials once, and a busy server's own word. */
import { passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import type { Credentials } from "./credentials.ts";

const maxWaits = 5;
/** A server that wants more time than this is answered with an error. */
const longestWaitMs = 10_000;

/** Counts one request's repetitions. */
export class Patience {
  #renewals = 0;
  #waits = 0;

  constructor(private readonly clock: Clock, private readonly signal: AbortSignal) {}

  /** After a 401: whether other credentials may be tried. */
  renewed(credentials: Credentials): boolean {
    return credentials.rejected() && this.#renewals++ === 0;
  }

  /**
   * After any other refusal: waits as long as the server asked, if it did. A 429 was never carried out, so
   * repeating it is safe for writes too. https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
   */
  async waited(code: number, retryAfter: string | null): Promise<boolean> {
    const delayMs = Number(retryAfter ?? "1") * 1000;
    if (code !== 429 || this.#waits === maxWaits || !(delayMs >= 0 && delayMs <= longestWaitMs)) {
      return false;
    }
    this.#waits++;
    // Where the signal aborted meanwhile, the next attempt says so.
    await passed(this.clock, delayMs, { signal: this.signal });
    return true;
  }
}
