/** What was chosen, as words for the next command or as data. */
import type { Target } from "../../actions/pick_pods.ts";
import { printable } from "../../term/printable.ts";
import { type DataFormat, renderData } from "../output.ts";

/** `plain` is the bare name, `name` is `pod/web-0` as kubectl prints it. */
export type PickFormat = "plain" | "name" | DataFormat;

/** The text for standard output. */
export async function printPicked(
  targets: readonly Target[],
  { format, print0 }: { format: PickFormat; print0: boolean },
): Promise<string> {
  if (format !== "plain" && format !== "name") return await renderData(targets, format);
  const prefix = format === "name" ? "pod/" : "";
  const end = print0 ? "\0" : "\n";
  return targets.map(({ pod }) => `${prefix}${printable(pod)}${end}`).join("");
}
