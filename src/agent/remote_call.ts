/** One of kodama's scripts in a pod, from its first byte to its end. */
import { onAbort, orAborted } from "../base/abort.ts";
import { KodamaError } from "../base/errors.ts";
import { plainText } from "../base/plain_text.ts";
import { outcomeOfEnd } from "../exec/outcome.ts";
import { reportsNoShell } from "../exec/runtime_errors.ts";
import type { ExecChannel, ExecRequest } from "../kube/client.ts";
import type { Target } from "../kube/select/target.ts";
import { farCommand, type FarScript } from "./scripts.ts";

/** Opens a stream in the target's container; rejects with a `KodamaError`, or with the signal's reason. */
export type OpenChannel = (
  target: Target,
  request: ExecRequest,
  signal: AbortSignal,
) => Promise<ExecChannel>;

/** The environment of a call. */
export interface FarWorld {
  open: OpenChannel;
  /** Marks the lines of scripts; programs in the pod can't guess it. Letters and digits. */
  nonce: string;
}

/** The link ended before the script did: it isn't known whether it completed. */
export class CutError extends KodamaError {
  override readonly name = "CutError";

  constructor(target: Target, reason: string) {
    super("unreachable", `the link to ${target.pod} broke: ${reason}`, {
      hint: "what was begun in the pod goes on: `kodama agent list NAME` shows it",
    });
  }
}

/** Returns the prefix of a script's own lines. */
export function markOf({ nonce }: FarWorld): string {
  return `kodama:${nonce}:`;
}

/** How much of the programs' stderr is stored, from its end. */
const keptComplaints = 2048;

/** A running script. Its standard output must be read to its end before `ended` resolves. */
export class FarCall implements AsyncDisposable {
  #complaints = "";
  readonly #decoder = new TextDecoder();

  private constructor(
    private readonly target: Target,
    private readonly channel: ExecChannel,
    private readonly listening: Disposable,
    private readonly hearComplaint: (bytes: Uint8Array) => void,
  ) {}

  /**
   * Starts a script.
   *
   * @param hear receives standard error.
   */
  static async open(
    world: FarWorld,
    target: Target,
    { script, args, signal, hear = () => {} }: {
      script: FarScript;
      args: readonly string[];
      signal: AbortSignal;
      hear?: (bytes: Uint8Array) => void;
    },
  ): Promise<FarCall> {
    const { namespace, pod, container } = target;
    const command = farCommand(script, markOf(world), args);
    const request = { namespace, pod, container, command, stdin: true, tty: false };
    try {
      const opening = world.open(target, request, signal);
      const channel = await orAborted(opening, signal, (late) => void late.close());
      const listening = onAbort(signal, () => void channel.close());
      return new FarCall(target, channel, listening, hear);
    } catch (error) {
      if (error instanceof KodamaError && reportsNoShell(error.message)) throw noShell(target);
      throw error;
    }
  }

  /** Hands text to the script. */
  async write(text: string): Promise<void> {
    await this.channel.write(new TextEncoder().encode(text));
  }

  /** Standard output. */
  async *output(): AsyncGenerator<Uint8Array, void> {
    for await (const part of this.parts()) if (part !== undefined) yield part;
  }

  /** Standard output, and undefined whenever standard error has output. */
  async *parts(): AsyncGenerator<Uint8Array | undefined, void> {
    for await (const { stream, bytes } of this.channel.output) {
      if (stream === "stdout") yield bytes;
      else {
        this.hearComplaint(bytes);
        const text = this.#decoder.decode(bytes, { stream: true });
        this.#complaints = (this.#complaints + text).slice(-keptComplaints);
        yield undefined;
      }
    }
  }

  /**
   * Resolves after a successful end.
   *
   * @param refusal the script's message of why it refuses.
   * @throws KodamaError with the script's refusal; {@link CutError} if the link broke.
   */
  async ended(refusal: readonly string[] | undefined): Promise<void> {
    const end = await this.channel.end;
    if (refusal !== undefined) throw refusalError(this.target.pod, refusal);
    if (end.kind === "cut") throw new CutError(this.target, plainText(end.reason));
    if (end.kind === "refused" && reportsNoShell(end.status.message ?? "")) {
      throw noShell(this.target);
    }
    const outcome = outcomeOfEnd(end, { started: false });
    if (outcome.kind === "ok") return;
    const said = plainText(this.#complaints);
    const reason = said !== "" ? said : "reason" in outcome ? outcome.reason : undefined;
    throw new KodamaError(
      outcome.kind === "unreachable" ? "unreachable" : "server",
      `kodama's script failed in ${this.target.pod}: ${reason ?? outcome.kind}`,
    );
  }

  /** Drops the link: a script that watches its input ends then. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.listening[Symbol.dispose]();
    await this.channel.close();
  }
}

function noShell({ pod }: Target): KodamaError {
  return new KodamaError("environment", `the image of ${pod} has no sh, which agents need`);
}

/** Returns the error. `pod` is for the messages; `words` are the args after `refused`. */
function refusalError(pod: string, words: readonly string[]): KodamaError {
  const [why = "", detail = ""] = words;
  switch (why) {
    case "noTool":
      return new KodamaError("environment", `the image of ${pod} has no ${detail}`, {
        hint: "agents run in images with sh and coreutils or busybox",
      });
    case "noHome":
      return new KodamaError("environment", `${pod} has no home folder: HOME isn't set`, {
        hint: "set HOME in the pod's spec to a folder on a volume",
      });
    case "noFolder":
      return new KodamaError("environment", `${pod} can't write to ~/.kodama/tasks`, {
        hint: "the home folder must be writable for the container's user, and have room",
      });
    case "noTask":
      return new KodamaError("notFound", `${pod} has no task ${detail}`, {
        hint: "`kodama agent list NAME` shows those that there are",
      });
    case "idle":
      return new KodamaError("conflict", `no agent is working in ${pod}`, {
        hint: "`kodama agent list NAME` shows the tasks that there were",
      });
    case "incomplete":
      return new KodamaError("server", `the task didn't arrive whole in ${pod}`, {
        hint: "nothing was begun: run the command again; is the disk of its home folder full?",
      });
    default:
      return new KodamaError("server", `the task couldn't be begun in ${pod}`, {
        hint: "nothing was begun: run the command again; is the disk of its home folder full?",
      });
  }
}
