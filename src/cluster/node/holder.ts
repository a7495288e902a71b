/**
 * The parent process of all containers.
 *
 * It is process 1 of a PID namespace in which every container has a nested one, and it reads a pipe whose other end
 * this program holds. When this program ends in any way, the pipe closes, the holder exits, and the kernel ends every
 * process of every container and with them every mount.
 */
import type { Capabilities } from "./runtime.ts";
import { takeFirstLine } from "./first_line.ts";
import { fstabField } from "./fstab_field.ts";
import { deviceFiles, type HostView } from "./host_view.ts";
import { required, type Tools } from "./tools.ts";

// Through the machine's own /proc the shell sees its process id as this program needs it.
const script = `set -e
read -r pid _ </proc/self/stat
"$2" -n -a -T "$1"
echo "$pid"
while read -r _; do :; done
`;

/** A running holder. */
export interface Holder extends AsyncDisposable {
  readonly pid: number;
}

/** Starts it. Throws with the machine's message if it doesn't allow namespaces. */
export async function startHolder(
  tools: Tools,
  view: HostView,
  user: Extract<Capabilities, { isolation: "namespaces" }>["user"],
): Promise<Holder> {
  const fstab = `${view.devices}.fstab`;
  await Deno.writeTextFile(fstab, deviceMounts(view.devices));
  const child = new Deno.Command(required(tools, "unshare"), {
    args: [
      ...(user === "userNamespace" ? ["--user", "--map-root-user"] : []),
      "--mount",
      "--pid",
      "--fork",
      "--kill-child",
      required(tools, "sh"),
      "-c",
      script,
      "sh",
      fstab,
      required(tools, "mount"),
    ],
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const complaint = new Response(child.stderr).text();
  const { line, complete, rest } = await takeFirstLine(child.stdout);
  const close = async () => {
    await child.stdin.close().catch(() => {});
    await Promise.all([child.status, complaint, rest.cancel()]);
  };
  if (!complete) {
    await close();
    throw new Error((await complaint).trim() || "unshare ended without a word");
  }
  return { pid: Number(line), [Symbol.asyncDispose]: close };
}

function deviceMounts(folder: string): string {
  const place = fstabField(folder);
  const lines = deviceFiles.map((name) => `/dev/${name} ${place}/${name} none bind 0 0`);
  return [...lines, `/dev/pts ${place}/pts none bind 0 0`, ""].join("\n");
}
