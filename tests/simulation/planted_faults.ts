/**
 * Faults that the simulation must find: each changes one place of kodama's source, in a copy of one file that replaces
 * it for one process. They are faults that kodama has had, or that are easily made.
 */

/** One fault. */
export interface PlantedFault {
  subject: string;
  name: string;
  /** The file below `src/`. */
  file: string;
  /** Occurs once in the file. */
  right: string;
  wrong: string;
}

/** All of them. */
export const plantedFaults: readonly PlantedFault[] = [
  {
    subject: "exec",
    name: "a close frame without a Status is a success",
    file: "kube/streams/exec_channel.ts",
    right: `    if (received.kind === "lost") return`,
    wrong: `    if (received.kind === "closed") return { kind: "exited", exitCode: 0 };
    if (received.kind === "lost") return`,
  },
  {
    subject: "exec",
    name: "a lost link is a success",
    file: "kube/streams/exec_channel.ts",
    right: `{ kind: "cut", reason: plainText(received.reason, 200) }`,
    wrong: `{ kind: "exited", exitCode: 0 }`,
  },
  {
    subject: "exec",
    name: "a stream without a Status has that of an earlier stream",
    file: "kube/streams/exec_channel.ts",
    right: `const status = parseStatus(this.#status);`,
    wrong: `const status = globalThis.earlier = parseStatus(this.#status) ?? globalThis.earlier;`,
  },
  {
    subject: "exec",
    name: "a Status of success counts without the command's own end mark",
    file: "exec/outcome.ts",
    right: `if (end.exitCode !== 0 || endMark === undefined) return`,
    wrong: `if (end.exitCode !== 0 || endMark === undefined || endMark === "missing") return`,
  },
  {
    subject: "exec",
    name: "a request that was sent is sent again",
    file: "kube/failures.ts",
    right: `return error instanceof LinkError && error.failure.sent === "nothing";`,
    wrong: `return error instanceof LinkError;`,
  },
  {
    subject: "exec",
    name: "a request that was sent is forgotten when the time is up",
    file: "exec/run_target.ts",
    right: `() => sent = true)`,
    wrong: `() => sent = false)`,
  },
  {
    subject: "exec",
    name: "a frame's header in two pieces is read one byte too far",
    file: "kube/streams/websocket.ts",
    right: `const used = size - this.#pending.length;`,
    wrong: `const used = size - this.#pending.length + (this.#pending.length > 0 ? 1 : 0);`,
  },
  {
    subject: "exec",
    name: "output that was held back is discarded before it is flushed",
    file: "exec/command_stream.ts",
    right: `await this.#flush(end, heldBack);`,
    wrong: `this.#ownLines?.finishMarks();
    await this.#flush(end, heldBack);`,
  },
  {
    subject: "exec",
    name: "a possible start of the end mark loses its first byte",
    file: "exec/marked_line.ts",
    right: `bytes.slice(start) : new Uint8Array();`,
    wrong: `bytes.slice(start + 1) : new Uint8Array();`,
  },
  {
    subject: "exec",
    name: "the last line of a target isn't shown if it has no end",
    file: "exec/interleave_lines.ts",
    right: `return bytes === undefined ? [] : [{ target, stream, bytes, endedBy: "end" }];`,
    wrong: `return [];`,
  },
  {
    subject: "exec",
    name: "a command counts as ended after TERM",
    file: "exec/session_signal.ts",
    right: `if (remaining === 0) return undefined;`,
    wrong: `if (remaining >= 0) return undefined;`,
  },
  {
    subject: "exec",
    name: "a link that breaks counts as the end of a command",
    file: "exec/command_stream.ts",
    right: `{ ended: this.#provenEnd(output), graceMs, clock }`,
    wrong: `{ ended: output, graceMs, clock }`,
  },
  {
    subject: "exec",
    name: "a connection is reused though its answer came twice",
    file: "kube/tls/link_pool.ts",
    right: `this.#early.then(happened, happened);`,
    wrong: `this.#early.catch(() => {});`,
  },
  {
    subject: "exec",
    name: "one target more than the fan-out runs",
    file: "exec/schedule.ts",
    right: `running < policy.fanout`,
    wrong: `running <= policy.fanout`,
  },
  {
    subject: "exec",
    name: "a batch starts before the last target of the one before has ended",
    file: "exec/schedule.ts",
    right: `startsBatch && running > 0`,
    wrong: `startsBatch && running > 1`,
  },
  {
    subject: "exec",
    name: "the pod of a signal has no time limit",
    file: "exec/session_signal.ts",
    right: `using deadline = new Deadline(clock, limitMs);`,
    wrong: `using deadline = new Deadline(clock, undefined);`,
  },
  {
    subject: "exec",
    name: "the first piece of input is sent twice",
    file: "exec/command_stream.ts",
    right: `await orAborted(this.channel.write(bytes), over);
      } catch {
        // The link is gone or`,
    wrong: `await orAborted(this.channel.write(bytes), over);
        await orAborted(this.channel.write(bytes), over);
      } catch {
        // The link is gone or`,
  },
  {
    subject: "rerun",
    name: "a rerun of what failed takes what was ok too",
    file: "actions/runs/rerun.ts",
    right: `!failed || end?.outcome !== "ok"`,
    wrong: `!failed || end !== undefined`,
  },
  {
    subject: "rerun",
    name: "a rerun takes another pod of the same name",
    file: "actions/exec/exec.ts",
    right: `const isSame = now?.uid === then.uid || then.uid === undefined;`,
    wrong: `const isSame = true;`,
  },
  {
    subject: "rerun",
    name: "a target that didn't end before the run was cancelled isn't run again",
    file: "actions/runs/rerun.ts",
    right: `!failed || end?.outcome !== "ok"`,
    wrong: `!failed || !["ok", "skipped"].includes(end?.outcome ?? "")`,
  },
  {
    subject: "logs",
    name: "a log is resumed one line too early",
    file: "logs/read_stream.ts",
    right: `if (mode.matched === sequence.length) this.#mode`,
    wrong: `if (mode.matched === sequence.length - 1) this.#mode`,
  },
  {
    subject: "logs",
    name: "a log that ends while it is followed counts as complete",
    file: "logs/read_container.ts",
    right: `if (state.kind === "ended") this.#complete = state.instance;`,
    wrong: `if (end.kind === "ended") this.#complete = state.instance;`,
  },
  {
    subject: "watch",
    name: "a watch resumes at the version of its list",
    file: "kube/live_list.ts",
    right: `version = event.resourceVersion || version;`,
    wrong: ``,
  },
  {
    subject: "watch",
    name: "a watch resumes one change too late",
    file: "kube/live_list.ts",
    right: `version = event.resourceVersion || version;`,
    wrong: `version = String(Number(event.resourceVersion) + 1);`,
  },
  {
    subject: "watch",
    name: "objects that a second list doesn't have stay",
    file: "kube/live_list.ts",
    right: `.filter((key) => !collection.seen?.has(key))`,
    wrong: `.filter(() => false)`,
  },
];
