/** Loads the preview pane without blocking the keys: only for the row on which the cursor rests. */
import { previewPod } from "../../../actions/pick/preview.ts";
import type { Host } from "../../../actions/host.ts";
import { forEachUntil } from "../../../base/abort.ts";
import { KodamaError } from "../../../base/errors.ts";
import { layout } from "../../../pick/layout.ts";
import type { PickState } from "../../../pick/state.ts";
import type { PickEvent } from "../../../pick/step.ts";
import { previewWanted } from "../../../pick/view_preview.ts";
import { type PreviewParts, previewText } from "../../../present/pod_preview.ts";
import type { PodRows } from "../../../present/pod_rows.ts";

/** A cursor that only passes a row causes no requests. */
const restMs = 60;

/** At most one load at a time: a load for another row cancels it. */
export class PreviewLoader implements Disposable {
  readonly #host: Host;
  readonly #rows: PodRows;
  readonly #send: (event: PickEvent) => void;
  #wanted: string | undefined;
  /** Shows the loaded parts again, with current ages. */
  #show: ((nowMs: number) => void) | undefined;
  #shownMs = 0;
  #load: AbortController | undefined;
  #resting: Disposable | undefined;

  constructor(host: Host, rows: PodRows, send: (event: PickEvent) => void) {
    this.#host = host;
    this.#rows = rows;
    this.#send = send;
  }

  /** Loads the preview that a state shows. */
  follow(state: PickState): void {
    const isShown = state.outcome.kind === "open" && layout(state).preview !== undefined;
    const wanted = isShown ? previewWanted(state) : undefined;
    if (wanted === this.#wanted) {
      // Ages in the pane are updated together with those in the list.
      if (state.nowMs !== this.#shownMs) this.#show?.(state.nowMs);
      return;
    }
    this[Symbol.dispose]();
    this.#wanted = wanted;
    if (wanted === undefined) return;
    this.#resting = this.#host.clock.timer(restMs, () => this.#begin(wanted));
  }

  #begin(id: string): void {
    const pod = this.#rows.pod(id);
    if (pod === undefined) return;
    const load = this.#load = new AbortController();
    let parts: PreviewParts = { failed: [] };
    const show = (nowMs: number) => {
      this.#shownMs = nowMs;
      const now = this.#rows.pod(id) ?? pod;
      this.#send({ kind: "previewed", id, lines: previewText(now, parts, nowMs) });
    };
    const showNow = () => show(this.#host.clock.now().getTime());
    this.#send({ kind: "previewing", id });
    this.#show = show;
    showNow();
    forEachUntil(previewPod(this.#host, pod.target, load.signal), load.signal, (part) => {
      parts = part.kind === "failed"
        ? { ...parts, failed: [...parts.failed, part] }
        : { ...parts, [part.kind]: part };
      showNow();
    }).catch((error: unknown) => {
      if (load.signal.aborted) return;
      const text = error instanceof KodamaError ? error.message : String(error);
      this.#send({ kind: "notice", text: `no preview: ${text.replace(/\s+/g, " ")}` });
    });
  }

  [Symbol.dispose](): void {
    this.#resting?.[Symbol.dispose]();
    this.#resting = undefined;
    this.#load?.abort();
    this.#load = undefined;
    this.#show = undefined;
    this.#wanted = undefined;
  }
}
