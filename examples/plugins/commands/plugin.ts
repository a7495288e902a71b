// A pane that shows the last commands that it got, in AssemblyScript.
//
//     npx -y -p assemblyscript@0.28.20 asc plugin.ts -o plugin.wasm -O

// @ts-ignore: decorators of functions are AssemblyScript's
@external("kubetile", "host_send_render")
declare function host_send_render(ptr: usize, length: i32): void;

const most = 20;
const lines: string[] = [];
let payload: ArrayBuffer = new ArrayBuffer(0);

// The host writes each command here.
export function plugin_alloc(length: i32): usize {
  payload = new ArrayBuffer(length);
  return changetype<usize>(payload);
}

export function plugin_on_command(ptr: usize, length: i32): i32 {
  const command = String.UTF8.decodeUnsafe(ptr, length);
  lines.push('"' + command.replaceAll("\\", "\\\\").replaceAll('"', '\\"') + '"');
  if (lines.length > most) lines.shift();
  const rendering = String.UTF8.encode("[" + lines.join(",") + "]");
  host_send_render(changetype<usize>(rendering), rendering.byteLength);
  return 0;
}
