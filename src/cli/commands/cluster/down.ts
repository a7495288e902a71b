import { clusterFlags, clusterPlace, clusterStateText } from "./state.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { ToldWait } from "./delayed_progress.ts";

/** `kodama cluster down`. */
export const command = defineCommand({
  description:
    "Stops the embedded cluster and every process in its pods, and says what it ended. The files of its pods " +
    "are removed; the objects and claims of a cluster with --data stay. Where none runs there is nothing to " +
    "do, and that is no error.",
  flags: clusterFlags,
  examples: [
    { title: "Stop it", line: "kodama cluster down" },
    {
      title: "Stop the one that keeps its objects there",
      line: "kodama cluster down --data ./lab",
    },
  ],
  seeAlso: ["kodama cluster up --help starts it."],
  resolve: ({ flags }) => ({ place: clusterPlace(flags), format: flags.output }),
  async run({ place, format }, { host, signals, terminal }) {
    const opened = await host();
    const control = await opened.cluster();
    using wait = new ToldWait(terminal.stderr, opened.clock);
    const state = await interruptible(
      signals,
      (signal) => control.down({ ...place, signal, told: wait.told }),
    );
    await terminal.stdout.write(clusterStateText(state, format));
    return success;
  },
});
