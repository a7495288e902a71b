/** A change in words, whole and on lines of its own: for a person who approves it in another program than a terminal. */
import type { ChangeQuestion } from "../actions/confirm_change.ts";
import { plural } from "../base/plural.ts";
import { commandLine } from "../base/shell_quote.ts";
import { printable } from "../terminal/printable.ts";

/** Names of pods that are listed; more are given as ranges. */
const maxPods = 20;

/** Returns the exact change and what it reaches. */
export function changeText({ action, count, scopes }: ChangeQuestion): string {
  const lines = [
    ...actionLines(action, count),
    ...scopes.map(({ context, server, namespace, ranges, pods }) => {
      const names = pods.length <= maxPods ? pods.join(", ") : ranges;
      const address = server === undefined ? "" : ` (${server})`;
      const place = `namespace ${namespace}, context ${context}${address}`;
      if (pods.length === 0) return `in ${place}`;
      return `in ${plural(pods.length, "pod")} of ${place}: ${names}`;
    }),
  ];
  return lines.map(printable).join("\n");
}

function actionLines(action: ChangeQuestion["action"], count: number): string[] {
  switch (action.kind) {
    case "command":
      return [
        `run: ${action.shell ? action.command.join(" ") : commandLine(action.command)}`,
        ...(action.variables.length === 0 ? [] : [`with ${action.variables.join(", ")}`]),
      ];
    case "copy":
      return [`copy ${action.from} to ${action.to}`];
    case "kubectl":
      return [...action.effect, ...(action.manifest?.split("\n") ?? [])];
    case "forward": {
      const ports = action.ports.length === 0 ? "all its ports" : action.ports.join(", ");
      return [
        `open local ports for ${plural(action.minutes, "minute")} that lead to ` +
        `${action.target} (${ports}) of ${action.scope}`,
      ];
    }
    case "agent":
      return [
        `agent of the session ${action.session}: ${action.does}`,
        ...action.details.map((line) => `  ${line}`),
      ];
    case "shells":
      return [`open shells in ${plural(count, "pod")}`];
    case "clusterRun":
      return [
        `run the workflow ${action.workflow} in the cluster, as ${action.object} of namespace ` +
        `${action.namespace}, context ${action.context}`,
        ...action.rights.map((right) => `- it may ${right}`),
      ];
    case "steps":
      return [
        `run the workflow ${action.workflow} (${action.path}), which may change something:`,
        ...action.steps.map(({ id, does }) => `- ${id}: ${does}`),
      ];
  }
}
