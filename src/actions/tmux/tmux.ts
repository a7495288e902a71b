/** A pane of tmux for each target of a selection. */
import { hint, option } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { type Target, wholeSelection } from "../../kube/select/target.ts";
import { capacity, pagesOf, type WindowSize } from "../../tmux/layout.ts";
import {
  checkedTmuxSession,
  deadPaneFormat,
  freeSessionName,
  isTooOld,
  oldestTmux,
  openWindow,
  type PaneOptions,
  panesToClose,
  remainOnExit,
  splitWindow,
  synchronize,
  titlePane,
  type TmuxPane,
  type WindowDestination,
} from "../../tmux/commands.ts";
import { type ChangeAction, isConfirmed } from "../confirm_change.ts";
import type { Host } from "../host.ts";
import type { Multiplexer, ProgramEnd, TmuxEvent, TmuxOptions } from "./events.ts";
import { allTargets } from "../one_target.ts";
import { shellOwner } from "../shell/owner.ts";
import { launcherVariables } from "../../base/launcher_variables.ts";

/** Rows of a terminal that the status line takes. */
const statusRows = 1;

/** The dependencies of a wall. */
interface TmuxHost {
  host: Host;
  multiplexer: Multiplexer;
}

/**
 * Opens a pane with `kodama shell` for each target, and shows them. After a failure or a cancel, everything created
 * is removed.
 *
 * @throws NoMatchError; UsageError if there is no terminal to show it in; KodamaError `environment` without tmux, and
 *   with tmux's own message if it refuses.
 */
export async function* tmux(
  { host, multiplexer }: TmuxHost,
  options: TmuxOptions,
): AsyncGenerator<TmuxEvent, void> {
  const inside = (host.env("TMUX") ?? "") !== "";
  if (!inside && !options.detach && !options.terminal) {
    throw new UsageError("showing panes needs a terminal", {
      hint: hint`${option("detach")} makes them all the same; \`tmux attach\` shows them`,
    });
  }
  await checkVersion(multiplexer, options.signal);
  const { targets, names, notes } = await allTargets(host, options, options.signal);
  yield* notes;
  if (!await isConfirmed(host, options.confirm, { action: actionOf(options.command), targets })) {
    throw new KodamaError("declined", "cancelled; no pane was made");
  }
  // Created once, before many panes would try to create it.
  await shellOwner(host);
  const panes = await panesOf(targets, names, { host, multiplexer, options });
  const wall = await openWall({ host, multiplexer, options, pagesFor: pagesFor(panes, options) });
  yield* shown(wall, { multiplexer, options, panes: panes.length });
}

/** Panes that a workflow's step opens, with the front end's part of it. */
export interface StepPanes extends Pick<TmuxOptions, "shellFlags" | "writes"> {
  multiplexer: Multiplexer;
}

/**
 * Opens a pane for each of these targets, and doesn't show them: inside tmux they are windows of its session, otherwise
 * a session to attach to. Throws as {@link tmux} does.
 */
export async function openPanes(
  host: Host,
  { multiplexer, ...flags }: StepPanes,
  { targets, names, ...request }: {
    targets: readonly Target[];
    names: readonly string[];
    command: readonly string[];
    session: string | undefined;
    sync: boolean;
    signal: AbortSignal;
  },
): Promise<{ session: string; panes: number }> {
  const { session, ...others } = request;
  const options: TmuxOptions = {
    ...flags,
    ...others,
    ...(session === undefined ? {} : { session: checkedTmuxSession(session) }),
    contexts: [],
    selection: wholeSelection,
    layout: "tiled",
    detach: true,
    remain: request.command.length === 0 ? "failed" : "on",
    size: { columns: 200, rows: 50 },
    terminal: false,
  };
  await checkVersion(multiplexer, request.signal);
  await shellOwner(host);
  const panes = await panesOf(targets, names, { host, multiplexer, options });
  const wall = await openWall({ host, multiplexer, options, pagesFor: pagesFor(panes, options) });
  return { session: wall.session, panes: panes.length };
}

async function checkVersion(multiplexer: Multiplexer, signal: AbortSignal): Promise<void> {
  const { stdout } = await multiplexer.run(["-V"], signal);
  if (!isTooOld(stdout)) return;
  throw new KodamaError("environment", `${stdout.trim()} is too old`, {
    hint: `tmux ${oldestTmux} or later is needed`,
  });
}

/** Shells that receive input at once count as a change. */
function actionOf(command: readonly string[]): ChangeAction {
  return command.length === 0
    ? { kind: "shells" }
    : { kind: "command", command, shell: false, variables: [] };
}

/** Names of Kubernetes as its servers validate them. An invalid name would reach a command line. */
const kubernetesName = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

async function panesOf(
  targets: readonly Target[],
  names: readonly string[],
  { host, multiplexer, options }: TmuxHost & { options: TmuxOptions },
): Promise<TmuxPane[]> {
  const own = multiplexer.kodamaWords(options.writes);
  // Inside a pod there is no kubeconfig, and so no context to name.
  const contexts = (await host.contexts()).length > 0;
  return targets.map((target, index) => {
    const { context, namespace, pod, container } = target;
    const wrong = [namespace, pod, container].find((name) => !kubernetesName.test(name));
    if (wrong !== undefined) {
      throw new KodamaError("server", `the server sent an invalid name: "${wrong}"`);
    }
    const place = [...(contexts ? [`--context=${context}`] : []), "-n", namespace, "-c", container];
    const command = options.command.length === 0 ? [] : ["--", ...options.command];
    const argv = [...own, "shell", ...options.shellFlags, ...place, pod, ...command];
    return { title: names[index] ?? pod, argv };
  });
}

function pagesFor(panes: readonly TmuxPane[], { layout }: TmuxOptions): Wall["pagesFor"] {
  return (size) => pagesOf(panes, capacity(layout, size));
}

async function* shown(
  { session, windows, inside }: Awaited<ReturnType<typeof openWall>>,
  { multiplexer, options, panes }: Pick<TmuxHost, "multiplexer"> & {
    options: TmuxOptions;
    panes: number;
  },
): AsyncGenerator<TmuxEvent, void> {
  const opened = { kind: "opened" as const, session, panes, windows: windows.length };
  if (options.detach) return yield { ...opened, shown: "later" };
  const [first = ""] = windows;
  if (inside) {
    await multiplexer.run(["select-window", "-t", first]);
    await multiplexer.run(["switch-client", "-t", first]);
    return yield { ...opened, shown: "here" };
  }
  yield { ...opened, shown: "here" };
  await multiplexer.lendTerminal(["attach-session", "-t", `=${session}`]);
  const { code } = await multiplexer.run(["has-session", "-t", `=${session}`]);
  if (code === 0) yield { kind: "leftBehind", session };
}

/** Returns the rows of a terminal that panes can use. */
export function rowsForPanes(rows: number): number {
  return Math.max(1, rows - statusRows);
}

/* Creates the windows and panes of a wall in tmux, or removes all of them. */

/** The wall to create. */
interface Wall {
  host: Host;
  multiplexer: Multiplexer;
  options: TmuxOptions;
  /** Returns the panes of each window, for windows of this size. */
  pagesFor: (size: WindowSize) => TmuxPane[][];
}

/** The created wall. */
interface OpenWall {
  /** The name of the session. */
  session: string;
  /** Ids of its windows, in their order. */
  windows: readonly string[];
  /** Whether it is on the tmux server that this kodama runs in: in the same session, or in another session. */
  inside: boolean;
}

/** @throws KodamaError with tmux's message if it refuses; everything created has then been removed. */
async function openWall(wall: Wall): Promise<OpenWall> {
  return await new WallBuilder(wall).open();
}

/** A call of {@link openWall}. */
class WallBuilder {
  readonly #surroundings: PaneOptions;
  readonly #windows: string[] = [];

  constructor(private readonly wall: Wall) {
    const { host } = wall;
    // Set even if empty: the server's own values may be outdated.
    const names = ["KUBECONFIG", "KODAMA_CONFIG_DIR"];
    this.#surroundings = {
      folder: host.places.workingDir,
      environment: {
        ...Object.fromEntries(names.map((name) => [name, host.env(name) ?? ""])),
        // In a pane, only kodama itself can report how its program ended.
        KODAMA_PANE: "1",
      },
    };
  }

  async open(): Promise<OpenWall> {
    const { host, options } = this.wall;
    const inside = (host.env("TMUX") ?? "") !== "";
    const here = inside && options.session === undefined ? await this.#current() : undefined;
    const size = here?.size ?? options.size;
    const session = here?.session ?? await this.#newName(options.session);
    const pages = this.wall.pagesFor(size);
    try {
      let id = here?.id;
      for (const [index, page] of pages.entries()) {
        options.signal.throwIfAborted();
        const place: WindowDestination = id === undefined
          ? { kind: "newSession", session, size: options.size }
          : { kind: "inSession", session: id };
        const name = pages.length === 1 ? "kodama" : `kodama ${index + 1}/${pages.length}`;
        id = await this.#openPage(page, place, name);
      }
      await this.#settle();
      options.signal.throwIfAborted();
      if (options.sync) await this.#run(synchronize(this.#windows));
    } catch (error) {
      // The windows close with their panes, and a session ends with its last window.
      for (const window of this.#windows) {
        await this.wall.multiplexer.run(["kill-window", "-t", window]);
      }
      throw error;
    }
    if (!inside) await this.#forgetOwnVariables();
    return { session, windows: this.#windows, inside };
  }

  /** Returns the session that this kodama runs in. */
  async #current(): Promise<{ id: string; session: string; size: WindowSize }> {
    const pane = this.wall.host.env("TMUX_PANE") ?? "";
    const target = pane === "" ? [] : ["-t", pane];
    const format = "#{session_id} #{window_width} #{window_height} #{session_name}";
    const said = await this.#run(["display-message", "-p", ...target, format]);
    const [, id, columns, rows, session] = /^(\$\d+) (\d+) (\d+) (.*)\n/.exec(said) ?? [];
    if (id === undefined || session === undefined) {
      throw new KodamaError("environment", `tmux doesn't say where this is: ${said.trim()}`);
    }
    return { id, session, size: { columns: Number(columns), rows: Number(rows) } };
  }

  async #newName(wanted: string | undefined): Promise<string> {
    const { multiplexer, options } = this.wall;
    // Without a server there are none, and that isn't an error.
    const { stdout } = await multiplexer.run(
      ["list-sessions", "-F", "#{session_name}"],
      options.signal,
    );
    const taken = stdout.split("\n");
    if (wanted === undefined) return freeSessionName(taken);
    if (!taken.includes(wanted)) return wanted;
    throw new UsageError(`tmux has a session "${wanted}" already`, {
      hint: `tmux attach -t ${wanted} shows it; --session takes another name`,
    });
  }

  /** Creates a window with its panes; returns the id of its session. */
  async #openPage(
    page: readonly TmuxPane[],
    place: WindowDestination,
    name: string,
  ): Promise<string> {
    const [first, ...others] = page;
    if (first === undefined) throw new Error("a page without panes");
    const surroundings = this.#surroundings;
    const temporaryName = `kodama-${crypto.randomUUID()}`;
    const options = { ...surroundings, layout: this.wall.options.layout, temporaryName, name };
    const made = await this.wall.multiplexer.run(openWindow(first, place, options));
    const [, session, window, firstPane = ""] = /^(\$\d+) (@\d+) (%\d+)\n/.exec(made.stdout) ?? [];
    if (window !== undefined) this.#windows.push(window);
    if (made.code !== 0 || session === undefined || window === undefined) throw refusal(made);
    let behind = firstPane;
    for (const pane of others) {
      this.wall.options.signal.throwIfAborted();
      const split = splitWindow(pane, { window, behind }, {
        ...surroundings,
        layout: this.wall.options.layout,
      });
      behind = (await this.#run(split)).trim();
      await this.#run(titlePane(behind, pane.title));
    }
    return session;
  }

  /** Until now every pane stayed open after its program exited: closes those that shouldn't. */
  async #settle(): Promise<void> {
    const { multiplexer, options: { remain } } = this.wall;
    if (remain === "on") return;
    for (const window of this.#windows) {
      await this.#run(remainOnExit(window, remain));
      const said = await this.#run(["list-panes", "-t", window, "-F", deadPaneFormat]);
      for (const pane of panesToClose(said, remain)) {
        await multiplexer.run(["kill-pane", "-t", pane]);
      }
    }
  }

  async #run(words: readonly string[]): Promise<string> {
    const end = await this.wall.multiplexer.run(words);
    if (end.code === 0) return end.stdout;
    throw refusal(end);
  }

  /** A server that kodama starts would pass them to every shell in it. */
  async #forgetOwnVariables(): Promise<void> {
    const { multiplexer } = this.wall;
    const { code } = await multiplexer.run(["show-environment", "-g", "KODAMA_ARGV0"]);
    if (code !== 0) return;
    for (const name of launcherVariables) {
      await multiplexer.run(["set-environment", "-g", "-u", name]);
    }
  }
}

/** Returns tmux's message as an error. */
function refusal({ code, stderr }: ProgramEnd): KodamaError {
  return new KodamaError("environment", `tmux: ${stderr.trim() || `exit code ${code}`}`);
}
