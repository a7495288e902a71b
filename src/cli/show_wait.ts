/** A wait on a terminal, or in a pipe. */
import type { Host } from "../actions/host.ts";
import type { WaitOptions } from "../actions/wait/wait.ts";
import type { Invocation } from "./invocation.ts";

/** Shows a wait until its end, and returns its exit code. */
export async function showWait(
  host: Host,
  options: Omit<WaitOptions, "signal" | "readsLogs">,
  { invocation: { terminal, signals }, format, quiet }: {
    invocation: Invocation;
    format: "text" | "json" | "jsonl" | "name";
    /** Only the objects that are in the state, and errors. */
    quiet: boolean;
  },
): Promise<number> {
  const [{ wait }, { drive }, { WaitPainter, WaitProgress }] = await Promise.all([
    import("../actions/wait/wait.ts"),
    import("../terminal/driver/drive.ts"),
    import("../present/wait_painter.ts"),
  ]);
  const isLive = terminal.stderr.isTerminal && (format === "text" || format === "name");
  return await drive(({ signal }) => wait(host, { ...options, readsLogs: isLive, signal }), {
    terminal,
    signals,
    clock: host.clock,
    painter: new WaitPainter({ format, quiet, isLive }),
    progress: new WaitProgress(),
    statusLine: isLive,
    milestone: (event) =>
      event.kind === "started" ? event : event.kind === "ended" ? event : undefined,
  });
}
