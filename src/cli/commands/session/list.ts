/** Sessions, listed and shown. */
import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { jsonDocument } from "../../../present/json.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { success } from "../../exit_codes.ts";
import { renderData } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, toggle, value, valueOr } from "../../parser/flag.ts";
import { dataFormats, scopeFlags, sessionOperand, sessionRef } from "./flags.ts";

const formats = choice(["table", "wide", "json", "yaml"]);

/** `kodama list`, and `kodama ls`. */
const list = defineCommand({
  description:
    "Lists the sessions of a namespace. Sessions are stored in the cluster, so every machine and user " +
    "sees the same ones. `kodama ls` is an alias.",
  flags: {
    ...scopeFlags,
    "all-namespaces": toggle("list the sessions of all namespaces", { short: "A" }),
    "output": valueOr("output format", formats.parse, "table", { short: "o", ...formats }),
  },
  examples: [
    { title: "In the current namespace", line: "kodama list" },
    { title: "In all namespaces", line: "kodama list -A" },
    {
      title: "With the agent's task, repository, image, node and reason",
      line: "kodama list -o wide",
    },
    { title: "As JSON, for a script", line: "kodama list -o json" },
  ],
  seeAlso: ["kodama get --help shows one session."],
  resolve({ flags }) {
    const { namespace, context, kubeconfig, output: format } = flags;
    if (flags["all-namespaces"] && namespace !== undefined) {
      throw new UsageError("--namespace and --all-namespaces can't be used together");
    }
    const options = {
      ...definedOnly({ namespace, context }),
      allNamespaces: flags["all-namespaces"],
      // Each is a stream to a pod: listing names alone waits for none.
      tasks: format !== "table",
    };
    return { options, kubeconfig, format };
  },
  async run({ options, kubeconfig, format }, { host: openHost, signals, terminal }) {
    const host = await openHost({ kubeconfig });
    const { list } = await import("../../../actions/session/list.ts");
    const { sessionData, sessionsTable } = await import("../../../present/session_text.ts");
    const { rows, namespace, context } = await interruptible(
      signals,
      (signal) => list(host, options, signal),
    );
    if (format === "json" || format === "yaml") {
      await terminal.stdout.write(await renderData(rows.map(sessionData), format));
      return success;
    }
    if (rows.length === 0) {
      const where = namespace === undefined ? "any namespace" : `namespace "${namespace}"`;
      await terminal.stderr.write(`no sessions in ${where} (context ${context})\n`);
      return success;
    }
    const lines = sessionsTable(rows, { wide: format === "wide", now: host.clock.now() });
    await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return success;
  },
});

/** `kodama get`. */
const get = defineCommand({
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

/** The commands of this file, by name. */
export const commands = { list, get };
