/** `tmux`: a pane for each selected pod, as `kodama tmux` opens them. */
import * as v from "valibot";
import { commandLine } from "../../base/shell_quote.ts";
import { listOf, numberType, textType } from "../../expression/type.ts";
import { described, text } from "../fields.ts";
import { podEntries } from "../pod_fields.ts";
import { defineStep, failed, ok } from "../step_kind.ts";

/** The kind `tmux`. */
export const tmuxStep = defineStep({
  name: "tmux",
  summary:
    "Opens a pane of tmux for each selected pod, with a command or a shell in it. Inside tmux the panes are windows of " +
    "the current session; otherwise of a session of their own, which stays when the run ends.",
  inPods: true,
  entries: {
    tmux: described(
      v.array(v.string("a text"), "a list of arguments"),
      "The command, as a list of arguments; `[]` for a shell.",
    ),
    ...podEntries,
    session: v.optional(
      described(text, "The name of a new session; by default the current one, or `kodama`."),
    ),
    sync: v.optional(described(
      v.boolean("true or false"),
      "Whether what is typed goes to all panes of a window; false by default.",
    )),
  },
  output: { targets: listOf(textType), session: textType, panes: numberType },
  command: "tmux",
  fixed: ["tmux"],
  example: `
select: { namespace: weka-operator-system, match: drive }
steps:
  - id: wall
    tmux: [weka, status]
    select: { namespace: weka-operator-system, match: compute }
    targets: [weka-compute-0]
    session: watching
    sync: false
    allowFailure: true
`,
  rights: () => ({ rights: [{ group: "", resource: "pods/exec", verbs: ["create", "get"] }] }),
  plan: ({ tmux }) => ({
    does: `open panes of tmux with ${tmux.length === 0 ? "shells" : commandLine(tmux)}`,
    command: tmux,
    where: "pods",
    effect: "changes",
    change: changeOf(tmux),
  }),
  run: async (fields, step) => {
    const { tmux: command, session, sync = false } = fields;
    const all = await step.targets(fields);
    const dead = all.find(({ unreachable }) => unreachable !== undefined);
    if (dead !== undefined) return failed(`${dead.name}: ${dead.unreachable}`);
    const targets = all.map(({ target }) => target);
    const names = all.map(({ name }) => name);
    if (!await step.confirmChange(changeOf(command), targets)) {
      return { outcome: { kind: "refused", reason: "declined" }, output: {} };
    }
    const opened = await step.environment.openPanes({
      targets,
      names,
      command,
      session,
      sync,
      signal: step.signal,
    });
    step.line(`tmux attach -t ${opened.session}`, "stderr");
    return ok({ targets: names, ...opened });
  },
});

function changeOf(command: readonly string[]) {
  return command.length === 0
    ? { kind: "shells" } as const
    : { kind: "command", command, shell: false, variables: [] } as const;
}
