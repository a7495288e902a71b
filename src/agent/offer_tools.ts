/**
 * Kodama's tools for agents in a pod, from the user's machine: an agent's program starts a script as its MCP server,
 * whose input and output lead here through two FIFOs and an exec. The pod needs neither kodama nor a port, and gets no
 * credentials.
 */
import { KodamaError } from "../base/errors.ts";
import type { Target } from "../kube/select/target.ts";
import { scriptText } from "../base/shell_script.ts";
import type { RunningScript } from "../podscript/running_script.ts";
import { agentScripts, type PodStreamOpener, startAgentScript } from "./pod_script.ts";

/** A program in the pod that uses the tools. Disposal ends its connection. */
export interface ToolsClient extends AsyncDisposable {
  /** All input of the client, until it ends. @throws KodamaError for a message without end. */
  readonly input: AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
}

/** Events meanwhile. */
export type OfferedTools =
  /** Agents can use them from now on; `registered` has the agents whose own settings name them now. */
  | { kind: "ready"; registered: readonly string[] }
  | { kind: "client"; client: ToolsClient };

/** A pod isn't trusted: a message of it is at most this long. */
const maxMessageBytes = 4 * 1024 * 1024;

/**
 * Offers tools in the target's container until the signal.
 *
 * @throws KodamaError if they can't be offered; `CutError` if the link broke; the signal's reason.
 */
export async function* offerTools(
  streams: PodStreamOpener,
  target: Target,
  signal: AbortSignal,
): AsyncGenerator<OfferedTools, never> {
  const args = [scriptText(agentScripts.toolsClient)];
  await using script = await startAgentScript(streams, target, {
    script: "offerTools",
    args,
    signal,
  });
  const registered: string[] = [];
  for (;;) {
    const message = await script.expectAny(["registered", "ready", "client"]);
    const [name = ""] = message.args;
    if (message.keyword === "registered") registered.push(name);
    else if (message.keyword === "ready") yield { kind: "ready", registered };
    else if (/^c\d{1,10}$/.test(name)) {
      yield { kind: "client", client: await connect(streams, target, { name, signal }) };
    }
  }
}

async function connect(
  streams: PodStreamOpener,
  target: Target,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<ToolsClient> {
  const script: RunningScript = await startAgentScript(streams, target, {
    script: "connectTools",
    args: [name],
    signal,
  });
  return {
    input: bounded(script.data(), target),
    write: (bytes) => script.write(bytes),
    [Symbol.asyncDispose]: () => script[Symbol.asyncDispose](),
  };
}

/** Yields the chunks of lines that aren't too long. */
async function* bounded(
  chunks: AsyncIterable<Uint8Array>,
  { pod }: Target,
): AsyncGenerator<Uint8Array, void> {
  let length = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(0x0a);
    length = end < 0 ? length + chunk.length : chunk.length - end;
    if (length > maxMessageBytes) {
      throw new KodamaError("server", `a message of an agent in ${pod} is too long`);
    }
    yield chunk;
  }
}
