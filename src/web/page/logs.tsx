/** Logs of many containers: as many lines as are stored, of which those on the screen are drawn. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { logFields } from "../../logs/logs.ts";
import { offered } from "../../operation/field.ts";
import { formSchema } from "../../operation/form.ts";
import type { LogEvent } from "../api.ts";
import { useEvents, useRedraw } from "./hooks.ts";
import { LineStore, windowOf } from "./line_store.ts";
import { formValues, paramFields } from "./param_form.ts";
import { ParamInput } from "./param_input.tsx";
import { Heading, InputForm, StreamNotice, TextField } from "./parts.tsx";
import { SelectionForm } from "./pods.tsx";
import { routeHref } from "./route.ts";
import { queryOf, selectionFields } from "./selection.ts";
import { plain, plural } from "./text.ts";

/** Lines that are stored. */
const maxLines = 200_000;

/** The height of a line in pixels, as the style sheet has it. */
const rowHeight = 20;

/** Colours of sources that repeat. */
const colors = 8;

interface LogLine {
  source: number;
  at: string;
  text: string;
}

/** What the view has of the streams; changed in place. */
class LogState {
  readonly lines = new LineStore<LogLine>(maxLines);
  sources: string[] = [];
  notes: string[] = [];

  /** Returns how many of the shown lines were dropped. */
  apply(events: readonly LogEvent[]): number {
    let dropped = 0;
    for (const event of events) {
      switch (event.kind) {
        case "sources":
          this.sources.push(...event.sources.map(({ name }) => plain(name)));
          break;
        case "lines":
          dropped += this.lines.add(
            event.lines.map(([source, at, text]) => ({ source, at, text: plain(text) })),
          );
          break;
        case "note":
          this.notes = [...this.notes, plain(event.text)].slice(-5);
      }
    }
    return dropped;
  }
}

// The form of a selection has its container.
const { container: _container, ...ownFields } = offered(logFields, "page");
const form = formSchema(ownFields);

/** Logs of the selection in the address. */
export function Logs({ query }: { query: URLSearchParams }) {
  const [fields, setFields] = useState(() => selectionFields(query));
  const [texts, setTexts] = useState<Record<string, string>>(() =>
    Object.fromEntries(
      paramFields(form).map(({ name, initial }) => [
        name,
        query.has(name) ? query.getAll(name).join("\n") : name === "follow" ? "true" : initial,
      ]),
    )
  );
  const [problems, setProblems] = useState<Record<string, string>>({});
  const isRequested = query.has("follow");
  const submit = () => {
    const result = formValues(form, texts);
    setProblems(result.kind === "wrong" ? result.problems : {});
    if (result.kind === "wrong") return;
    const next = queryOf(fields);
    for (const [name, value] of Object.entries(result.values)) {
      for (const text of [value].flat()) next.append(name, String(text));
    }
    location.hash = routeHref({ view: "logs", query: next });
  };
  const inputs = (isMain: boolean) =>
    paramFields(form).filter(({ name }) => ["follow", "tail", "grep"].includes(name) === isMain)
      .map((field) => (
        <ParamInput
          key={field.name}
          field={field}
          text={texts[field.name] ?? ""}
          problem={problems[field.name]}
          onText={(text) => setTexts({ ...texts, [field.name]: text })}
        />
      ));
  return (
    <>
      <Heading title="Logs" />
      <details class="log-form" open={!isRequested}>
        <summary>Which logs</summary>
        <InputForm onSubmit={submit} aria-label="Which logs">
          <SelectionForm fields={fields} onChange={setFields} />
          {inputs(true)}
          <details>
            <summary>More</summary>
            {inputs(false)}
          </details>
          <div class="buttons">
            <button type="submit" class="main">Show</button>
          </div>
        </InputForm>
      </details>
      {isRequested && (
        <LogStream
          query={Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name)]))}
        />
      )}
    </>
  );
}

function LogStream({ query }: { query: object }) {
  const redraw = useRedraw();
  const state = useRef(new LogState());
  const droppedRows = useRef(0);
  const [filter, setFilter] = useState("");
  const stream = useEvents("GET api/logs", { query }, {
    apply(events) {
      droppedRows.current += state.current.apply(events);
      redraw();
    },
    reset() {
      state.current = new LogState();
      redraw();
    },
  });
  const choose = (text: string) => {
    setFilter(text);
    const part = text.toLowerCase();
    state.current.lines.filter(
      part === "" ? undefined : (line) => line.text.toLowerCase().includes(part),
    );
  };
  const { lines, sources, notes } = state.current;
  const stored = lines.dropped === 0 ? "" : `, ${lines.dropped} older ones dropped`;
  return (
    <>
      <StreamNotice state={stream} />
      {notes.map((note) => <p key={note} class="warning-text">{note}</p>)}
      <div class="log-bar">
        <TextField label="Show lines with" value={filter} onText={choose} inputMode="search" />
        <p class="soft">
          {`${lines.shown.length} of ${plural(lines.count, "line")}${stored}`}
          {` · ${plural(sources.length, "container")}`}
          {stream.kind === "ended" && " · ended"}
        </p>
      </div>
      <LineList lines={lines.shown} sources={sources} dropped={droppedRows} />
    </>
  );
}

/** Draws the lines on the screen. At its end it stays at the end. */
function LineList(
  { lines, sources, dropped }: {
    lines: readonly LogLine[];
    sources: readonly string[];
    /** Lines that were removed at the top since the last frame. */
    dropped: { current: number };
  },
) {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [isAtEnd, setAtEnd] = useState(true);
  const lastTop = useRef(0);
  const measure = () => {
    const element = scroller.current;
    if (element === null) return;
    const { scrollTop: top, clientHeight: height, scrollHeight } = element;
    setView((before) => before.top === top && before.height === height ? before : { top, height });
    if (top + height >= scrollHeight - rowHeight) setAtEnd(true);
    // Only the user moves up; lines that were added meanwhile don't count.
    else if (top < lastTop.current) setAtEnd(false);
    lastTop.current = top;
  };
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    if (isAtEnd) element.scrollTop = element.scrollHeight;
    // What is read stays where it is.
    else if (dropped.current > 0) element.scrollTop -= dropped.current * rowHeight;
    dropped.current = 0;
    lastTop.current = element.scrollTop;
    measure();
  }, [lines.length, lines.at(-1)]);
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    if (scroller.current !== null) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);
  const { start, end } = windowOf(lines.length, { ...view, rowHeight });
  return (
    <div class="lines-frame">
      <div
        class="lines"
        ref={scroller}
        onScroll={measure}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Lines"
      >
        <div class="lines-all" style={{ height: `${lines.length * rowHeight}px` }}>
          <div class="lines-drawn" style={{ transform: `translateY(${start * rowHeight}px)` }}>
            {lines.slice(start, end).map(({ source, at, text }, index) => (
              <div key={start + index} class="line">
                {sources.length > 1 && (
                  <span class={`source color-${source % colors}`}>{sources[source]}</span>
                )}
                {at !== "" && <time>{at.slice(11, 19)}</time>}
                <span>{text}</span>
              </div>
            ))}
          </div>
        </div>
      </div>
      {!isAtEnd && (
        <button
          type="button"
          class="to-end"
          onClick={() => {
            setAtEnd(true);
            const element = scroller.current;
            if (element !== null) element.scrollTop = element.scrollHeight;
          }}
        >
          To the end
        </button>
      )}
    </div>
  );
}
