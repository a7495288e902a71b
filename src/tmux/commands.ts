/** The command lines of tmux that make a wall of panes, as lists of args. Pure. */
import type { WallLayout, WindowSize } from "./layout.ts";
import { UsageError } from "../base/errors.ts";

/** One pane. */
export interface TmuxPane {
  /** Its title, shown above it. */
  title: string;
  /** The args of the program: a shell sees each as a single argument. */
  argv: readonly string[];
}

/** Options common to all panes. */
export interface PaneOptions {
  /** Absolute. */
  folder: string;
  /** Paths and the like: they are visible in the list of processes. */
  environment: Readonly<Record<string, string>>;
}

/** Which panes remain when their program has exited: all, the failed ones, none. As in tmux's `remain-on-exit`. */
export type Remain = "on" | "failed" | "off";

/** The target of a new window. */
export type WindowDestination =
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
  { title, argv }: TmuxPane,
  destination: WindowDestination,
  options: PaneOptions & { layout: WallLayout; temporaryName: string; name: string },
): string[] {
  const { temporaryName } = options;
  const target = `=${destination.session}:=${temporaryName}`;
  const found = destination.kind === "inSession"
    ? `${destination.session}:=${temporaryName}`
    : target;
  const made = destination.kind === "newSession"
    ? [
      ...["new-session", "-d", "-s", destination.session],
      ...["-x", String(destination.size.columns), "-y", String(destination.size.rows)],
    ]
    : ["new-window", "-d", "-t", `${destination.session}:`];
  const ids = "#{session_id} #{window_id} #{pane_id}";
  return chained(
    [...made, "-n", temporaryName, ...startArgs(argv, options, ids)],
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
  { argv }: TmuxPane,
  { window, behind }: { window: string; behind: string },
  options: PaneOptions & { layout: WallLayout },
): string[] {
  const { layout } = options;
  const direction = layout === "even-horizontal" || layout === "main-horizontal" ? "-h" : "-v";
  return chained(
    ["split-window", "-d", direction, "-t", behind, ...startArgs(argv, options, "#{pane_id}")],
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
export function panesToClose(output: string, remain: Remain): string[] {
  return output.split("\n").flatMap((line) => {
    const [, pane = "", code] = /^(%\d+) 1 (\d*)$/.exec(line) ?? [];
    const closes = remain === "off" || (remain === "failed" && code === "0");
    return pane !== "" && closes ? [pane] : [];
  });
}

/**
 * Runs a pane's program. Before it exits, tmux must have read all that the program printed: it closes the terminal of
 * an exited child even if the kernel hasn't passed the last lines through it. The cursor is hidden behind those lines,
 * as tmux itself does it in a pane that has ended, and tmux is asked until it has noticed.
 *
 * A moment after the exit it makes tmux reap its exited children. A tmux with libutempter ignores the exit of a child
 * while it records that the pane's terminal was closed, which is just when the child exits: the pane would remain
 * without a known exit code. The exit of any other child corrects this.
 */
const paneScript = `trap : INT QUIT
"$@"
code=$?
printf '\\033[?25l'
for try in 1 2 3 4 5 6 7 8 9 10; do
[ "$(tmux display-message -p -t "$TMUX_PANE" '#{cursor_flag}' 2>/dev/null)" = 1 ] || break
done
(
trap "" HUP
sleep 0.3 || sleep 1
tmux run-shell -b :
) </dev/null >/dev/null 2>&1 &
exit "$code"`;

/** The command that runs in a pane for a program. */
export function paneArgv(argv: readonly string[]): string[] {
  return ["sh", "-c", paneScript, "sh", ...argv];
}

function startArgs(
  argv: readonly string[],
  { folder, environment }: PaneOptions,
  printed: string,
): string[] {
  const variables = Object.entries(environment).flatMap(([name, value]) => [
    "-e",
    literalArg(`${name}=${value}`),
  ]);
  return [
    "-P",
    "-F",
    printed,
    "-c",
    literalArg(folder),
    ...variables,
    "--",
    ...paneArgv(argv).map(literalArg),
  ];
}

/** Several commands in one command line, which the server executes without doing anything between them. */
function chained(...commands: readonly (readonly string[])[]): string[] {
  return commands.flatMap((command, index) => index === 0 ? command : [";", ...command]);
}

/*
 * Args that are safe in a command line of tmux, whatever their source. Pure.
 *
 * tmux is started without a shell, but it parses its arguments itself: one that ends in `;` ends the command, and
 * titles and names are formats, in which `#(…)` runs a program. https://man.openbsd.org/tmux.1#FORMATS
 */

/** Returns an argument that tmux takes literally: only its last `;` would be special. */
export function literalArg(arg: string): string {
  return arg.endsWith(";") ? `${arg.slice(0, -1)}\\;` : arg;
}

/** Returns a text for a title or a name of a window: characters that a format would interpret are replaced. */
export function plainTitle(text: string): string {
  return text.slice(0, 200).replace(/[^\w./@:\- ]/g, "_");
}

/** Session names that tmux accepts unchanged, and that can't be parsed as another target. */
const sessionName = /^[A-Za-z0-9_][\w-]{0,63}$/;

/** @throws UsageError for a name that tmux would change or misread. */
export function checkedTmuxSession(name: string): string {
  if (sessionName.test(name)) return name;
  throw new UsageError(`"${name}" can't be a session's name`, {
    hint: "use at most 64 letters, digits, - and _",
  });
}

/** Returns `kodama`, or the first of `kodama-2`, `kodama-3` … that isn't taken. */
export function freeSessionName(taken: readonly string[]): string {
  const base = "kodama";
  let name = base;
  for (let number = 2; taken.includes(name); number++) name = `${base}-${number}`;
  return name;
}

/** The oldest tmux that supports walls: it added `-e` for new windows. */
export const oldestTmux = "3.2";

/** Returns whether `tmux -V` names a version that is too old; any other output counts as new. */
export function isTooOld(output: string): boolean {
  const [major, minor] = tmuxVersion(output) ?? tmuxVersion(oldestTmux) ?? [0, 0];
  const [least = 0, leastMinor = 0] = tmuxVersion(oldestTmux) ?? [];
  return major < least || (major === least && minor < leastMinor);
}

/** Returns major and minor of `tmux -V`: `tmux 3.3a`, `tmux next-3.5`; undefined for any other output. */
export function tmuxVersion(output: string): readonly [major: number, minor: number] | undefined {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(output) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}
