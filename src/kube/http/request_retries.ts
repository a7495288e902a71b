/** When a refused request is repeated: once with new credentials, and after the time that a busy server requests. */
import { passed } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import type { Credentials } from "../credentials.ts";

const maxWaits = 5;
/** A server that requests a longer delay gets no other attempt. */
const maxWaitMs = 10_000;

/** Counts the repetitions of one request. */
export class RequestRetries {
  #renewals = 0;
  #waits = 0;

  constructor(private readonly clock: Clock, private readonly signal: AbortSignal) {}

  /** Returns, after a 401, whether the request may be repeated with other credentials. */
  mayRenew(credentials: Credentials): boolean {
    return credentials.rejected() && this.#renewals++ === 0;
  }

  /**
   * Returns, after any other refusal, whether the request may be repeated, once the server's `Retry-After` is over.
   * A 429 was never carried out, so that repeating it is safe for writes too.
   * https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
   */
  async waitIfBusy(code: number, retryAfter: string | null): Promise<boolean> {
    const delayMs = Number(retryAfter ?? "1") * 1000;
    if (code !== 429 || this.#waits === maxWaits || !(delayMs >= 0 && delayMs <= maxWaitMs)) {
      return false;
    }
    this.#waits++;
    // If the signal aborts meanwhile, the next attempt throws its reason.
    await passed(this.clock, delayMs, { signal: this.signal });
    return true;
  }
}
