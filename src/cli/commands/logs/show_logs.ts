/** Logs on this process's terminal, from the first event to the exit code. */
import type { LogsEvent } from "../../../actions/logs/events.ts";
import { KodamaError } from "../../../base/errors.ts";
import { ClosedSinkError } from "../../../terminal/sink.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import type { Invocation } from "../../invocation.ts";
import type { LogsPainter, Piece } from "./painter.ts";

/** 128 + SIGINT: the exit code that a shell reports for kubectl and stern. */
const interrupted = 130;

/**
 * Shows the events of `start`. The first Ctrl-C ends it gracefully, a second one at once: nothing was started in a
 * pod that would have to be stopped. Rejects with `ClosedSinkError` when the reader of the output has gone.
 */
export async function showLogs(
  start: (signal: AbortSignal) => AsyncIterable<LogsEvent>,
  { invocation: { terminal, signals }, painter }: { invocation: Invocation; painter: LogsPainter },
): Promise<number> {
  const stop = new AbortController();
  const left = Promise.withResolvers<number>();
  let stopped = false;
  using _listening = signals.listen((signal) => {
    if (stopped) left.resolve(interrupted);
    stopped = true;
    stop.abort(new KodamaError("cancelled", `stopped by ${signal}`));
  });
  using _broken = stopWhenBroken(terminal, stop);
  const screen = new LogsScreen(terminal);
  const show = async (): Promise<number> => {
    let exitCode = 0;
    for await (const event of start(stop.signal)) {
      await screen.write(painter.paint(event));
      if (event.kind === "ended") exitCode = event.exitCode;
    }
    await Promise.all([terminal.stdout.flush(), terminal.stderr.flush()]);
    return stopped ? interrupted : exitCode;
  };
  return await Promise.race([show(), left.promise]);
}

function stopWhenBroken({ stdout, stderr }: Terminal, stop: AbortController): Disposable {
  const onBroken = () => stop.abort(new ClosedSinkError("nobody reads the output any more"));
  for (const { broken } of [stdout, stderr]) broken.addEventListener("abort", onBroken);
  return {
    [Symbol.dispose]: () => {
      for (const { broken } of [stdout, stderr]) broken.removeEventListener("abort", onBroken);
    },
  };
}

/** The two streams, written in order if both are a terminal. */
class LogsScreen {
  readonly #terminal: Terminal;
  #last: Piece["stream"] | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  async write(pieces: readonly Piece[]): Promise<void> {
    for (const { stream, data } of pieces) {
      if (this.#last !== undefined && this.#last !== stream) {
        await this.#terminal[this.#last].flush();
      }
      this.#last = stream;
      await this.#terminal[stream].write(data);
    }
  }
}
