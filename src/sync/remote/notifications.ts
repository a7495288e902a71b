/** Unsolicited messages of a loop in a pod, on standard error: marked lines are events, all others complaints. */
import { joinBytes } from "../../base/join_bytes.ts";

/** Events that the remote end emits. */
export type FarNews =
  /** A path changed; `tree` if everything below it is to be inspected. */
  | { kind: "changed"; path: string; tree: boolean }
  /** Events were missed: everything is to be scanned. */
  | { kind: "missed" }
  /** The current watcher; `none` if there isn't one. */
  | { kind: "watcher"; name: string };

const maxLine = 16 * 1024;
/** Number of last characters retained of the complaints. */
const keptComplaints = 2000;

/** Parses standard error. */
export class NewsReader {
  #line: Uint8Array = new Uint8Array();
  #complaints = "";

  constructor(private readonly mark: string, private readonly told: (news: FarNews) => void) {}

  /** The tail of what wasn't an event. */
  get complaints(): string {
    return this.#complaints.trim();
  }

  push(bytes: Uint8Array): void {
    let rest: Uint8Array = this.#line.length === 0 ? bytes : joinBytes([this.#line, bytes]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#take(new TextDecoder().decode(rest.subarray(0, end)));
      rest = rest.subarray(end + 1);
    }
    this.#line = rest.length > maxLine ? new Uint8Array() : rest.slice();
  }

  #take(line: string): void {
    if (!line.startsWith(this.mark)) {
      this.#complaints = `${this.#complaints}${line}\n`.slice(-keptComplaints);
      return;
    }
    const text = line.slice(this.mark.length);
    if (text === "all") this.told({ kind: "missed" });
    else if (text.startsWith("by ")) this.told({ kind: "watcher", name: text.slice(3) });
    else if (text.startsWith("w ./") || text.startsWith("d ./")) {
      this.told({ kind: "changed", path: text.slice(4), tree: text.startsWith("d") });
    }
  }
}
