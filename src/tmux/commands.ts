/** The command lines of tmux that make a wall of panes, as lists of args. Pure. */
import type { Layout, WindowSize } from "./layout.ts";
import { literalWord, plainTitle } from "./quoting.ts";

/** One pane. */
export interface Pane {
  /** Its title, shown above it. */
  title: string;
  /** The args of the program: a shell sees each as a single argument. */
  words: readonly string[];
}

/** Options common to all panes. */
export interface PaneSurroundings {
  /** Absolute. */
  folder: string;
  /** Paths and the like: they are visible in the list of processes. */
  environment: Readonly<Record<string, string>>;
}

/** Which panes remain when their program has exited: all, the failed ones, none. As in tmux's `remain-on-exit`. */
export type Remain = "on" | "failed" | "off";

/** The target of a new window. */
export type WindowPlace =
  /** The first of a session of its own. */
  | { kind: "newSession"; session: string; size: WindowSize }
  /** One more of a session, given by its id. */
  | { kind: "inSession"; session: string };

/** The border above a pane: its pod, its exit code, and whether keys go to all panes. */
const borderFormat = " #{@kodama_target}" +
  "#{?pane_dead, #[reverse] #{?#{==:#{pane_dead_status},},ended,exit #{pane_dead_status}} #[noreverse],}" +
  "#{?pane_synchronized, [sync],} ";

/** A border is redrawn when an option changes, and otherwise only every few seconds. */
const redrawOnEnd = "set-option -p @kodama_ended yes";

/**
 * Makes a window with its first pane. Prints the ids of session, window and pane.
 *
 * Its options are set in the same command line: a program that exits at once must find them. Until then
 * `temporaryName` identifies it, which must be unique on this server.
 */
export function openWindow(
  { title, words }: Pane,
  place: WindowPlace,
  options: PaneSurroundings & { layout: Layout; temporaryName: string; name: string },
): string[] {
  const { temporaryName } = options;
  const target = `=${place.session}:=${temporaryName}`;
  const found = place.kind === "inSession" ? `${place.session}:=${temporaryName}` : target;
  const made = place.kind === "newSession"
    ? [
      ...["new-session", "-d", "-s", place.session],
      ...["-x", String(place.size.columns), "-y", String(place.size.rows)],
    ]
    : ["new-window", "-d", "-t", `${place.session}:`];
  const ids = "#{session_id} #{window_id} #{pane_id}";
  return chained(
    [...made, "-n", temporaryName, ...startOf(words, options, ids)],
    ...windowOptions.map(([name, value]) => ["set-option", "-wq", "-t", found, name, value]),
    ["set-hook", "-w", "-t", found, "pane-died", redrawOnEnd],
    ["set-option", "-p", "-t", found, "@kodama_target", plainTitle(title)],
    ["rename-window", "-t", found, plainTitle(options.name)],
  );
}

/**
 * Adds a pane to a window, after the given pane or in the given window; all are arranged again, so that there is
 * space for the next one. Prints its id.
 */
export function splitWindow(
  { words }: Pane,
  { window, behind }: { window: string; behind: string },
  options: PaneSurroundings & { layout: Layout },
): string[] {
  const { layout } = options;
  const direction = layout === "even-horizontal" || layout === "main-horizontal" ? "-h" : "-v";
  return chained(
    ["split-window", "-d", direction, "-t", behind, ...startOf(words, options, "#{pane_id}")],
    ["select-layout", "-t", window, layout],
  );
}

/** Sets the title above a pane. */
export function titlePane(pane: string, title: string): string[] {
  return ["set-option", "-p", "-t", pane, "@kodama_target", plainTitle(title)];
}

/** Keys go to all panes of these windows from now on: only once all panes exist. */
export function synchronize(windows: readonly string[]): string[] {
  return chained(
    ...windows.map((window) => ["set-option", "-w", "-t", window, "synchronize-panes", "on"]),
  );
}

/** Every pane remains until all exist: a window could close with its first pane while others are made. */
const windowOptions: readonly (readonly [name: string, value: string])[] = [
  ["automatic-rename", "off"],
  ["allow-rename", "off"],
  ["remain-on-exit", "on"],
  // tmux's own message (since 3.3) would scroll the first line of a short output off the screen.
  ["remain-on-exit-format", ""],
  ["pane-border-status", "top"],
  ["pane-border-format", borderFormat],
];

/** From now on only some panes remain. */
export function remainOnExit(window: string, remain: Remain): string[] {
  return ["set-option", "-w", "-t", window, "remain-on-exit", remain];
}

/** One pane in a line, for {@link panesToClose}. */
export const deadPaneFormat = "#{pane_id} #{pane_dead} #{pane_dead_status}";

/** Returns the panes whose program exited before it was known which remain. */
export function panesToClose(said: string, remain: Remain): string[] {
  return said.split("\n").flatMap((line) => {
    const [, pane = "", code] = /^(%\d+) 1 (\d*)$/.exec(line) ?? [];
    const goes = remain === "off" || (remain === "failed" && code === "0");
    return pane !== "" && goes ? [pane] : [];
  });
}

/**
 * Runs a pane's program, and makes tmux reap its exited children a moment after it. A tmux with libutempter ignores the
 * exit of a child while it records that the pane's terminal was closed, which is just when the child exits: the pane
 * would remain without a known exit code. The exit of any other child corrects this.
 */
const paneScript = `trap : INT QUIT
"$@"
code=$?
(
trap "" HUP
sleep 0.3 || sleep 1
tmux run-shell -b :
) </dev/null >/dev/null 2>&1 &
exit "$code"`;

/** The command that runs in a pane for a program. */
export function paneWords(words: readonly string[]): string[] {
  return ["sh", "-c", paneScript, "sh", ...words];
}

function startOf(
  words: readonly string[],
  { folder, environment }: PaneSurroundings,
  printed: string,
): string[] {
  const variables = Object.entries(environment).flatMap(([name, value]) => [
    "-e",
    literalWord(`${name}=${value}`),
  ]);
  return [
    "-P",
    "-F",
    printed,
    "-c",
    literalWord(folder),
    ...variables,
    "--",
    ...paneWords(words).map(literalWord),
  ];
}

/** Several commands in one command line, which the server executes without doing anything between them. */
function chained(...commands: readonly (readonly string[])[]): string[] {
  return commands.flatMap((command, index) => index === 0 ? command : [";", ...command]);
}
