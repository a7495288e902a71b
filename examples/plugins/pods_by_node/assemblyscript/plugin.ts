// A pane that shows how many pods each node runs. It needs the permission k8s:list:pods.
//
//     npx -y -p assemblyscript@0.28.20 asc plugin.ts -o plugin.wasm -O
import { Command, listPods, onCommand, render } from "../../../../sdk/assemblyscript/kubetile";
export {
  plugin_alloc,
  plugin_init,
  plugin_on_command,
} from "../../../../sdk/assemblyscript/kubetile";

onCommand((_command: Command): void => {
  const pods = listPods();
  if (pods.error != "") return render([pods.error]);
  const counts = new Map<string, i32>();
  for (let at = 0; at < pods.items.length; at++) {
    const node = pods.items[at].node == "" ? "(no node)" : pods.items[at].node;
    counts.set(node, (counts.has(node) ? counts.get(node) : 0) + 1);
  }
  const lines: string[] = [];
  const nodes = counts.keys().sort();
  for (let at = 0; at < nodes.length; at++) {
    lines.push(counts.get(nodes[at]).toString() + "  " + nodes[at]);
  }
  render(lines);
});
