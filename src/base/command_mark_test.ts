import assert from "node:assert/strict";
import { commandMark, signalScript } from "./command_mark.ts";
import { unless } from "./testing/unless.ts";

const elsewhere = Deno.build.os === "linux" ? undefined : "only /proc shows environments";

/**
 * Writes a line for each TERM, and ends with VTALRM, of which a trap is run after that of TERM; its first line is its
 * id.
 */
const counting = "trap 'echo TERM' TERM; trap 'kill $!; exit' VTALRM; echo $$; " +
  "while :; do sleep 1000 >/dev/null & wait; done";

/** Returns the output of processes with an environment, and with the command `sh -c LINE` in a group of their own. */
async function counted(
  line: string,
  { environment, processes, during }: {
    environment: Record<string, string>;
    processes: number;
    during: (leader: number) => Promise<unknown>;
  },
): Promise<string[]> {
  const child = new Deno.Command("sh", {
    args: ["-c", line, counting],
    env: environment,
    stdout: "piped",
    detached: true,
  }).spawn();
  const ids: string[] = [];
  const rest: string[] = [];
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const one of lines) {
      if (one === "TERM") rest.push(one);
      else if (ids.push(one) === processes) {
        await during(child.pid);
        // A builtin of the shell: a small machine has no program of this name.
        await new Deno.Command("sh", { args: ["-c", 'kill -s VTALRM "$@"', "sh", ...ids] })
          .output();
      }
    }
  }
  await child.status;
  return rest;
}

const signal = (name: string, group: number, mark: string) =>
  new Deno.Command("sh", { args: ["-c", signalScript, "sh", name, String(group), mark] }).output();

Deno.test({
  ...unless(elsewhere, "a signal reaches each process of a command once, in its group and outside"),
  fn: async () => {
    const mark = crypto.randomUUID();
    const lines = await counted('setsid sh -c "$0" & sh -c "$0" & exec sh -c "$0"', {
      environment: { [commandMark]: mark },
      processes: 3,
      during: (leader) => signal("TERM", leader, mark),
    });
    assert.deepEqual(lines, ["TERM", "TERM", "TERM"]);
  },
});

Deno.test({
  ...unless(elsewhere, "a signal reaches no process of another command"),
  fn: async () => {
    const lines = await counted('exec sh -c "$0"', {
      environment: { [commandMark]: crypto.randomUUID(), OTHER: commandMark },
      processes: 1,
      during: () => signal("TERM", 2 ** 22 + 1, crypto.randomUUID()),
    });
    assert.deepEqual(lines, []);
  },
});
