/** Commands and workflows that run on the marked rows. */
import type { Confirm } from "../../actions/exec/events.ts";
import { NoMatchError } from "../../base/errors.ts";
import type { ObjectRef } from "../../kube/object_ref.ts";
import { PODS } from "../../kube/resources.ts";
import { questionText } from "../../present/change_question.ts";
import { trustText } from "../../present/trust_question.ts";
import type { Pane, PaneContext } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
import { outcomeActions, OutcomesPane } from "./outcomes.ts";
import { objectsOfRows, objectsText, selectionOfRows } from "./row_objects.ts";

/** Registers the panes. */
export function registerRuns(registry: PaneRegistry): void {
  registry.register("run", runPane, {
    summary: "a command in the marked pods, and the outcome of each",
    actions: outcomeActions,
  });
  registry.register("workflow", workflowPane, {
    summary: "a workflow on the marked pods, and the outcome of each",
    actions: outcomeActions,
  });
}

/** Asks before a change, with the text of the command line. */
function confirmIn({ ask }: PaneContext): Confirm {
  return {
    ask: async (question) => {
      const lines = [...questionText(question, 80).split("\n"), "Continue?"];
      return await ask({ kind: "confirm", lines }) === "yes";
    },
  };
}

/** A command is always asked for: a layout that is restored runs nothing by itself. */
function runPane(context: PaneContext): Pane {
  const { config, ask, emit, host } = context;
  const objects = objectsOfRows(config);
  const where = objectsText(objects);
  let command = typeof config["command"] === "string" ? config["command"] : "";
  return new OutcomesPane(context, {
    title: `run in ${where}`,
    run: async (pane, signal) => {
      const label = `run in ${where}:`;
      const typed = await ask({ kind: "line", label, text: command, keepsLines: true });
      if (typed === undefined || typed.trim() === "") return false;
      command = typed.trim();
      pane.title = `${command} in ${where}`;
      const { exec } = await import("../../actions/exec/exec.ts");
      const events = exec(host, {
        ...selectionOfRows(objects),
        command: [command],
        shell: true,
        outputMode: "prefix",
        confirm: confirmIn(context),
        signal,
      });
      let wasRun = false;
      for await (const event of events) {
        wasRun = true;
        pane.follow(event);
      }
      return wasRun;
    },
    again: () => emit({ kind: "open", key: "run", config: { objects, command } }),
    failedAgain: (pods) => {
      const failed = pods.flatMap(({ target }) => target ?? []).map((one): ObjectRef => ({
        context: one.context,
        resource: PODS,
        namespace: one.namespace,
        name: one.pod,
      }));
      emit({ kind: "open", key: "run", config: { objects: failed, command } });
    },
  });
}

function workflowPane(context: PaneContext): Pane {
  const { config, ask, emit, host } = context;
  const objects = objectsOfRows(config);
  const where = objectsText(objects);
  return new OutcomesPane(context, {
    title: `workflow on ${where}`,
    run: async (pane, signal) => {
      const { listWorkflows } = await import("../../actions/workflow/files.ts");
      const name = typeof config["workflow"] === "string" ? config["workflow"] : undefined;
      const listed = listWorkflows(host).then((all) => all.filter(({ errors }) => errors === 0));
      const choices = listed.then((found) =>
        found.map((one) => ({ value: one.name, detail: one.description ?? "" }))
          .toSorted((one) => one.value === name ? -1 : 0)
      );
      const label = `workflow on ${where}`;
      const noMatch = "no such workflow";
      const workflow = await ask(
        { kind: "choose", label, choices: [], noMatch },
        choices,
      );
      if (workflow === undefined) return false;
      const found = await listed;
      const params = new Map<string, string>();
      const { params: named = [], choosing = [] } = found.find(({ name }) => name === workflow) ??
        {};
      // The marked rows are the answer to what only chooses pods.
      const needed = named.filter((one) => !choosing.includes(one));
      if (needed.length > 0) {
        const label = `parameters (${needed.join(", ")}), as NAME=VALUE:`;
        const typed = await ask({ kind: "line", label });
        if (typed === undefined) return false;
        for (const [, key = "", value = ""] of typed.matchAll(/([\w-]+)=("[^"]*"|\S+)/g)) {
          params.set(key, value.replace(/^"(.*)"$/, "$1"));
        }
      }
      pane.title = `${workflow} on ${where}`;
      const { runSteps } = await import("../../actions/workflow/run_steps.ts");
      const { contexts, selection } = selectionOfRows(objects);
      const selected = await Promise.all(
        contexts.map(async (context) =>
          await host.select(await host.kube(context), selection, { signal })
        ),
      );
      const only = selected.flatMap(({ targets }) =>
        targets.map(({ context, namespace, pod }) => ({ context, namespace, pod }))
      );
      if (only.length === 0) throw new NoMatchError(`no pod of ${where} is running`);
      const names = [...new Set(only.map(({ namespace }) => namespace))];
      const events = runSteps(host, {
        workflow,
        params,
        overrides: { contexts, selection: { namespaces: { kind: "named", names } }, only },
        yes: false,
        trustNow: false,
        confirm: confirmIn(context),
        askTrust: async (question) => {
          const lines = [...trustText(question).trimEnd().split("\n"), "Trust it?"];
          return await ask({ kind: "confirm", lines }) === "yes";
        },
        ask: async ({ text, choices, free }) =>
          await (free || choices.length === 0
            ? free
              ? ask({ kind: "line", label: text, keepsLines: true })
              : ask({ kind: "confirm", lines: [text] })
            : ask({ kind: "choose", label: text, choices: choices.map((value) => ({ value })) })),
        signal,
        // Steps of `finally` clean up, also after a stop; closing the pane ends them.
        finallySignal: context.signal,
      });
      let wasRun = false;
      for await (const event of events) {
        wasRun = true;
        pane.follow(event);
      }
      return wasRun;
    },
    again: () => emit({ kind: "open", key: "workflow", config }),
  });
}
