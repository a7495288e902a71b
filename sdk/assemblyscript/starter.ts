// A list whose cursor moves with the keys.
import { Command, onCommand, render } from "./kubetile";
export { plugin_alloc, plugin_init, plugin_on_command } from "./kubetile";

const items = ["one", "two", "three"];
let cursor = 0;

onCommand((command: Command): void => {
  if (command.type == "select_next" && cursor < items.length - 1) cursor++;
  if (command.type == "select_prev" && cursor > 0) cursor--;
  const lines: string[] = [];
  for (let at = 0; at < items.length; at++) {
    lines.push((at == cursor ? "> " : "  ") + items[at]);
  }
  render(lines);
});
