/** Reads a person's keys from a terminal: its modes for that, and the silences that separate keys. */
import { onAbort } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import { KodamaError } from "../base/errors.ts";
import { KeyDecoder, type TerminalInput } from "./keys.ts";
import type { InputStream, Terminal } from "./terminal.ts";

/**
 * Handles inputs that came together. `isAlone`: a single key was pressed, and nothing else came with it; only such a
 * key may answer a question.
 */
export type OnInputs = (inputs: readonly TerminalInput[], isAlone: boolean) => void;

/**
 * Decodes chunks in time. Enter that comes together with other keys or a paste is the text of a line feed: it was typed
 * ahead, or pasted into a terminal that doesn't mark pastes, and would confirm a text that was not read.
 */
export class KeyReader implements Disposable {
  readonly #decoder = new KeyDecoder();
  #silence: Disposable | undefined;

  /** `isForProgram` tells whether the inputs go on to a program in the terminal. */
  constructor(
    private readonly clock: Clock,
    private readonly onInputs: OnInputs,
    private readonly isForProgram = () => false,
  ) {}

  /** Hands on the inputs that the chunk completes, and later those that silence after it completes. */
  feed(chunk: Uint8Array): void {
    this.#take(this.#decoder.feed(chunk));
  }

  #take(inputs: readonly TerminalInput[]): void {
    this[Symbol.dispose]();
    const { silenceMs } = this.#decoder;
    if (silenceMs !== undefined) {
      this.#silence = this.clock.timer(silenceMs, () => {
        this.#take(this.#decoder.flush({ isForProgram: this.isForProgram() }));
      });
    }
    if (inputs.length === 0) return;
    const typed = inputs.filter(({ kind }) => kind !== "mouse" && kind !== "position");
    const [first] = typed;
    const isAlone = typed.length === 1 &&
      (first?.kind === "key" || first?.kind === "text" && [...first.text].length === 1);
    this.onInputs(isAlone ? inputs : inputs.map(withoutEnter), isAlone);
  }

  [Symbol.dispose](): void {
    this.#silence?.[Symbol.dispose]();
    this.#silence = undefined;
  }
}

function withoutEnter(input: TerminalInput): TerminalInput {
  return input.kind === "key" && input.key === "enter" ? { kind: "text", text: "\n" } : input;
}

/** A paste is enclosed in two marks, and is never taken for keys. */
const pasteOn = "\x1b[?2004h";
const pasteOff = "\x1b[?2004l";

/** Puts a terminal in the modes in which keys are read, raw and with marked pastes, until it is disposed of. */
export function rawKeys(
  terminal: Pick<Terminal, "stderr" | "atEnd">,
  keyboard: InputStream,
): Disposable {
  const write = (text: string) => {
    terminal.stderr.write(text).catch(() => {
      // A closed terminal is noticed by its `broken` signal.
    });
  };
  using modes = new DisposableStack();
  modes.use(keyboard.raw());
  modes.use(terminal.atEnd(() => pasteOff));
  modes.defer(() => write(pasteOff));
  write(pasteOn);
  return modes.move();
}

/**
 * Reads a keyboard until the signal aborts or `onInputs` returns false. Each chunk is handled before the next is read:
 * a key that is typed after the end is for the next reader, and no pending read swallows it.
 *
 * @throws KodamaError `cancelled` if the terminal is closed.
 */
export async function readKeys(
  keyboard: InputStream,
  { clock, signal, onInputs, isForProgram }: {
    clock: Clock;
    signal: AbortSignal;
    /** Returns whether to read on. */
    onInputs: (...args: Parameters<OnInputs>) => boolean;
    /** Returns whether the inputs go on to a program in the terminal. */
    isForProgram?: (() => boolean) | undefined;
  },
): Promise<void> {
  const over = new AbortController();
  using _over = onAbort(signal, () => over.abort());
  using reader = new KeyReader(clock, (inputs, isAlone) => {
    if (!over.signal.aborted && !onInputs(inputs, isAlone)) over.abort();
  }, isForProgram);
  for await (const chunk of keyboard.chunks(over.signal)) {
    reader.feed(chunk);
    if (over.signal.aborted) return;
  }
  if (!over.signal.aborted) throw new KodamaError("cancelled", "the terminal was closed");
}
