/** The user's own kubectl, as a program of this machine. */
import type { KubectlInput, KubectlProgram } from "../actions/kubectl/program.ts";
import { KodamaError } from "../base/errors.ts";
import type { SignalSource } from "../terminal/driver/signals.ts";

/** The limit of standard error: kubectl's messages are short. */
const stderrLimitBytes = 64 * 1024;

/** The dependencies of the program. */
interface KubectlParts {
  signals: SignalSource;
  /** Whether Ctrl-C reaches every program of this terminal by itself. */
  isInteractive: boolean;
  /** The file that kodama itself was given; a `--kubeconfig` of the command line wins. */
  kubeconfig?: string | undefined;
  /** Flags in front of every command line. */
  flags?: readonly string[];
}

/** Returns the kubectl found on PATH. */
export function machineKubectl(
  { signals, isInteractive, kubeconfig, flags = [] }: KubectlParts,
): KubectlProgram {
  const withOwn = (input: KubectlInput): KubectlInput =>
    kubeconfig === undefined
      ? input
      : { ...input, environment: { KUBECONFIG: kubeconfig, ...input.environment } };
  return {
    async run(args, input) {
      const child = spawn([...flags, ...args], withOwn(input), {
        stdout: "inherit",
        stderr: "inherit",
      });
      using _signals = signals.listen((signal) => {
        if (signal === "SIGINT" && isInteractive) return;
        try {
          child.kill(signal);
        } catch {
          // The process has ended by itself.
        }
      });
      await feed(child, input);
      return (await child.status).code;
    },
    async read(args, { stderr, maxBytes, signal, ...input }) {
      const child = spawn([...flags, ...args], withOwn({ input: new Uint8Array(), ...input }), {
        stdout: "piped",
        stderr: stderr === "read" ? "piped" : "inherit",
        signal,
      });
      const [output, messages, , status] = await Promise.all([
        collected(child.stdout, maxBytes),
        stderr === "read" ? collected(child.stderr, stderrLimitBytes) : undefined,
        feed(child, { input: new Uint8Array(), ...input }),
        child.status,
      ]);
      return {
        exitCode: status.code,
        stdout: output.text,
        stderr: messages?.text ?? "",
        isTruncated: output.isTruncated,
      };
    },
  };
}

function spawn(
  args: readonly string[],
  { input, environment }: KubectlInput,
  streams: Pick<Deno.CommandOptions, "stdout" | "stderr" | "signal">,
): Deno.ChildProcess {
  try {
    return new Deno.Command("kubectl", {
      args: [...args],
      env: { ...environment },
      stdin: input === undefined ? "inherit" : "piped",
      ...streams,
    }).spawn();
  } catch (error) {
    // Deno grants a program by the path that it had at the start: if it had none, it can't be run.
    const isMissing = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotCapable;
    if (!isMissing) throw error;
    throw new KodamaError("environment", "kubectl isn't installed, or not on PATH", {
      hint: "https://kubernetes.io/docs/tasks/tools/ has it",
      cause: error,
    });
  }
}

async function feed(child: Deno.ChildProcess, { input }: KubectlInput): Promise<void> {
  if (input === undefined) return;
  const writer = child.stdin.getWriter();
  try {
    await writer.write(input);
    await writer.close();
  } catch {
    // The process has ended, or closed its input, without reading all of it: its exit code is the result.
  }
}

/** Read to the end even beyond the limit: a full pipe would block the program forever. */
async function collected(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<{ text: string; isTruncated: boolean }> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of stream) {
    const rest = Math.max(0, maxBytes - bytes);
    text += decoder.decode(chunk.subarray(0, rest), { stream: true });
    bytes += chunk.length;
  }
  return { text, isTruncated: bytes > maxBytes };
}
