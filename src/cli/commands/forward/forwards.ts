/** The commands of forwards in the background: `kodama forward list` and its siblings. */
import type { NamedSet } from "../../../actions/forward/background.ts";
import type { Host } from "../../../actions/host.ts";
import { KodamaError, UsageError } from "../../../base/errors.ts";
import { jsonDocument } from "../../../present/json.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { failure, success } from "../../exit_codes.ts";
import { dataFlag, writeList } from "../../output.ts";
import type { Invocation } from "../../invocation.ts";
import { defineCommand, type Operand } from "../../parser/command.ts";
import { choice, toggle, value } from "../../parser/flag.ts";
import { printStarted } from "./background.ts";

/** The operand that names a set of forwards in the background. */
const setOperand: Operand = { name: "NAME", arity: "optional" };

/** `kodama forward list`. */
const list = defineCommand({
  description:
    "Lists the forwards in the background: those that run, and those that ran and can be started again.",
  flags: { output: dataFlag("output format: data instead of a table") },
  examples: {
    "List them": "kodama forward list",
    "As JSON, for a script": "kodama forward list -o json",
  },
  seeAlso: ["kodama forward status --help shows what each has carried."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listSets } = await import("../../../actions/forward/background.ts");
    const { setTable } = await import("../../../present/forward_sets.ts");
    const opened = await host();
    const sets = await listSets(opened);
    return await writeList(terminal, sets, {
      format,
      table: () => setTable(sets, opened.clock.now().getTime()),
      empty: "there are no forwards in the background",
    });
  },
});

const reportFormats = choice(["json"]);

/** `kodama forward status`. */
const status = defineCommand({
  description:
    "Shows the forwards of a set in the background, and what they have carried. The name may be omitted if only " +
    "one runs.",
  operands: [setOperand],
  flags: { output: value("output format", reportFormats, { short: "o" }) },
  examples: {
    "The only set": "kodama forward status",
    "One of several, as JSON": "kodama forward status svc-web -o json",
  },
  exitCodes: [["0", "it is running"], ["1", "it isn't, or there is none"]],
  seeAlso: ["kodama forward logs --help shows its messages."],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, { host, terminal }) {
    const { findSet } = await import("../../../actions/forward/background.ts");
    const { setLines } = await import("../../../present/forward_sets.ts");
    const report = await findSet(await host(), name);
    await terminal.stdout.write(
      format === "json"
        ? jsonDocument(report)
        : setLines(report).map((line) => `${line}\n`).join(""),
    );
    return report.phase === "running" ? success : failure;
  },
});

/** `kodama forward logs`. */
const logs = defineCommand({
  description:
    "Prints the last messages of forwards in the background: replaced pods, broken links, and each connection that " +
    "failed. The name may be omitted if only one set runs.",
  operands: [setOperand],
  flags: {},
  examples: { "Of the only set": "kodama forward logs" },
  resolve: ({ operands: [name] }) => ({ name }),
  async run({ name }, { host, terminal }) {
    const { findSet } = await import("../../../actions/forward/background.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const { state } = await findSet(await host(), name);
    const lines = state?.lines ?? [];
    await terminal.stdout.write(lines.map((line) => `${printable(line)}\n`).join(""));
    return success;
  },
});

const stop = defineCommand({
  description:
    "Stops forwards in the background. kodama forward up starts them again, unless --forget removes them from the " +
    "list. The name may be omitted if only one set runs.",
  operands: [setOperand],
  flags: { forget: toggle("remove them from the list") },
  examples: {
    "Stop the only set": "kodama forward stop",
    "Stop one, and forget it": "kodama forward stop svc-web --forget",
  },
  resolve: ({ flags, operands: [name] }) => ({ name, forget: flags.forget }),
  async run({ name, forget }, { host, signals, terminal }) {
    const { findSet } = await import("../../../actions/forward/background.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const opened = await host();
    const set = await findSet(opened, name);
    const control = await opened.forwards();
    const ended = await interruptible(signals, (signal) => control.stop(set.name, signal));
    if (forget) await control.forget(set.name);
    await terminal.stdout.write(
      `${printable(set.name)} ${ended ? "has stopped" : "did not run"}${
        forget ? ", and is forgotten" : ""
      }\n`,
    );
    return success;
  },
});

const up = defineCommand({
  description:
    "Starts a set of forwards in the background: one that the setting forwards names, or one that ran before. A set " +
    "of a repository's .kodama.yaml is shown and confirmed first, since others have written it.",
  operands: [{ name: "NAME", arity: "one" }],
  flags: {
    yes: toggle("don't ask", { short: "y" }),
    output: value("output format", reportFormats, { short: "o" }),
  },
  examples: {
    "The set web of the settings": "kodama forward up web",
    "One that was stopped": "kodama forward up svc-web",
  },
  seeAlso: ["docs/forward.md shows the setting."],
  resolve: ({ flags, operands: [name = ""] }) => ({ name, yes: flags.yes, format: flags.output }),
  async run({ name, yes, format }, invocation) {
    const { namedSet } = await import("../../../actions/forward/background.ts");
    const host = await invocation.host();
    await startNamed(host, await namedSet(host, name), { yes, format, invocation });
    return success;
  },
});

/** Starts a set in the background, after a question if others have written it. */
async function startNamed(
  host: Host,
  { repository, ...set }: NamedSet,
  { yes, format, invocation }: {
    yes: boolean;
    format: "json" | undefined;
    invocation: Invocation;
  },
): Promise<void> {
  const { startSet } = await import("../../../actions/forward/background.ts");
  const { printable } = await import("../../../terminal/printable.ts");
  const { terminal, signals } = invocation;
  const report = await interruptible(signals, async (signal) => {
    if (repository !== undefined && !yes) {
      const line = printable(`kodama forward ${set.args.join(" ")}`);
      if (!canAsk(terminal)) {
        throw new KodamaError("unconfirmed", `${repository} defines ${set.name}: ${line}`, {
          hint: "--yes starts it without a question",
        });
      }
      const question = `${printable(repository)} defines ${set.name}:\n  ${line}\nStart it?`;
      if (!await askYes(terminal, question, signal)) {
        throw new KodamaError("declined", `${set.name} was not started`);
      }
    }
    return await startSet(host, set, signal);
  });
  await printStarted(report, format ?? "text", invocation);
}

/**
 * `kodama forward` without args: asks on a terminal which of the named sets, and of those that ran before, to start.
 *
 * @throws UsageError without a terminal, or if there is none.
 */
export async function chooseSet(invocation: Invocation): Promise<number> {
  const { askOn } = await import("../run/show_steps.ts");
  const { terminal, environment } = invocation;
  const { remembered } = await import("../../../actions/forward/background.ts");
  const host = await invocation.host();
  const ask = askOn({ terminal, environment, clock: host.clock });
  if (ask === undefined) throw nothingToForward("as in: kodama forward svc/web 8080:80");
  const sets = await remembered(host);
  if (sets.length === 0) {
    throw nothingToForward(
      "as in: kodama forward svc/web 8080:80; what has run, or is in the setting forwards, is offered here",
    );
  }
  const choices = sets.map(({ name, args }) => `${name}: ${args.join(" ")}`);
  const answer = await interruptible(
    invocation.signals,
    (signal) =>
      ask({
        text: "Which forwards shall run in the background?",
        choices,
        secret: false,
        free: false,
        indexed: "many",
      }, signal),
  );
  const indexes = (answer ?? "").split(",").filter((one) => one !== "").map(Number);
  if (indexes.length === 0) throw new KodamaError("declined", "nothing was chosen");
  for (const index of indexes) {
    const set = sets[index];
    if (set !== undefined) {
      await startNamed(host, set, { yes: false, format: undefined, invocation });
    }
  }
  return success;
}

function nothingToForward(hint: string): UsageError {
  return new UsageError("nothing to forward to", { hint });
}

/** The commands of this file, by name. */
export const commands = { list, status, logs, stop, up };
