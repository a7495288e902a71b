/** The message for a change of the settings. */
import type { ConfigChange } from "../../../actions/config/config.ts";
import { printable } from "../../../terminal/printable.ts";

/** Returns one line for standard error. */
export function toldChange({ path, changed }: ConfigChange): string {
  return `${printable(path)} ${changed ? "is changed" : "says so already"}\n`;
}
