/** A node whose containers run commands that are functions: for tests of the API alone. */
import {
  type CommandEnd,
  type ContainerProcess,
  NodeError,
  type NodeStreams,
} from "../../model.ts";

/** The behaviour of a command on its streams. */
export type FakeCommand = (streams: {
  args: readonly string[];
  stdin: ReadableStream<Uint8Array>;
  stdout: WritableStreamDefaultWriter<Uint8Array>;
  stderr: WritableStreamDefaultWriter<Uint8Array>;
}) => Promise<CommandEnd>;

/** The calls to the processes, and the ports that answer. */
export interface FakeNode extends NodeStreams {
  readonly sizes: { columns: number; rows: number }[];
  /** Resolves when the first process was released. */
  readonly released: Promise<void>;
}

const text = new TextEncoder();

/** The commands that every fake node has. */
const commands: Readonly<Record<string, FakeCommand>> = {
  async cat({ stdin, stdout }) {
    for await (const bytes of stdin) await stdout.write(bytes);
    return { kind: "exited", exitCode: 0 };
  },
  async print({ args, stdout, stderr }) {
    await stdout.write(text.encode(args[0] ?? ""));
    await stderr.write(text.encode(args[1] ?? ""));
    return { kind: "exited", exitCode: Number(args[2] ?? 0) };
  },
};

/** Creates a node; `more` are commands beside `cat` and `print OUT ERR CODE`. */
export function fakeNode(more: Readonly<Record<string, FakeCommand>> = {}): FakeNode {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const sizes: FakeNode["sizes"] = [];
  const observer = { sizes, release };
  return {
    sizes,
    released,
    exec: ({ container }, [name = "", ...args], { stdin }) => {
      if (container === "gone") {
        return Promise.reject(
          new NodeError(500, `container not found (${JSON.stringify(container)})`),
        );
      }
      return Promise.resolve(run(observer, { ...commands, ...more }[name], args, stdin));
    },
    attach: (_target, { stdin }) => Promise.resolve(run(observer, commands["cat"], [], stdin)),
    logs: (_target, { tailLines = Infinity }) => {
      const lines = ["one\n", "two\n"].slice(-tailLines);
      return Promise.resolve(new Blob(lines).stream());
    },
    connect: (_pod, port) => Deno.connect({ hostname: "127.0.0.1", port }),
    usage: () => Promise.resolve(undefined),
  };
}

function run(
  observer: { sizes: FakeNode["sizes"]; release: () => void },
  command: FakeCommand | undefined,
  args: readonly string[],
  withInput: boolean,
): ContainerProcess {
  const [stdin, stdout, stderr] = [pipe(), pipe(), pipe()];
  const [out, err] = [stdout.writable.getWriter(), stderr.writable.getWriter()];
  if (!withInput) stdin.writable.close().catch(() => {});
  const notStarted: CommandEnd = {
    kind: "notStarted",
    message: "executable file not found in $PATH",
  };
  const end = (command?.({ args, stdin: stdin.readable, stdout: out, stderr: err }) ??
    Promise.resolve(notStarted)).finally(() => {
      // The reader may have gone, which doesn't concern a process that has ended.
      out.close().catch(() => {});
      err.close().catch(() => {});
    });
  return {
    stdin: withInput ? stdin.writable : undefined,
    stdout: stdout.readable,
    stderr: stderr.readable,
    end,
    resize: (columns, rows) => Promise.resolve(void observer.sizes.push({ columns, rows })),
    release: () => Promise.resolve(observer.release()),
  };
}

function pipe(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream();
}
