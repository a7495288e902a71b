/** Forwards in the background: started from a row, and listed with their traffic. They outlive the program. */
import type { ForwardReport } from "../../actions/forward/background.ts";
import { parsePorts } from "../../actions/forward/ports.ts";
import { UsageError } from "../../base/errors.ts";
import type { ObjectRef } from "../../kube/object_ref.ts";
import { bytesText } from "../../present/copy_painter.ts";
import type { Pane, PaneContext } from "../pane.ts";
import type { PaneRegistry } from "../registry.ts";
import { cellOf, PolledPane, type PolledRow } from "./polled_pane.ts";
import { isPod, objectsOfRows, podsRefusal } from "./row_objects.ts";
import { tableActions } from "./table_pane.ts";
import { errorMessage } from "./text_pane.ts";

/** Registers the pane. */
export function registerPortForwards(registry: PaneRegistry): void {
  registry.register("port-forwards", portForwardsPane, {
    summary: "local ports that lead to pods, and what they carry",
    offered: true,
    actions: [
      ...tableActions,
      { id: "stop", keys: ["X"], does: "stop the forwards of the marked rows" },
      { id: "start", keys: ["r"], does: "start the forwards of the row again" },
    ],
  });
}

const columns = [
  { title: "LOCAL", importance: 4 },
  { title: "TARGET", importance: 3 },
  { title: "POD", importance: 2 },
  { title: "STATE", importance: 2 },
  { title: "OPEN" },
  { title: "CONNECTIONS" },
  { title: "TO POD" },
  { title: "FROM POD" },
];

const background = () => import("../../actions/forward/background.ts");

function portForwardsPane(context: PaneContext): Pane {
  const { host, config, emit, signal } = context;
  const report = (error: unknown) =>
    emit({ kind: "toast", text: errorMessage(error), tone: "bad" });
  const pane = new PolledPane<ForwardReport>(context, {
    title: "port-forwards",
    columns,
    everyMs: 2000,
    empty: "no forwards: p on a pod, a service or a workload starts one",
    read: async () => (await (await background()).listSets(host)).flatMap(rowsOf),
    act: (action, sets, own) => {
      const names = new Map(sets.map((one) => [one.name, one]));
      const work = [...names.values()].map(async ({ name, args }) => {
        if (action === "start") {
          const { startSet } = await background();
          return void await startSet(host, { name, args }, signal);
        }
        const control = await host.forwards();
        await control.stop(name, signal);
        await control.forget(name);
      });
      Promise.all(work).then(() => own.refresh(), report);
    },
    refusal: (action, [first]) => {
      if (action !== "stop" && action !== "start") return undefined;
      if (first === undefined) return "there are no forwards";
      return action === "start" && first.phase === "running" ? "it is running" : undefined;
    },
  });
  const [object] = objectsOfRows(config);
  if (object !== undefined) start(context, object).then(() => pane.refresh(), report);
  // A saved layout must not start the forward again: it runs in the background.
  return Object.defineProperty(pane, "config", { value: {} });
}

/** Asks for the ports, and starts a set in the background. */
async function start({ ask, host, emit, signal }: PaneContext, object: ObjectRef): Promise<void> {
  const refusal = podsRefusal([object]);
  if (refusal !== undefined) throw new UsageError(refusal);
  const { name, namespace, context } = object;
  const target = `${isPod(object) ? "pod" : object.resource.plural}/${name}`;
  const label = `ports of ${target} (8080:80; empty: all that it declares):`;
  const typed = await ask({ kind: "line", label });
  if (typed === undefined) return;
  const ports = typed.split(/[\s,]+/).filter((one) => one !== "");
  for (const port of ports) {
    const parsed = parsePorts(port);
    if (!Array.isArray(parsed)) {
      return emit({ kind: "toast", text: `${port}: ${parsed.invalid}`, tone: "bad" });
    }
  }
  const args = [
    target,
    ...ports,
    ...(namespace === undefined ? [] : ["--namespace", namespace]),
    "--context",
    context,
  ];
  const set = [name, ...ports].join("-").replace(/[^\w.-]+/g, "-").slice(0, 100);
  emit({ kind: "toast", text: `starting ${set} …` });
  const { startSet } = await background();
  const { state } = await startSet(host, { name: set, args }, signal);
  const local = (state?.forwards ?? []).map((one) => String(one["local"])).join(", ");
  emit({ kind: "toast", text: `${set}: ${local}`, tone: "good" });
}

function rowsOf(set: ForwardReport): PolledRow<ForwardReport>[] {
  const { name, phase, args, state } = set;
  const forwards = phase === "running" ? state?.forwards ?? [] : [];
  if (forwards.length === 0) {
    const cells = ["", args.join(" "), "", cellOf(phase, "warn"), "", "", "", ""];
    return [{ id: name, cells, value: set }];
  }
  return forwards.map((one, index) => ({
    id: `${name}/${index}`,
    value: set,
    cells: [
      String(one["local"]),
      `${one["target"]}:${one["remote"]}`,
      String(one["pod"] ?? ""),
      cellOf(phase, "good"),
      String(one["active"] ?? ""),
      String(one["opened"] ?? ""),
      bytesText(Number(one["toPod"] ?? 0)),
      bytesText(Number(one["fromPod"] ?? 0)),
    ],
  }));
}
