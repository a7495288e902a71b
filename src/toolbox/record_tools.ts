/** Tools over what kodama itself has: `runs`, `run`, `workflows`, `workflow`, `run_workflow`, `sessions`, `contexts`. */
import type { Host } from "../actions/host.ts";
import { textField, toggleField, variablesField, wholeField } from "../operation/field.ts";
import { findAnyRun, listRuns } from "../actions/runs/past_runs.ts";
import { list as listSessions } from "../actions/session/list.ts";
import { listWorkflows, readWorkflow } from "../actions/workflow/files.ts";
import { planSteps, runSteps } from "../actions/workflow/run_steps.ts";
import { KodamaError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest_names.ts";
import { definedOnly } from "../base/json_value.ts";
import { runLines, runsTable, workflowRunLines } from "../present/past_runs.ts";
import { sessionsTable } from "../present/session_text.ts";
import { planLines, StepsPainter } from "../present/steps_painter.ts";
import { workflowLines } from "../present/workflow_text.ts";
import { styleFor } from "../terminal/style.ts";
import { defineTool } from "./tool.ts";

/** `runs`. */
export const runsTool = defineTool({
  name: "runs",
  title: "List past runs",
  description: "Lists past runs of commands and workflows on this machine, the newest first. " +
    "Changes nothing.",
  options: { limit: wholeField("largest number of runs (default 20)", { least: 1 }) },
  async run({ limit = 20 }, { host }) {
    const { runs, total } = await listRuns(host, Math.min(limit, 500));
    return [
      { lines: [`${runs.length} of ${total} runs`], unit: "lines" },
      { lines: runsTable(runs, host.clock.now()), unit: "runs", more: "use a smaller limit" },
    ];
  },
});

/** `run`. */
export const runTool = defineTool({
  name: "run",
  title: "Show a past run",
  description: "Shows a past run and how each of its pods or steps ended. Changes nothing.",
  options: { id: textField("id of the run; the latest if absent") },
  async run({ id }, { host }) {
    const found = await findAnyRun(host, id);
    const lines = found.kind === "run" ? runLines(found.run) : workflowRunLines(found.run);
    return [{ lines, unit: "lines" }];
  },
});

/** `workflows`. */
export const workflowsTool = defineTool({
  name: "workflows",
  title: "List workflows",
  description:
    "Lists the workflows that can be run from here, with their parameters. Changes nothing.",
  options: {},
  async run(_values, { host }) {
    const workflows = await listWorkflows(host);
    return [{
      lines: workflows.map(({ name, description, params, errors }) =>
        [
          name,
          params.length === 0 ? "" : `(${params.join(", ")})`,
          description ?? "",
          errors > 0 ? `[${errors} errors]` : "",
        ].filter((one) => one !== "").join("  ")
      ),
      unit: "workflows",
    }];
  },
});

/** Throws unless it is the name of a listed workflow: a path could be any file of this machine. */
async function requireListed(host: Host, name: string): Promise<void> {
  const names = (await listWorkflows(host)).map((one) => one.name);
  if (names.includes(name)) return;
  throw new KodamaError("notFound", `no workflow "${name}"${await didYouMean(name, names)}`);
}

const workflowOptions = {
  name: textField("name of the workflow"),
  params: variablesField("values of its parameters"),
};

/** `workflow`. */
export const workflowTool = defineTool({
  name: "workflow",
  title: "Show or plan a workflow",
  description: "Shows what a workflow does; with `plan`, the steps with these parameters and the " +
    "pods that each would run in. Changes nothing.",
  options: { ...workflowOptions, plan: toggleField("plan a run, with its pods") },
  required: ["name"],
  async run({ name = "", params = {}, plan = false }, { host, signal }) {
    await requireListed(host, name);
    if (!plan) {
      const { workflow } = await readWorkflow(host, name);
      return [{ lines: workflowLines(workflow), unit: "lines" }];
    }
    const planned = await planSteps(host, {
      workflow: name,
      params: new Map(Object.entries(params)),
      overrides: {},
      signal,
    });
    return [{ lines: planLines(planned), unit: "lines" }];
  },
});

/** `run_workflow`. */
export const runWorkflowTool = defineTool({
  name: "run_workflow",
  title: "Run a workflow",
  description:
    "Runs a workflow, after a person's approval of what it changes. Only workflows that " +
    "the user trusts run.",
  options: workflowOptions,
  required: ["name"],
  mayChange: true,
  async run({ name = "", params = {} }, { host, signal, confirm, progress }) {
    await requireListed(host, name);
    const plain = styleFor(false);
    const painter = new StepsPainter({
      format: "text",
      quiet: false,
      style: { stdout: plain, stderr: plain },
      rerunLine: (id) => `run ${id}`,
    });
    const lines: string[] = [];
    let isStarted = false;
    const events = runSteps(host, {
      workflow: name,
      params: new Map(Object.entries(params)),
      overrides: {},
      yes: false,
      trustNow: false,
      confirm,
      signal,
      finallySignal: signal,
    });
    for await (const event of events) {
      isStarted = true;
      for (const { data } of painter.paint(event)) {
        const text = data.map((one) =>
          typeof one === "string" ? one : new TextDecoder().decode(one)
        )
          .join("").trimEnd();
        if (text === "") continue;
        progress?.(text.slice(0, 200));
        lines.push(...text.split("\n"));
        if (lines.length > 5000) lines.splice(0, 1000);
      }
    }
    if (!isStarted) throw new KodamaError("declined", "the person said no: nothing was run");
    // How it ended is at the end.
    return [{
      lines: lines.toReversed(),
      unit: "lines",
      more: "the tool run has how each step ended",
    }];
  },
});

/** `sessions`. */
export const sessionsTool = defineTool({
  name: "sessions",
  title: "List sessions",
  description: "Lists the sessions in the cluster: pods in which people and coding agents work. " +
    "Changes nothing.",
  options: {
    namespace: textField("namespace; the one of new sessions if absent"),
    allNamespaces: toggleField("all namespaces"),
    context: textField("context of the kubeconfig; the one in use if absent"),
  },
  async run({ namespace, allNamespaces = false, context }, { host, signal }) {
    const listed = await listSessions(host, {
      ...definedOnly({ namespace, context }),
      allNamespaces,
      tasks: false,
    }, signal);
    if (listed.rows.length === 0) return [{ lines: ["no sessions"], unit: "lines" }];
    return [{
      lines: sessionsTable(listed.rows, { wide: false, now: host.clock.now() }),
      unit: "sessions",
    }];
  },
});

/** `contexts`. */
export const contextsTool = defineTool({
  name: "contexts",
  title: "List contexts",
  description:
    "Lists the names of the kubeconfig's contexts; no addresses, users or credentials. " +
    "Changes nothing.",
  options: {},
  async run(_values, { host }) {
    const contexts = await host.contexts();
    // The kubeconfig may have changed since this program has read it.
    const used = contexts.length === 0 ? undefined : (await host.kube()).context;
    return [{
      lines: contexts.map(({ name, current }) =>
        name === used
          ? `${name} (in use)`
          : current
          ? `${name} (the kubeconfig's current one by now; name it to use it)`
          : name
      ),
      unit: "contexts",
    }];
  },
});
