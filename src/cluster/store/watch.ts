/** A watch over the histories of one or more kinds. It pulls: a slow reader costs no memory. */
import type { StoreEvent } from "../model.ts";
import type { History } from "./history.ts";
import { StoreError } from "./store_error.ts";

/**
 * Changes after `since`, in the order of their versions. A reader that falls behind the history gets the same `expired`
 * as one that requested too old a version.
 */
export function watchHistories(
  histories: readonly History[],
  since: number,
  signal: AbortSignal,
): AsyncIterable<StoreEvent> {
  return { [Symbol.asyncIterator]: () => changesAfter(histories, since, signal) };
}

async function* changesAfter(
  histories: readonly History[],
  since: number,
  signal: AbortSignal,
): AsyncGenerator<StoreEvent> {
  let cursor = since;
  while (!signal.aborted) {
    const event = nextChange(histories, cursor);
    if (event === undefined) {
      await nextAppend(histories, signal);
      continue;
    }
    cursor = event.resourceVersion;
    yield event;
  }
}

function nextChange(histories: readonly History[], cursor: number): StoreEvent | undefined {
  let next: StoreEvent | undefined;
  for (const history of histories) {
    if (history.forgottenThrough > cursor) {
      throw new StoreError(
        "expired",
        `too old resource version: ${cursor} (${history.forgottenThrough})`,
      );
    }
    const event = history.firstAfter(cursor);
    if (event && (next === undefined || event.resourceVersion < next.resourceVersion)) next = event;
  }
  return next;
}

/** Resolves at the next change of any of them, or with the signal. */
function nextAppend(histories: readonly History[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      for (const stop of stops) stop();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const stops = histories.map((history) => history.onAppend(wake));
    signal.addEventListener("abort", wake, { once: true });
  });
}
