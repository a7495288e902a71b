/** Forwards in the background: how they are started, and the work of their process. */
import type { ForwardReport } from "../../../actions/forward/background.ts";
import type { OpenForward } from "../../../actions/forward/forward.ts";
import type { Host } from "../../../actions/host.ts";
import { KodamaError } from "../../../base/errors.ts";
import type { Piece } from "../../../terminal/terminal.ts";
import { success } from "../../exit_codes.ts";
import type { Invocation } from "../../invocation.ts";
import { interruptible, stoppable } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import { backgroundArgs, type ForwardArgs, withRecord } from "./flags.ts";

/** Messages that are stored of a process. */
const maxLines = 200;
/** How often the report is updated while nothing happens. */
const reportMs = 1000;

/** Starts forwards in the background, and prints their addresses. */
export async function detachForward(
  { options, format }: ForwardArgs,
  { name, line }: ForwardArgs["typed"],
  invocation: Invocation,
): Promise<number> {
  const host = await invocation.host();
  const args = await storedArgs(host, line, options.contexts);
  const { startSet } = await import("../../../actions/forward/background.ts");
  const report = await interruptible(
    invocation.signals,
    (signal) => startSet(host, { name, args }, signal),
  );
  await printStarted(report, format === "text" ? "text" : "json", invocation);
  return success;
}

/** Stores the args of forwards in the foreground: `kodama forward` alone offers them. */
export async function rememberForward(
  host: Host,
  { typed: { name, line }, options }: ForwardArgs,
): Promise<void> {
  const set = { name, args: await storedArgs(host, line, options.contexts) };
  try {
    await (await host.forwards()).remember(set);
  } catch (error) {
    // The forwards themselves work.
    host.log("warning", "forward", error instanceof Error ? error.message : String(error));
  }
}

/** Returns args that mean the same later, and in another folder. */
async function storedArgs(
  host: Host,
  line: readonly string[],
  [context]: readonly string[],
): Promise<string[]> {
  return backgroundArgs(line, {
    context: context ?? (await host.kube()).context,
    workingDir: host.places.workingDir,
  });
}

/** Prints the running set: its addresses, and how it is stopped. */
export async function printStarted(
  report: ForwardReport,
  format: "text" | "json",
  { terminal }: Invocation,
): Promise<void> {
  const { rowLines } = await import("../../../present/forward_sets.ts");
  const { jsonDocument } = await import("../../../present/json.ts");
  if (format === "json") return await terminal.stdout.write(jsonDocument(report));
  const { name } = report;
  await terminal.stdout.write(rowLines(report).map((one) => `${printable(one)}\n`).join(""));
  await terminal.stderr.write(
    `Running in the background as ${name}: kodama forward status ${name}, kodama forward stop ${name}\n`,
  );
}

/** Returns the args of the process of a set. */
export async function servedArgs(name: string, invocation: Invocation): Promise<string[]> {
  const host = await invocation.host();
  const report = await (await host.forwards()).read(name);
  if (report === undefined) {
    throw new KodamaError("notFound", `there is no set of forwards "${name}"`);
  }
  return ["forward", ...report.args, `--served=${name}`];
}

/** Forwards until a signal ends this process, and reports its state for others to read. */
export async function serveForward(
  { options, record }: ForwardArgs,
  name: string,
  invocation: Invocation,
): Promise<number> {
  const host = await invocation.host();
  const [{ forward }, { ForwardPainter, statisticsData }] = await Promise.all([
    import("../../../actions/forward/forward.ts"),
    import("../../../present/forward_painter.ts"),
  ]);
  const control = await host.forwards();
  await stoppable(invocation.signals, (signal) =>
    control.serve(name, async (_args, report) => {
      const painter = new ForwardPainter({ format: "text", quiet: false });
      let lines: readonly string[] = [];
      let forwards: readonly OpenForward[] = [];
      let timer: Disposable | undefined;
      using _timer = { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
      const all = { ...withRecord(options, record, host.places), signal };
      for await (const event of forward(host, all)) {
        const at = host.clock.now().toISOString();
        const text = painter.paint(event).map(textOf).join("");
        const added = text.split("\n").filter((one) => one !== "").map((one) => `${at} ${one}`);
        lines = [...lines, ...added].slice(-maxLines);
        if (event.kind === "ready" || event.kind === "ended") forwards = event.forwards;
        const update = () => {
          report({ forwards: forwards.map(statisticsData) });
          timer = host.clock.timer(reportMs, update);
        };
        timer?.[Symbol.dispose]();
        // With each event too: a connection that has ended is counted when someone looks.
        update();
        report({ lines, ...(event.kind === "ready" ? { isReady: true } : {}) });
      }
    }));
  return success;
}

function textOf({ data }: Piece): string {
  const decoder = new TextDecoder();
  return data.map((one) => typeof one === "string" ? one : decoder.decode(one)).join("");
}
