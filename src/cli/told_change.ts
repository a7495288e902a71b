/** A change of the settings, as a person is told of it. */
import type { ConfigChange } from "../actions/config.ts";
import { printable } from "../term/printable.ts";

/** One line for standard error. */
export function toldChange({ path, changed }: ConfigChange): string {
  return `${printable(path)} ${changed ? "is changed" : "says so already"}\n`;
}
