/** Routes of workflows, and of the runs that this server starts. */
import type { Host } from "../actions/host.ts";
import {
  type ListedWorkflow,
  listWorkflows,
  paramsSchema,
  readWorkflow,
} from "../actions/workflow/files.ts";
import { planSteps } from "../actions/workflow/run_steps.ts";
import { KodamaError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest_names.ts";
import { toJson } from "../present/json.ts";
import { workflowLines } from "../present/workflow_text.ts";
import type { WorkflowSummary } from "./api.ts";
import { eventBytes } from "./event_stream.ts";
import { bodies, chosenPods, queries, textsOfParams } from "./requests.ts";
import type { Answer, Router } from "./router.ts";
import { Runs } from "./runs.ts";

/** Adds them. Disposing of what is returned ends the runs. */
export function addRunRoutes(router: Router): AsyncDisposable {
  const { host } = router;
  const runs = new Runs(host);
  router.get("GET api/workflows", queries.none, async () => ({
    workflows: (await listWorkflows(host)).map(summaryOf),
  }));
  router.get("GET api/workflows/:name", queries.none, async ({ name }) => {
    const listed = await listedWorkflow(host, name);
    const { workflow } = await readWorkflow(host, name);
    return {
      ...summaryOf(listed),
      parameters: paramsSchema(workflow),
      text: workflowLines(workflow).join("\n"),
    };
  });
  router.post(
    "POST api/workflows/:name/plan",
    queries.none,
    bodies.workflowValues,
    async ({ name, body: { params = {}, selection }, signal }) => {
      await listedWorkflow(host, name);
      const overrides = selection === undefined
        ? {}
        : await chosenPods(selection, { allPhases: false });
      const options = { workflow: name, params: textsOfParams(params), overrides, signal };
      return toJson(await planSteps(host, options)) as Answer<"POST api/workflows/:name/plan">;
    },
  );

  router.get("GET api/runs", queries.runs, ({ query: { limit = 50 } }) => runs.list(limit));
  router.post("POST api/runs", queries.none, bodies.startRun, async ({ body, asking, signal }) => {
    if (body.kind === "workflow") await listedWorkflow(host, body.workflow);
    return { id: await runs.start(body, asking, signal) };
  });
  router.get("GET api/runs/:id", queries.none, ({ name }) => runs.details(name));
  router.stream("GET api/runs/:id/events", queries.none, async function* ({ name, after, signal }) {
    for await (const event of runs.events(name, after, signal)) {
      const text = "text" in event
        ? event.text
        : JSON.stringify({ kind: "omitted", events: event.omitted });
      yield eventBytes(text, { id: event.id });
    }
  });
  router.post(
    "POST api/runs/:id/rerun",
    queries.none,
    bodies.rerun,
    async ({ name, body, ...call }) => ({ id: await runs.rerun(name, body, call) }),
  );
  router.post("POST api/runs/:id/cancel", queries.none, bodies.empty, ({ name }) => {
    runs.cancel(name);
    return {};
  });
  router.post("POST api/runs/:id/answer", queries.none, bodies.answer, ({ name, body }) => {
    runs.answer(name, body);
    return {};
  });
  return { [Symbol.asyncDispose]: () => runs.end() };
}

/** A name and not a path: the listed files are what a page may run. */
async function listedWorkflow(host: Host, name: string): Promise<ListedWorkflow> {
  const all = await listWorkflows(host);
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const near = await didYouMean(name, all.map((one) => one.name));
  throw new KodamaError("notFound", `no workflow "${name}"${near}`);
}

/** Without the path: where a file is on this machine is of no use to a page, whose form has all parameters. */
function summaryOf({ path: _, choosing: _c, params, ...listed }: ListedWorkflow): WorkflowSummary {
  return { ...listed, params: [...params] };
}
