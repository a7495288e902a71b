/**
 * Ends a command under a terminal after its kodama is gone.
 *
 * A terminal in a pod isn't hung up when its link breaks: the runtime holds the master side open, and the command waits
 * for keys forever (kubernetes/kubernetes#89031; `tests/cluster/faults/terminal_test.ts` on containerd). Its standard
 * input has no end either, so the dead man's switch of `preamble.ts` can't use the same stream. So a second stream is
 * opened beside it: a shell that reads, and at the end of input hangs the session up.
 *
 * That stream carries an empty line twice a minute: servers and proxies cut silent streams (kubelet after four hours,
 * some load balancers after minutes). If it alone breaks it is reopened, and the shell of the broken one, which waits
 * some seconds for that, is ended.
 */
import { orAborted, passed } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import type { ExecChannel } from "../kube/client.ts";
import type { Target } from "../kube/select/target.ts";
import { bornScript, hangUpScript } from "./session_signal.ts";
import type { OpenExec } from "./run_options.ts";

/** Between two keep-alive lines. */
const beatMs = 30_000;
/** How long a shell whose input ended waits for the stream to be reopened. */
const reopenLimitMs = 5000;
/** Between two attempts to open the stream. */
const retryMs = 1000;
/** The shell identifies itself by two numbers. */
const introductionLimitBytes = 64;

/** The last line for a command that has ended: nothing to hang up. */
const farewell = "end";

/** How a watched terminal ended, as far as kodama knows. */
export type WatchEnd =
  /** The command has ended. */
  | "ended"
  /** It may continue: the shell in the pod ends it. */
  | "left";

/** The watched command and its options. */
export interface TerminalWatchOptions {
  target: Target;
  /** Leader of the terminal's session. */
  leader: number;
  open: OpenExec;
  clock: Clock;
  /** Between HUP and KILL. */
  graceMs: number;
}

/**
 * Returns the args of the watching shell. `former` is the id and birth of one whose stream broke. The script is in a
 * variable, so that process lists in the pod show a short line, and `pkill -f` doesn't match text in it.
 */
export function watchArgv(leader: number, graceMs: number, former: readonly string[]): string[] {
  const script = `export kodama_script='${watchScript(graceMs)}'
exec sh -c 'eval "$kodama_script"' "$0" "$@"`;
  return ["sh", "-c", script, "kodama-watch", String(leader), ...former];
}

/** The watching shell's lines. They contain no single quotes, because they are embedded in some. */
function watchScript(graceMs: number): string {
  return `session=$1 exempt=
${bornScript}
${hangUpScript(graceMs)}
if [ "$2" ]; then
  born "$2"
  [ "$birth" = "$3" ] && kill "$2"
fi
born $$
echo "$$ $birth"
born "$session"
first=$birth
while read -r word; do [ "$word" = ${farewell} ] && exit 0; done
exec >/dev/null 2>&1 </dev/null
sleep ${reopenLimitMs / 1000}
born "$session"
[ "$first" ] && [ "$birth" = "$first" ] && hang_up`;
}

/** A watch that runs until it is ended. */
export class TerminalWatch {
  readonly #options: TerminalWatchOptions;
  readonly #over = new AbortController();
  readonly #watching: Promise<void>;
  #channel: ExecChannel | undefined;
  #former: readonly string[] = [];

  /** Opens the stream beside the command, which doesn't wait for it. */
  constructor(options: TerminalWatchOptions) {
    this.#options = options;
    this.#watching = this.#watch(this.#over.signal);
  }

  /** Ends the watch; {@link WatchEnd} says what remains in the pod. Never rejects. */
  async end(how: WatchEnd): Promise<void> {
    if (how === "ended") await this.#channel?.write(encoded(`${farewell}\n`)).catch(() => {});
    this.#over.abort();
    await this.#watching;
  }

  async #watch(over: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!over.aborted) {
      try {
        await this.#once(over);
      } catch {
        // The command's own stream reports any failure of the link.
      }
      await passed(clock, retryMs, { signal: over });
    }
  }

  async #once(over: AbortSignal): Promise<void> {
    const { target, leader, graceMs, open } = this.#options;
    const { namespace, pod, container } = target;
    const command = watchArgv(leader, graceMs, this.#former);
    const request = { namespace, pod, container, command, stdin: true, tty: false };
    const opening = open(target, request, over);
    await using channel = await orAborted(opening, over, (late) => void late.close());
    this.#channel = channel;
    const beating = new AbortController();
    const beats = this.#beat(channel, AbortSignal.any([over, beating.signal]));
    try {
      await orAborted(this.#listen(channel), over);
    } finally {
      beating.abort();
      this.#channel = undefined;
      await beats;
    }
  }

  async #listen(channel: ExecChannel): Promise<void> {
    const decoder = new TextDecoder();
    let output = "";
    for await (const { stream, bytes } of channel.output) {
      if (stream !== "stdout" || output.length > introductionLimitBytes) continue;
      output += decoder.decode(bytes, { stream: true });
      const [, id, birth] = /^(\d{1,10}) (\d{1,20})\r?\n/.exec(output) ?? [];
      if (id !== undefined && birth !== undefined) this.#former = [id, birth];
    }
  }

  async #beat(channel: ExecChannel, over: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (await passed(clock, beatMs, { signal: over })) {
      try {
        await orAborted(channel.write(encoded("\n")), over);
      } catch {
        return;
      }
    }
  }
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
