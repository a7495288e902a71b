/** tmux of this machine. */
import type { Multiplexer, ProgramEnd } from "../actions/tmux/events.ts";
import { KodamaError } from "../base/errors.ts";
import { placesOf } from "../config/paths.ts";
import { ownCommand } from "./machine.ts";

/** Bytes retained of each stream. */
const captureLimitBytes = 64 * 1024;

/** Returns the tmux found on PATH. */
export function tmuxOfThisMachine(
  environment: (name: string) => string | undefined,
): Multiplexer {
  return {
    async run(words, signal) {
      const child = spawned(words, { signal, streams: "piped" });
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      const { code } = await child.status;
      return { code, stdout, stderr } satisfies ProgramEnd;
    },
    async lendTerminal(words) {
      return (await spawned(words, { streams: "inherit" }).status).code;
    },
    kodamaWords: (writes) => {
      const places = { workingDir: Deno.cwd(), shippedWorkflowsDir: "" };
      const { configDir } = placesOf({ ...places, env: environment });
      return ownCommand({
        launcher: environment("KODAMA_LAUNCHER"),
        writes: [configDir, ...writes],
      });
    },
  };
}

function spawned(
  words: readonly string[],
  { signal, streams }: { signal?: AbortSignal | undefined; streams: "piped" | "inherit" },
): Deno.ChildProcess {
  try {
    return new Deno.Command("tmux", {
      args: [...words],
      stdin: streams === "piped" ? "null" : "inherit",
      stdout: streams,
      stderr: streams,
      // Out of reach of the terminal's Ctrl-C: otherwise it could leave half a window, which isn't cleaned up.
      detached: streams === "piped",
      ...(signal === undefined ? {} : { signal }),
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new KodamaError("environment", "tmux isn't installed", {
        hint: "install tmux 3.2 or later; `kodama doctor` checks for it",
        cause: error,
      });
    }
    if (error instanceof Deno.errors.NotCapable) {
      // Deno grants a program by the path that it had at the start: if it had none, it can't be run.
      throw new KodamaError("environment", "tmux isn't installed, or kodama may not start it", {
        hint: "install tmux 3.2 or later; `kodama doctor` checks for it",
        cause: error,
      });
    }
    throw error;
  }
}

/** Read to the end even beyond the retained limit: a full pipe would block the program forever. */
async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let retained = "";
  let bytes = 0;
  for await (const chunk of stream) {
    retained += decoder.decode(chunk.subarray(0, Math.max(0, captureLimitBytes - bytes)), {
      stream: true,
    });
    bytes += chunk.length;
  }
  return retained;
}
