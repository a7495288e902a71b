/**
 * Ends plain processes when this program has ended.
 *
 * Without PID namespaces the kernel does not do it. A small shell reads a pipe on which the node writes the process
 * groups that live; when the pipe ends, for any reason, it kills those that remain.
 */
import { required, type Tools } from "./tools.ts";

const script = `groups=' '
while read -r verb group; do
  case $verb in
    add) groups="$groups$group " ;;
    remove) case $groups in *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;; esac ;;
  esac
done
for group in $groups; do kill -9 "-$group"; done
`;

/** A running watchdog. Disposing it kills every remaining group. */
export interface Watchdog extends AsyncDisposable {
  /** Ties this process group to the node's lifetime. */
  add(group: number): Promise<void>;
  /** Removes a group that has ended by itself. */
  remove(group: number): Promise<void>;
}

/** Starts it, in a session of its own: a Ctrl-C at the node's terminal must not reach it. */
export function startWatchdog(tools: Tools): Watchdog {
  const child = new Deno.Command(required(tools, "sh"), {
    args: ["-c", script],
    clearEnv: true,
    detached: true,
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  const tell = (verb: string, group: number) =>
    writer.write(new TextEncoder().encode(`${verb} ${group}\n`));
  return {
    add: (group) => tell("add", group),
    remove: (group) => tell("remove", group),
    async [Symbol.asyncDispose]() {
      await writer.close();
      await child.status;
    },
  };
}
