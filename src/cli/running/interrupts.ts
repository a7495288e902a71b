/**
 * What the signals that end a process mean while a run goes on. The first Ctrl-C asks where every target
 * is, a second within three seconds stops them all; TERM and HUP stop at once; whoever insists after that leaves at once.
 * Before there are targets, and at the question whether to run at all, there is nothing to ask: Ctrl-C stops. So
 * it does where standard error is no terminal, and nobody would read the answer.
 */
import type { EndSignal } from "../invocation.ts";

/** How far a run is from being stopped. */
export type InterruptState =
  /** No command has begun. */
  | { phase: "looking" }
  | { phase: "running" }
  /** Ctrl-C came, and the run goes on unless another comes soon. */
  | { phase: "asked"; atMs: number }
  | { phase: "stopping" };

/** What to do about a signal. */
export type InterruptAction =
  /** Say where every target is. */
  | "tell"
  /** Stop every target, in the pods too. */
  | "stop"
  /** Leave, whatever still runs. */
  | "leave";

/** Two Ctrl-C this close together mean it: as long as it takes to read what the first one printed. */
export const insistMs = 3000;

/** The next state, and what the signal asks for. `nowMs` never jumps. */
export function onSignal(
  state: InterruptState,
  signal: EndSignal,
  nowMs: number,
): { state: InterruptState; action: InterruptAction } {
  if (state.phase === "stopping") return { state, action: "leave" };
  const insists = state.phase === "looking" ||
    state.phase === "asked" && nowMs - state.atMs <= insistMs;
  if (signal !== "SIGINT" || insists) return { state: { phase: "stopping" }, action: "stop" };
  return { state: { phase: "asked", atMs: nowMs }, action: "tell" };
}
