import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { value } from "../../parser/flag.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { jsonDocument } from "../../../present/json.ts";
import { dataFormats, scopeFlags, sessionOperand, sessionRef } from "./flags.ts";

/** `kodama get`. */
export const command = defineCommand({
  description:
    "Shows a session: its status and the reason for it, its definition, and the commits made in it.",
  operands: [sessionOperand],
  flags: {
    ...scopeFlags,
    output: value("output format: data instead of text", dataFormats.parse, {
      short: "o",
      ...dataFormats,
    }),
  },
  examples: [
    { title: "Show a session", line: "kodama get fix-auth" },
    { title: "As YAML, for a teammate", line: "kodama get fix-auth -o yaml" },
  ],
  seeAlso: ["kodama list --help lists all sessions."],
  resolve: ({ flags, operands: [name] }) => ({
    ref: sessionRef(flags, name),
    kubeconfig: flags.kubeconfig,
    format: flags.output,
  }),
  async run({ ref, kubeconfig, format }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const [{ get }, { sessionData, sessionLines }] = await Promise.all([
      import("../../../actions/session/get.ts"),
      import("../../../present/session_text.ts"),
    ]);
    const details = await interruptible(signals, (signal) => get(host, ref, signal));
    if (format === undefined) {
      const lines = sessionLines(details, {
        now: host.clock.now(),
        listConflicts: (key) => `kodama sync conflicts ${key}`,
      });
      await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
      return success;
    }
    const { taskData } = await import("../../../present/agent_tasks.ts");
    const { session, live, node, restarts, work, sync, tasks, remaining, team } = details;
    const data = {
      ...sessionData({
        kind: "session",
        session,
        live,
        node,
        sync,
        ...(remaining === undefined ? {} : { remaining }),
        ...(team === undefined ? {} : { attached: team.attached }),
      }),
      restarts,
      ...(work === undefined ? {} : { work }),
      ...(tasks === undefined ? {} : { tasks: tasks.map(taskData) }),
      ...(team === undefined || team.notes.length === 0 ? {} : { notes: team.notes }),
    };
    const { stringify } = await import("yaml");
    const text = format === "json"
      ? jsonDocument(data)
      : stringify(data, { aliasDuplicateObjects: false });
    await terminal.stdout.write(text);
    return success;
  },
});
