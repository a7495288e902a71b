import { clusterFlags, clusterFolder, clusterStateText } from "./state.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { DelayedProgress } from "./delayed_progress.ts";

/** `kodama cluster down`. */
export const command = defineCommand({
  description:
    "Stops the embedded cluster and all processes in its pods, and prints what it stopped. The files " +
    "of its pods are deleted; the objects and claims of a cluster with --data are retained. It is not " +
    "an error if no cluster is running.",
  flags: clusterFlags,
  examples: [
    { title: "Stop the cluster", line: "kodama cluster down" },
    {
      title: "Stop a cluster that stores its objects in a folder",
      line: "kodama cluster down --data ./lab",
    },
  ],
  seeAlso: ["kodama cluster up --help starts a cluster."],
  resolve: ({ flags }) => ({ folder: clusterFolder(flags), format: flags.output }),
  async run({ folder, format }, { host, signals, terminal }) {
    const opened = await host();
    const control = await opened.cluster();
    using wait = new DelayedProgress(terminal.stderr, opened.clock);
    const state = await interruptible(
      signals,
      (signal) => control.down({ ...folder, signal, onEvent: wait.notice }),
    );
    await terminal.stdout.write(clusterStateText(state, format));
    return success;
  },
});
