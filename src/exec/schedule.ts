/** When the next target of a run begins: one pure decision, asked again after everything that happens. */

/** A number of targets, or so many of a hundred of all of them. */
export type Amount = { kind: "count"; count: number } | { kind: "percent"; percent: number };

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
  /** Of those, the ones that ended in any other way than `ok`. */
  failed: number;
  /** Why no further target may begin; absent while the run goes on. */
  stopped?: string;
}

/** The bounds of a run. */
export interface SchedulePolicy {
  /** Targets at the same time. */
  fanout: number;
  /**
   * Sizes of the batches, as Ansible's `serial`: the first ones in turn, and the last one again and again. A
   * batch begins when the one before it has ended. One batch of all targets where it is absent.
   */
  serial?: readonly Amount[];
  /** No further batch begins once more targets than this have failed; without batches, no further target. */
  maxFail?: Amount;
  /** No further target begins once one has failed. */
  failFast?: boolean;
}

/** What to do now. `stop` skips every target that hasn't begun; those that run go on to their end. */
export type ScheduleDecision =
  | { kind: "start"; target: number }
  | { kind: "wait" }
  | { kind: "stop"; reason?: string };

/** A sliding window within the batch: as soon as one target ends, the next begins. */
export function next(state: ScheduleState, policy: SchedulePolicy): ScheduleDecision {
  const { total, more, started, running } = state;
  if (state.stopped !== undefined) return { kind: "stop", reason: state.stopped };
  const { serial } = policy;
  // Parts of a hundred, and the end of the last batch, are those of a number that is known.
  if (more && (serial !== undefined || policy.maxFail?.kind === "percent")) return { kind: "wait" };
  if (started === total) return more ? { kind: "wait" } : { kind: "stop" };
  if (policy.failFast === true && state.failed > 0) {
    return { kind: "stop", reason: "a target before it failed (--fail-fast)" };
  }
  const batchBegins = serial === undefined || beginsBatch(started, total, serial);
  // What still runs of the batch before counts among its failures or it doesn't: that must be known first.
  if (serial !== undefined && batchBegins && running > 0) return { kind: "wait" };
  if (batchBegins && exceeds(state, policy.maxFail)) {
    return { kind: "stop", reason: `${state.failed} of ${total} targets failed (--max-fail)` };
  }
  return running < policy.fanout ? { kind: "start", target: started } : { kind: "wait" };
}

function exceeds({ failed, total }: ScheduleState, maxFail: Amount | undefined): boolean {
  switch (maxFail?.kind) {
    case undefined:
      return false;
    case "count":
      return failed > maxFail.count;
    case "percent":
      return failed * 100 > maxFail.percent * total;
  }
}

/** Whether a batch begins with the target of this index. Counted without a list of all batches. */
function beginsBatch(target: number, total: number, serial: readonly Amount[]): boolean {
  let begin = 0;
  for (const amount of serial) {
    if (target <= begin) return target === begin;
    begin += batchSize(amount, total);
  }
  const last = serial.at(-1);
  if (last === undefined || target < begin) return target === 0;
  return (target - begin) % batchSize(last, total) === 0;
}

/** As Ansible has it: a part of a target is left out, and every batch has one at least. */
function batchSize(amount: Amount, total: number): number {
  const size = amount.kind === "count" ? amount.count : Math.floor(amount.percent * total / 100);
  return Math.max(1, size);
}
