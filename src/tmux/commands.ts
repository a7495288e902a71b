/** The command lines of tmux that make a wall of panes, as lists of words. Pure. */
import type { Layout, WindowSize } from "./layout.ts";
import { literalWord, plainTitle } from "./words.ts";

/** One pane. */
export interface Pane {
  /** Shown above it. */
  title: string;
  /** The program: none of them gets to a shell's eyes as anything but a word. */
  words: readonly string[];
}

/** What all panes share. */
export interface PaneSurroundings {
  /** Absolute. */
  folder: string;
  /** Paths and the like: they can be seen in the list of processes. */
  environment: Readonly<Record<string, string>>;
}

/** Which panes stay when their program has ended: all, those that failed, none. As tmux's `remain-on-exit` has it. */
export type Remain = "on" | "failed" | "off";

/** Where a window is made. */
export type WindowPlace =
  /** The first of a session of its own. */
  | { kind: "newSession"; session: string; size: WindowSize }
  /** One more of a session, given by its id. */
  | { kind: "inSession"; session: string };

/** The border above a pane: whose it is, how it ended, and whether keys go to all panes. */
const borderFormat = " #{@kodama_target}" +
  "#{?pane_dead, #[reverse] #{?#{==:#{pane_dead_status},},ended,exit #{pane_dead_status}} #[noreverse],}" +
  "#{?pane_synchronized, [sync],} ";

/** A border is drawn anew when an option changes, and else every few seconds only. */
const redrawOnEnd = "set-option -p @kodama_ended yes";

/**
 * Makes a window with its first pane. Prints the ids of session, window and pane.
 *
 * Its options are set in the same breath: a program that ends at once must find them. Until then it is found by
 * `temporaryName`, which must be unique on this server.
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
 * One more pane of a window, behind the pane or in the window that is given; all are arranged anew, so that there is
 * room for the next one. Prints its id.
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

/** Says above a pane whose it is. */
export function titlePane(pane: string, title: string): string[] {
  return ["set-option", "-p", "-t", pane, "@kodama_target", plainTitle(title)];
}

/** Keys go to all panes of these windows from now on: not before all are there. */
export function synchronize(windows: readonly string[]): string[] {
  return chained(
    ...windows.map((window) => ["set-option", "-w", "-t", window, "synchronize-panes", "on"]),
  );
}

/** Every pane stays until all are there: a window could go with its first one while others are made. */
const windowOptions: readonly (readonly [name: string, value: string])[] = [
  ["automatic-rename", "off"],
  ["allow-rename", "off"],
  ["remain-on-exit", "on"],
  // tmux's own remark (since 3.3) would push the first line of a short output out of sight.
  ["remain-on-exit-format", ""],
  ["pane-border-status", "top"],
  ["pane-border-format", borderFormat],
];

/** From now on only some panes stay. */
export function remainOnExit(window: string, remain: Remain): string[] {
  return ["set-option", "-w", "-t", window, "remain-on-exit", remain];
}

/** One pane in a line, for {@link panesToClose}. */
export const deadPaneFormat = "#{pane_id} #{pane_dead} #{pane_dead_status}";

/** Panes whose program ended before it was known which stay. */
export function panesToClose(said: string, remain: Remain): string[] {
  return said.split("\n").flatMap((line) => {
    const [, pane = "", code] = /^(%\d+) 1 (\d*)$/.exec(line) ?? [];
    const goes = remain === "off" || (remain === "failed" && code === "0");
    return pane !== "" && goes ? [pane] : [];
  });
}

/**
 * Runs a pane's program, and has tmux look at its ended children a moment after it. A tmux with libutempter ignores the
 * end of a child while it notes that the pane's terminal has gone, which is just when the child ends: the pane would
 * stay as one whose exit code nobody knows. The end of any other child makes good for it.
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

/** What runs in a pane for a program. */
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

/** Several commands in one command line, which the server carries out without doing anything between them. */
function chained(...commands: readonly (readonly string[])[]): string[] {
  return commands.flatMap((command, index) => index === 0 ? command : [";", ...command]);
}
