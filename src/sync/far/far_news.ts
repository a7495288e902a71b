/** What a loop in a pod says by itself, on standard error: marked lines are news, all others complaints. */
import { joinBytes } from "../../base/join_bytes.ts";

/** What the far end says by itself. */
export type FarNews =
  /** A path changed; `tree` where all below it is to be looked at. */
  | { kind: "changed"; path: string; tree: boolean }
  /** Something was missed: all is to be looked at. */
  | { kind: "missed" }
  /** Who watches now; `none` where nobody does. */
  | { kind: "watcher"; name: string };

const maxLine = 16 * 1024;
/** Of the complaints, the last characters. */
const keptComplaints = 2000;

/** Takes what comes on standard error. */
export class NewsReader {
  #line: Uint8Array = new Uint8Array();
  #complaints = "";

  constructor(private readonly mark: string, private readonly told: (news: FarNews) => void) {}

  /** The end of what wasn't news. */
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
