/**
 * Which processes listen on a port. Pods share the machine's network, so an open port alone proves nothing: a program
 * of the machine, or a pod that is being replaced, may have opened it. Read from proc(5), which Linux alone has.
 */
import { systemPath } from "./tools.ts";

/** How the processes of a container are found in proc(5). */
export type ProcessSet =
  /** All those that a proc file system of the container's own shows. */
  | { kind: "procFolder"; path: string }
  /** Those with this entry, `NAME=value`, in their environment. */
  | { kind: "environment"; entry: string };

/**
 * Throws if a connection to 127.0.0.1 at this port would not reach one of these processes, or might
 * reach another one. On machines without proc(5) nothing is checked.
 *
 * @throws Deno.errors.ConnectionRefused with the message of Go's `net.Dial`.
 */
export async function requireListener(
  port: number,
  processes: readonly ProcessSet[],
): Promise<void> {
  if (Deno.build.os !== "linux") return;
  const refused = `dial tcp 127.0.0.1:${port}: connect: connection refused`;
  // Read by a program: Deno opens /proc only with all permissions.
  const sockets = listeningSockets(await output(["cat", "/proc/net/tcp", "/proc/net/tcp6"]), port);
  if (sockets.length === 0) throw new Deno.errors.ConnectionRefused(refused);
  const held = await output([
    "sh",
    "-c",
    heldScript(sockets),
    "sh",
    ...processes.flatMap(processArgs),
  ]);
  if (sockets.every((socket) => held.includes(`socket:[${socket}]`))) return;
  throw new Deno.errors.ConnectionRefused(
    `${refused}: the process that listens there isn't the pod's (pods of the embedded cluster share the machine's ports)`,
  );
}

function processArgs(set: ProcessSet): string[] {
  return set.kind === "procFolder" ? [set.kind, set.path] : [set.kind, set.entry];
}

/** Prints those of the sockets, `socket:[12345]`, that a process of the sets holds open. */
const heldScript = (sockets: readonly string[]) => `
while [ $# -gt 0 ]; do
  case $1 in
    procFolder) ls -l "$2"/[0-9]*/fd/ ;;
    environment) grep -lszxF -e "$2" /proc/[0-9]*/environ | while IFS= read -r environ; do
        ls -l "\${environ%environ}fd/"
      done ;;
  esac
  shift 2
done 2>/dev/null | grep -oF ${sockets.map((socket) => `-e 'socket:[${socket}]'`).join(" ")}
`;

async function output([program = "", ...args]: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, {
    args,
    clearEnv: true,
    env: { PATH: systemPath, LC_ALL: "C" },
    stdin: "null",
    // A process that ends meanwhile, or a kernel without IPv6, is not an error.
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

/** Addresses of listening sockets that take a connection to 127.0.0.1, those that the kernel prefers first. */
const addresses: readonly (readonly string[])[] = [
  ["0100007F", "7F000001", "0000000000000000FFFF00000100007F", "00000000000000000000FFFF7F000001"],
  ["00000000"],
  ["00000000000000000000000000000000"],
];

/**
 * Returns the inodes of the sockets that take a connection to 127.0.0.1 at this port, from the text of
 * `/proc/net/tcp` and `/proc/net/tcp6`. More than one of them share the port (`SO_REUSEPORT`).
 */
export function listeningSockets(tables: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const listening = tables.split("\n").map((line) => line.trim().split(/\s+/))
    .filter(([, local = "", , state]) => state === "0A" && local.endsWith(suffix));
  for (const preferred of addresses) {
    const found = listening.filter(([, local = ""]) =>
      preferred.includes(local.slice(0, -suffix.length))
    );
    if (found.length > 0) return found.map((fields) => fields[9] ?? "");
  }
  return [];
}
