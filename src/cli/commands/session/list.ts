/** Sessions, listed and shown. */
import { definedOnly } from "../../../base/json_value.ts";
import { jsonDocument } from "../../../present/json.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { success } from "../../exit_codes.ts";
import { documentFlag, whereText, writeList } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { listScope } from "../../parser/scope_flags.ts";
import { choice, toggle, valueOr } from "../../parser/flag.ts";
import { scopeFlags, sessionOperand, sessionRef } from "./flags.ts";

const list = defineCommand({
  description:
    "Lists the sessions of a namespace. Sessions are stored in the cluster, so every machine and user " +
    "sees the same ones. `kodama ls` is an alias.",
  flags: {
    ...scopeFlags,
    "all-namespaces": toggle("list the sessions of all namespaces", { short: "A" }),
    "output": valueOr("output format", choice(["table", "wide", "json", "yaml"]), "table", {
      short: "o",
    }),
  },
  examples: {
    "In the current namespace": "kodama list",
    "In all namespaces": "kodama list -A",
    "With the agent's task, repository, image, node and reason": "kodama list -o wide",
    "As JSON, for a script": "kodama list -o json",
  },
  seeAlso: ["kodama get --help shows one session."],
  resolve({ flags }) {
    const { output: format } = flags;
    // Each task is a stream to a pod: listing names alone waits for none.
    return { options: { ...listScope(flags), tasks: format !== "table" }, format };
  },
  async run({ options, format }, { host: openHost, signals, terminal }) {
    const host = await openHost();
    const { list } = await import("../../../actions/session/list.ts");
    const { sessionData, sessionsTable } = await import("../../../present/session_text.ts");
    const { rows, ...where } = await interruptible(
      signals,
      (signal) => list(host, options, signal),
    );
    return await writeList(terminal, rows, {
      format,
      data: sessionData,
      table: () => sessionsTable(rows, { wide: format === "wide", now: host.clock.now() }),
      empty: `no sessions in ${whereText(where)}`,
    });
  },
});

/** `kodama get`. */
const get = defineCommand({
  description:
    "Shows a session: its status and the reason for it, its definition, and the commits made in it.",
  operands: [sessionOperand],
  flags: { ...scopeFlags, output: documentFlag("output format: data instead of text") },
  examples: {
    "Show a session": "kodama get fix-auth",
    "As YAML, for a teammate": "kodama get fix-auth -o yaml",
  },
  seeAlso: ["kodama list --help lists all sessions."],
  resolve: ({ flags, operands: [name] }) => ({
    ref: sessionRef(flags, name),
    format: flags.output,
  }),
  async run({ ref, format }, { host: openHost, signals, terminal }) {
    const host = await openHost();
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
    const { session, live, node, restarts, work, sync, tasks, remaining } = details;
    const data = {
      ...sessionData({
        kind: "session",
        session,
        live,
        node,
        sync,
        ...definedOnly({ remaining }),
      }),
      restarts,
      ...definedOnly({ work }),
      ...(tasks === undefined ? {} : { tasks: tasks.map(taskData) }),
    };
    const { yamlText } = await import("../../../base/yaml/write.ts");
    const text = format === "json" ? jsonDocument(data) : yamlText(data);
    await terminal.stdout.write(text);
    return success;
  },
});

/** The commands of this file, by name. */
export const commands = { list, get };
