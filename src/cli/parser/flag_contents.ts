/** Flags whose value is the name of a file: its content replaces the name before anything is resolved. */
import { KodamaError, UsageError } from "../../base/errors.ts";
import type { Invocation } from "../invocation.ts";

/** The name for standard input. */
export const standardInput = "-";

/** Anything longer isn't a list of names. */
const mostBytes = 4 * 1024 * 1024;

/**
 * Returns the text of a file, or of standard input.
 *
 * @throws UsageError if there is no such file; KodamaError if it can't be read, or is larger than 4 MiB.
 */
export async function contentsOf(
  name: string,
  { host, terminal }: Pick<Invocation, "host" | "terminal">,
): Promise<string> {
  if (name === standardInput) {
    return await allOf(terminal.stdin.chunks(new AbortController().signal));
  }
  const { files, places } = await host();
  const path = name.startsWith("/") ? name : `${places.workingDir}/${name}`;
  const text = await files.readText(path, mostBytes);
  if (text === undefined) throw new UsageError(`${name}: no such file`);
  return text;
}

/** Flags that choose a part of a run's pods. */
const partFlags = ["failed", "skipped", "differing"] as const;

/** Returns the pods of a past run, or of the part of it that other flags choose, as lines of `-o jsonl`. */
export async function podsOfRunText(
  run: string,
  texts: ReadonlyMap<string, readonly string[]>,
  { host }: Pick<Invocation, "host">,
): Promise<string> {
  const { podsOfRun } = await import("../../actions/runs/run_pods.ts");
  const lastOf = (flag: string) => texts.get(flag)?.at(-1);
  const sameAs = lastOf("same-as");
  const part = {
    ...Object.fromEntries(
      partFlags.map((flag) => [flag, ![undefined, "false"].includes(lastOf(flag))]),
    ),
    ...(sameAs === undefined ? {} : { sameAs }),
  };
  const used = await host({ kubeconfig: lastOf("kubeconfig") });
  const id = run === "last" ? undefined : run;
  const pods = await podsOfRun(used, id, part, new AbortController().signal);
  return pods.map((pod) => JSON.stringify(pod)).join("\n");
}

async function allOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new KodamaError("config", "standard input is larger than 4 MiB");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
