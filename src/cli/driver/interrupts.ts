/**
 * The effect of signals during a run. The first Ctrl-C prints the state of every
 * target, a second within three seconds stops them all; TERM and HUP stop at once; a further signal leaves at once.
 * Before there are targets, and at the confirmation, there is no state to print: Ctrl-C stops. So
 * it does if standard error isn't a terminal, since the answer couldn't be read.
 */
import type { EndSignal } from "../invocation.ts";

/** How close a run is to being stopped. */
export type InterruptState =
  /** No command has started. */
  | { phase: "looking" }
  | { phase: "running" }
  /** Ctrl-C came, and the run continues unless another comes soon. */
  | { phase: "asked"; atMs: number }
  | { phase: "stopping" };

/** The action for a signal. */
export type InterruptAction =
  /** Print the state of every target. */
  | "tell"
  /** Stop every target, in the pods too. */
  | "stop"
  /** Leave, even if something still runs. */
  | "leave";

/** Two Ctrl-C within this time stop the run: as long as it takes to read the first one's output. */
export const insistMs = 3000;

/** Returns the next state and the action for the signal. `nowMs` is monotonic. */
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
