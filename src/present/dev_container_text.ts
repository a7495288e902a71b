/** What a session takes from a `devcontainer.json`, as lines. Pure. */
import type { StartEvent, UnsupportedReason } from "../actions/session/events.ts";
import { printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";

const reasons: Readonly<Record<UnsupportedReason, string>> = {
  usersMachine: "nothing of it runs on, or mounts, your machine",
  privileges: "a session's pod has no privileges",
  feature:
    "features are installed as root into an image: build one with it, and name it by --image",
  volumes: "a session has its own volumes",
  workspaceFolder: "the workspace is /workspace",
  user: "a session's user has the id 1000",
  imageVariables: "it depends on the image's own variables, which are known only in the pod",
  protectedVariable: "the system, the cluster or kodama sets it",
  localVariable: "variables of your machine are sent only by --env-file",
  otherImage: "another image is chosen",
  ports: "only ports of the session itself are used, and only their numbers",
  gpu: "settings name GPUs as extended resources",
  form: "its value has an unknown form",
  unknown: "sessions have nothing like it",
};

/** Returns a line for the file, and one for each reason for which properties have no effect. */
export function devContainerLines(
  { path, honoured, unsupported }: Extract<StartEvent, { kind: "devContainer" }>["report"],
  style: Style,
): string[] {
  const used = honoured.length === 0 ? "nothing" : honoured.join(", ");
  const byReason = Map.groupBy(unsupported, ({ reason }) => reason);
  return [
    printable(`${path}: ${used}`),
    ...[...byReason].map(([reason, all]) => {
      const properties = all.map(({ property }) => property).join(", ");
      return `${style.yellow("warning:")} ${
        printable(`${path}: not supported: ${properties}: ${reasons[reason]}`)
      }`;
    }),
  ];
}
