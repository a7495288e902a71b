/** A terminal: xterm, and the WebSocket to the server. A chunk of its own: it is larger than the page. */
import { Terminal } from "@xterm/xterm";
import type {
  ErrorAnswer,
  MaxInputBytes,
  TerminalNote,
  TerminalQuery,
  TerminalRequest,
} from "../api.ts";
import { addressOf } from "./client.ts";

/** The state of a terminal. */
export type TerminalState =
  | { kind: "connecting" }
  | { kind: "open"; pod?: string }
  | { kind: "lost"; reason: string }
  | { kind: "exit"; code: number }
  | { kind: "closed" }
  | { kind: "error"; error: ErrorAnswer["error"] };

/** A terminal on the page. */
export interface OpenTerminal {
  /** Types a text. */
  send(text: string): void;
  focus(): void;
  close(): void;
}

/** What is called when something happens. */
export interface TerminalHandlers {
  onState(state: TerminalState): void;
  /** The user leaves it by keyboard. */
  onLeave(): void;
}

/**
 * The page's policy allows no style elements: xterm makes these instead (`tools/web_page.ts`), whose text becomes a
 * sheet of the document.
 */
class AdoptedStyle extends HTMLElement {
  readonly #sheet = new CSSStyleSheet();

  override set textContent(text: string) {
    this.#sheet.replaceSync(text);
  }

  connectedCallback(): void {
    document.adoptedStyleSheets.push(this.#sheet);
  }

  disconnectedCallback(): void {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== this.#sheet);
  }
}
customElements.define("adopted-style", AdoptedStyle);

/** More output than this that isn't drawn yet isn't read: a flood must not fill the memory. */
const unreadLimitBytes = 8 * 1024 * 1024;

const maxInputBytes: MaxInputBytes = 262_144;

/** Opens a terminal in an element, and connects it. */
export function openTerminal(
  frame: HTMLElement,
  target: Omit<TerminalQuery, "columns" | "rows">,
  { onState, onLeave }: TerminalHandlers,
): OpenTerminal {
  const terminal = new Terminal({
    fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
    fontSize: 14,
    scrollback: 5000,
    screenReaderMode: true,
    theme: { background: "#101418", foreground: "#e6e9ee", cursor: "#45b97f" },
  });
  terminal.open(frame);
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.key !== "F6" || !event.ctrlKey) return true;
    if (event.type === "keydown") onLeave();
    return false;
  });
  const fit = () => {
    const { columns, rows } = sizeOf(frame) ?? { columns: terminal.cols, rows: terminal.rows };
    if (columns !== terminal.cols || rows !== terminal.rows) terminal.resize(columns, rows);
  };
  fit();
  const { cols: columns, rows } = terminal;
  const address = new URL(
    addressOf("GET api/terminal", { query: { ...target, columns, rows } }),
    document.baseURI,
  );
  address.hash = "";
  address.protocol = address.protocol.replace("http", "ws");
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  const encoder = new TextEncoder();
  const send = (data: Uint8Array<ArrayBuffer>) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    // A paste is one text, of any length.
    for (let at = 0; at < data.length; at += maxInputBytes) {
      socket.send(data.subarray(at, at + maxInputBytes));
    }
  };
  let isOver = false;
  let unreadBytes = 0;
  const sendSize = () => {
    const request: TerminalRequest = {
      type: "resize",
      columns: terminal.cols,
      rows: terminal.rows,
    };
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(request));
  };
  socket.onopen = () => {
    onState({ kind: "open" });
    // The frame may have changed since the address was made.
    sendSize();
    terminal.focus();
  };
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data === "string") {
      const note = JSON.parse(data) as TerminalNote;
      isOver ||= note.type === "exit" || note.type === "error";
      onState(stateOf(note));
      return;
    }
    unreadBytes += data.byteLength;
    if (unreadBytes > unreadLimitBytes) {
      isOver = true;
      onState({
        kind: "error",
        error: { kind: "environment", message: "The output came faster than it can be drawn." },
      });
      socket.close();
      return;
    }
    terminal.write(new Uint8Array(data), () => unreadBytes -= data.byteLength);
  };
  socket.onclose = () => {
    if (!isOver) onState({ kind: "closed" });
  };
  terminal.onData((text) => send(encoder.encode(text)));
  terminal.onBinary((text) => send(Uint8Array.from(text, (one) => one.charCodeAt(0))));
  terminal.onResize(sendSize);
  const observer = new ResizeObserver(fit);
  observer.observe(frame);
  return {
    send(text) {
      send(encoder.encode(text));
      terminal.focus();
    },
    focus: () => terminal.focus(),
    close() {
      isOver = true;
      observer.disconnect();
      socket.close();
      terminal.dispose();
    },
  };
}

function stateOf(note: TerminalNote): TerminalState {
  switch (note.type) {
    case "attached":
      return { kind: "open", pod: note.pod };
    case "lost":
      return { kind: "lost", reason: note.reason };
    case "exit":
      return { kind: "exit", code: note.code };
    case "error":
      return { kind: "error", error: note.error };
  }
}

/** Returns how many cells fit; undefined if the element isn't shown. */
function sizeOf(frame: HTMLElement): { columns: number; rows: number } | undefined {
  const probe = document.createElement("span");
  probe.className = "cell-probe";
  probe.textContent = "W".repeat(32);
  frame.append(probe);
  const { width, height } = probe.getBoundingClientRect();
  probe.remove();
  if (width === 0) return undefined;
  const scrollBar = 16;
  return {
    columns: Math.max(20, Math.floor((frame.clientWidth - scrollBar) / (width / 32))),
    rows: Math.max(6, Math.floor(frame.clientHeight / height)),
  };
}
