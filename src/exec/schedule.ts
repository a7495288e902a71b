/** When the next target of a run begins: one pure decision, asked again after everything that happens. */

/** Where a run stands. */
export interface ScheduleState {
  /** Targets that are known. */
  total: number;
  /** Further targets may become known. */
  more: boolean;
  /** Targets begun so far; they begin in order. */
  started: number;
  /** Of those, the ones that haven't ended. */
  running: number;
  /** Why no further target may begin; absent while the run goes on. */
  stopped?: string;
}

/** The bounds of a run. */
export interface SchedulePolicy {
  /** Targets at the same time. */
  fanout: number;
}

/** What to do now. `stop` skips every target that hasn't begun; those that run go on to their end. */
export type ScheduleDecision =
  | { kind: "start"; target: number }
  | { kind: "wait" }
  | { kind: "stop"; reason?: string };

/** A sliding window: as soon as one target ends, the next begins. */
export function next(state: ScheduleState, policy: SchedulePolicy): ScheduleDecision {
  if (state.stopped !== undefined) return { kind: "stop", reason: state.stopped };
  if (state.started === state.total) return state.more ? { kind: "wait" } : { kind: "stop" };
  if (state.running >= policy.fanout) return { kind: "wait" };
  return { kind: "start", target: state.started };
}
