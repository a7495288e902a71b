/** One container's current log: read to its end, over connections that break. */
import type { OpenLog, ReadEvent, ReadOptions } from "./reading.ts";
import { cutReason, StreamReader } from "./read_stream.ts";

/** Consecutive connections that deliver nothing before the log counts as unreachable. */
const maxFruitless = 5;

/**
 * Returns the log of the current instance, or of the previous one. Ends with `failed` if it can't be read to its end.
 */
export async function* readContainer(
  open: OpenLog,
  options: ReadOptions & { previous: boolean },
): AsyncGenerator<ReadEvent, void> {
  const reader = new StreamReader(open, options);
  for (;;) {
    const end = yield* reader.read({ follow: false, previous: options.previous });
    if (options.signal.aborted || end.kind === "ended") return;
    if (end.kind === "refused" || (end.kind === "cut" && reader.fruitless >= maxFruitless)) {
      return yield { kind: "failed", error: end.error };
    }
    if (end.kind === "cut") {
      yield { kind: "cut", reason: cutReason(end.error) };
      await reader.backOff();
    } else {
      reader.cursor.trustTimes();
      yield { kind: "gap", reason: rotated };
    }
  }
}

/** Why a log isn't the one that was read before. */
export const rotated = "the node began a new file for the log while the link was down";
