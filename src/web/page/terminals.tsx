/** Terminals: of a session, of a pod. xterm is loaded when one is opened. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { TerminalQuery } from "../api.ts";
import { RequestError } from "./client.ts";
import { Heading, Problem } from "./parts.tsx";
import type { OpenTerminal, TerminalState } from "./xterm.ts";
import { plain } from "./text.ts";

type Target = Omit<TerminalQuery, "columns" | "rows">;

/** The terminal of a session. */
export function SessionTerminal({ namespace, name }: { namespace: string; name: string }) {
  return <Terminal target={{ namespace, session: name } as Target} />;
}

/** A shell in the pod of the address. */
export function PodTerminal({ query }: { query: URLSearchParams }) {
  const target = Object.fromEntries(query) as Record<string, string>;
  const name = plain(target["pod"] ?? "");
  return (
    <>
      <Heading title={`Shell in ${name}`} />
      <Terminal target={target as unknown as Target} />
    </>
  );
}

/** Keys that the keyboards of phones lack. */
const keys = [
  ["Esc", "\x1b"],
  ["Tab", "\t"],
  ["Ctrl-C", "\x03"],
  ["Ctrl-D", "\x04"],
  ["↑", "\x1b[A"],
  ["↓", "\x1b[B"],
] as const;

function Terminal({ target }: { target: Target }) {
  const frame = useRef<HTMLDivElement>(null);
  const leave = useRef<HTMLButtonElement>(null);
  const terminal = useRef<OpenTerminal | undefined>(undefined);
  const [state, setState] = useState<TerminalState>({ kind: "connecting" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isOver = false;
    setState({ kind: "connecting" });
    import("./xterm.ts").then(
      ({ openTerminal }) => {
        if (isOver || frame.current === null) return;
        terminal.current = openTerminal(frame.current, target, {
          onState: setState,
          onLeave: () => leave.current?.focus(),
        });
      },
      (error) =>
        setState({ kind: "error", error: { kind: "environment", message: String(error) } }),
    );
    return () => {
      isOver = true;
      terminal.current?.close();
      terminal.current = undefined;
    };
  }, [JSON.stringify(target), attempt]);
  const isOver = state.kind === "exit" || state.kind === "error" || state.kind === "closed";
  return (
    <section class="terminal" aria-label="Terminal">
      <div class="buttons" role="toolbar" aria-label="Keys">
        {keys.map(([name, bytes]) => (
          <button
            type="button"
            key={name}
            onClick={() => terminal.current?.send(bytes)}
          >
            {name}
          </button>
        ))}
        <button type="button" ref={leave} onClick={() => terminal.current?.focus()}>
          To the terminal
        </button>
        {isOver && (
          <button type="button" class="main" onClick={() => setAttempt(attempt + 1)}>
            Open again
          </button>
        )}
      </div>
      <p class="soft" role="status">{stateText(state)}</p>
      {state.kind === "error" && <Problem error={new RequestError(state.error, 0)} />}
      <div class="screen" ref={frame} />
      <p class="soft">Tab goes to the terminal; Ctrl-F6 leaves it.</p>
    </section>
  );
}

function stateText(state: TerminalState): string {
  switch (state.kind) {
    case "connecting":
      return "Connecting…";
    case "open":
      return state.pod === undefined ? "Connected." : `In ${plain(state.pod)}.`;
    case "lost":
      return `${plain(state.reason)} Reconnecting…`;
    case "exit":
      return `Ended with exit code ${state.code}.`;
    case "closed":
      return "The connection has ended.";
    case "error":
      return "";
  }
}
