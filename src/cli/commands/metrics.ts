import { exitCodeOfKind } from "../../base/errors.ts";
import { printable } from "../../terminal/printable.ts";
import { interruptible } from "../../terminal/driver/signals.ts";
import { defineCommand } from "../parser/command.ts";
import { listScope } from "../parser/scope_flags.ts";
import { success } from "../exit_codes.ts";
import { choice, toggle, valueOr } from "../parser/flag.ts";
import { scopeFlags } from "./session/flags.ts";

/** `kodama metrics`. */
export const command = defineCommand({
  description:
    "Prints metrics once, as OpenMetrics text: sessions by status, age and last use, their agents' tasks, " +
    "tokens and cost; runs of this machine by outcome and duration; its forwards in the background. A part " +
    "that can't be read is absent, kodama_collector_up is 0 for it, and the exit code is that of its error.",
  flags: {
    ...scopeFlags,
    "all-namespaces": toggle("the sessions of all namespaces", { short: "A" }),
    "output": valueOr("output format", choice(["openmetrics", "json"]), "openmetrics", {
      short: "o",
    }),
  },
  examples: {
    "Of the current namespace": "kodama metrics",
    "Of all namespaces, as data": "kodama metrics -A -o json",
  },
  exitCodes: [["0", "all metrics were read"], ["4", "the cluster couldn't be reached"]],
  seeAlso: ["docs/monitoring.md has the names of all metrics, and a dashboard."],
  resolve({ flags }) {
    return { scope: listScope(flags), format: flags.output };
  },
  async run({ scope, format }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    const [{ MetricsCollector }, { openMetricsText }, { jsonDocument }] = await Promise.all([
      import("../../actions/monitoring/metrics.ts"),
      import("../../present/open_metrics.ts"),
      import("../../present/json.ts"),
    ]);
    const { families, failures } = await interruptible(
      signals,
      (signal) => new MetricsCollector(host, scope).collect(signal),
    );
    const text = format === "json" ? jsonDocument(families) : openMetricsText(families);
    await terminal.stdout.write(text);
    for (const [part, error] of failures) {
      await terminal.stderr.write(`warning: no metrics of ${part}: ${printable(error.message)}\n`);
    }
    const [failure] = failures.values();
    return failure === undefined ? success : exitCodeOfKind(failure.kind);
  },
});
