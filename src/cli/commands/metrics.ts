import { exitCodeOfKind, UsageError } from "../../base/errors.ts";
import { definedOnly } from "../../base/json_value.ts";
import { printable } from "../../terminal/printable.ts";
import { interruptible } from "../../terminal/driver/signals.ts";
import { defineCommand } from "../parser/command.ts";
import { success } from "../exit_codes.ts";
import { choice, toggle, valueOr } from "../parser/flag.ts";
import { scopeFlags } from "./session/flags.ts";

const formats = choice(["openmetrics", "json"]);

/** `kodama metrics`. */
export const command = defineCommand({
  description:
    "Prints metrics once, as OpenMetrics text: sessions by status, age and last use, their agents' tasks, " +
    "tokens and cost; runs of this machine by outcome and duration; its forwards in the background. A part " +
    "that can't be read is absent, kodama_collector_up is 0 for it, and the exit code is that of its error.",
  flags: {
    ...scopeFlags,
    "all-namespaces": toggle("the sessions of all namespaces", { short: "A" }),
    "output": valueOr("output format", formats.parse, "openmetrics", { short: "o", ...formats }),
  },
  examples: [
    { title: "Of the current namespace", line: "kodama metrics" },
    { title: "Of all namespaces, as data", line: "kodama metrics -A -o json" },
  ],
  exitCodes: [
    ["0", "all metrics were read"],
    ["4", "the cluster couldn't be reached"],
  ],
  seeAlso: ["docs/monitoring.md has the names of all metrics, and a dashboard."],
  resolve({ flags }) {
    const { namespace, context, kubeconfig, output: format } = flags;
    if (flags["all-namespaces"] && namespace !== undefined) {
      throw new UsageError("--namespace and --all-namespaces can't be used together");
    }
    const scope = {
      ...definedOnly({ namespace, context }),
      allNamespaces: flags["all-namespaces"],
    };
    return { scope, kubeconfig, format };
  },
  async run({ scope, kubeconfig, format }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
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
