/** Commands and workflows that run on the marked rows. */
import type { ExecEvent, Target } from "../../actions/exec/events.ts";
import type { Confirm } from "../../actions/exec/events.ts";
import type { StepsEvent } from "../../actions/workflow/run_steps.ts";
import { questionText } from "../../present/change_question.ts";
import { failedContextText, notRecordedText, skippedPodText } from "../../present/run_notes.ts";
import { summaryText } from "../../present/summary.ts";
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

const decoder = new TextDecoder();

/** A command is always asked for: a layout that is restored runs nothing by itself. */
function runPane(context: PaneContext): Pane {
  const { config, ask, emit, host } = context;
  const objects = objectsOfRows(config);
  const where = objectsText(objects);
  let command = typeof config["command"] === "string" ? config["command"] : "";
  /** The targets by their index in the run, which is the id of their row. */
  const targets: Target[] = [];
  return new OutcomesPane(context, {
    title: `run in ${where}`,
    run: async (pane, signal) => {
      const typed = await ask({ kind: "line", label: `run in ${where}:`, text: command });
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
        takeExec(pane, event, targets);
      }
      return wasRun;
    },
    again: () => emit({ kind: "open", key: "run", config: { objects, command } }),
    failedAgain: (ids) => {
      const failed = ids.flatMap((id) => targets[Number(id)] ?? []).map((one) => ({
        context: one.context,
        namespace: one.namespace,
        name: one.pod,
        plural: "pods",
      }));
      emit({ kind: "open", key: "run", config: { objects: failed, command } });
    },
  });
}

function takeExec(pane: OutcomesPane, event: ExecEvent, targets: Target[]): void {
  switch (event.kind) {
    case "contextWaiting":
      return pane.note(`${event.context}: ${event.reason}`);
    case "contextFailed":
      return pane.note(failedContextText(event));
    case "podsSkipped":
      return event.skipped.forEach((one) => pane.note(skippedPodText(one)));
    case "runStarted":
    case "targetsAdded": {
      const first = targets.length;
      targets.push(...event.targets);
      pane.started();
      return pane.add(event.names.map((name, index) => ({ id: `${first + index}`, name })));
    }
    case "targetStarted":
      return pane.targetStarted(`${event.target}`);
    case "line":
      return pane.line(`${event.target}`, decoder.decode(event.bytes));
    case "targetEnded":
      return pane.targetEnded(`${event.target}`, event.outcome, event.durationMs);
    case "notRecorded":
      return pane.note(notRecordedText(event));
    case "runEnded": {
      const extras = { failedContexts: 0, unreachableContexts: 0, notReady: 0 };
      return pane.ended(summaryText(event.summary, extras), event.exitCode === 0);
    }
    default:
      return;
  }
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
      const found = (await listWorkflows(host)).filter(({ errors }) => errors === 0);
      const choices = found.map((one) => ({ value: one.name, detail: one.description ?? "" }))
        .toSorted((one) => one.value === name ? -1 : 0);
      const workflow = await ask({ kind: "choose", label: `workflow on ${where}`, choices });
      if (workflow === undefined) return false;
      const params = new Map<string, string>();
      const needed = found.find((one) => one.name === workflow)?.params ?? [];
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
      const client = await host.kube(contexts[0]);
      const { targets } = await host.select(client, selection, { signal });
      const only = targets.map(({ context, namespace, pod }) => ({ context, namespace, pod }));
      const { namespaces } = selection;
      const events = runSteps(host, {
        workflow,
        params,
        overrides: {
          ...(contexts.length === 0 ? {} : { contexts }),
          selection: { namespaces },
          only,
        },
        yes: false,
        trustNow: false,
        confirm: confirmIn(context),
        askTrust: async (question) => {
          const lines = [...trustText(question).trimEnd().split("\n"), "Trust it?"];
          return await ask({ kind: "confirm", lines }) === "yes";
        },
        ask: async ({ text, choices, free }) =>
          await (free || choices.length === 0
            ? free ? ask({ kind: "line", label: text }) : ask({ kind: "confirm", lines: [text] })
            : ask({ kind: "choose", label: text, choices: choices.map((value) => ({ value })) })),
        signal,
        // Steps of `finally` clean up, also after a stop; closing the pane ends them.
        finallySignal: context.signal,
      });
      let wasRun = false;
      for await (const event of events) {
        wasRun = true;
        takeStep(pane, event);
      }
      return wasRun;
    },
    again: () => emit({ kind: "open", key: "workflow", config }),
  });
}

function takeStep(pane: OutcomesPane, event: StepsEvent): void {
  const id = (step: string, target: string) => `${step}\0${target}`;
  switch (event.kind) {
    case "workflowStarted":
      return pane.started();
    case "workflowWaits":
      return pane.note(`waits for ${event.holder}, another run of ${event.group}`);
    case "stepStarted":
      return pane.note(`${event.step}: ${event.title}`);
    case "stepPodsSkipped":
      return event.skipped.forEach((one) => pane.note(skippedPodText(one)));
    case "stepTargets": {
      const { step } = event;
      pane.add(event.names.map((name) => ({ id: id(step, name), name, step })));
      return event.names.forEach((name) => pane.targetStarted(id(step, name)));
    }
    case "stepLine":
      return event.target === ""
        ? pane.note(`${event.step}: ${event.text}`)
        : pane.line(id(event.step, event.target), event.text);
    case "stepTargetEnded":
      return pane.targetEnded(
        id(event.step, event.end.name),
        event.end.outcome,
        event.end.durationMs,
      );
    case "stepRetried":
      return pane.note(`${event.step}: attempt ${event.attempt} follows: ${event.reason}`);
    case "stepEnded":
      return event.outcome.kind === "ok"
        ? undefined
        : pane.note(`${event.step}: ${outcomeText(event.outcome)}`);
    case "notRecorded":
      return pane.note(notRecordedText(event));
    case "workflowEnded":
      return pane.ended(outcomeText(event.outcome), event.exitCode === 0);
    default:
      return;
  }
}

function outcomeText(outcome: { kind: string; reason?: string }): string {
  return outcome.reason === undefined ? outcome.kind : `${outcome.kind}: ${outcome.reason}`;
}
