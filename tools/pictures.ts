// deno-lint-ignore-file no-console -- a tool reports to the person who runs it
/**
 * `deno task pictures`: the documentation's pictures of a terminal, `docs/images/*.svg`. The real kodama runs
 * in a real terminal (tmux) on the embedded cluster; the resulting screen is drawn.
 */
import { InstalledKodama } from "../tests/harness/installed_kodama.ts";
import { PseudoTerminal, terminalMissing } from "../tests/harness/pseudo_terminal.ts";
import { sayFailure } from "./say_failure.ts";
import { type Frame, movingSvg, terminalSvg } from "./terminal_svg.ts";

/** One input at the keyboard, and the screen that follows. */
interface Step {
  type?: string;
  /** Keys by tmux's names. */
  press?: readonly string[];
  /** The screen for which the next step waits. */
  until: RegExp;
  /** How long a moving picture shows that screen; 1.5 if absent. */
  seconds?: number;
}

/** One picture: the input at a shell's prompt, until its last screen. */
export interface Shot {
  title: string;
  columns: number;
  rows: number;
  steps: readonly Step[];
  /** The screens of all steps follow each other; otherwise it is the last one. */
  isMoving?: boolean;
  /** Texts that the picture shows. */
  shows: readonly string[];
}

const compareCommand = "kodama exec -l app=cache --diff -- printenv CACHE_CONFIG";

/** By the name of the file in `docs/images/`. */
export const shots: Readonly<Record<string, Shot>> = {
  "exec": {
    title: "One command in 24 pods: what most of them answer, and what differs",
    columns: 88,
    rows: 24,
    steps: [
      { type: compareCommand, press: ["Enter"], until: /24 ok in .*\n\$ $/ },
    ],
    shows: [
      compareCommand,
      "cache-[0-22]",
      "cache-23",
      "-version 7.2.5",
      "+version 7.2.4",
      "24 ok",
    ],
  },
  "pick": {
    title: "The picker: a live list of pods, searched as you type",
    columns: 100,
    rows: 36,
    steps: [
      { type: "kodama exec --pick -- uptime", press: ["Enter"], until: /30\/30|31\/31/ },
      { type: "cache 2", until: /cache-2\b/ },
      {
        press: ["Up", "Up", "Tab", "Tab"],
        until: /\(2\)[^]*ready to accept|ready to accept[^]*\(2\)/,
      },
    ],
    shows: ["kodama exec --pick", "cache 2", "log of cache", "(2)"],
  },
  "ui": {
    title: "The terminal UI: a command in the marked pods, and the outcome of each",
    columns: 110,
    rows: 30,
    isMoving: true,
    steps: [
      { type: "kodama ui", until: /kodama ui/, seconds: 1 },
      { press: ["Enter"], until: /cache-0\b/, seconds: 2 },
      { type: "/^cache-2", until: / 5 of \d+ ━/ },
      { press: ["Enter"], until: /^(?![^]*filter: )/, seconds: 1 },
      { press: ["a"], until: /5 marked/, seconds: 2 },
      {
        type: "xprintenv CACHE_CONFIG | grep version.7.2.5",
        until: /version\.7\.2\.5/,
        seconds: 2,
      },
      { press: ["Enter"], until: /━ .*4 ok/, seconds: 2 },
      { press: ["G"], until: /── cache-23/, seconds: 5 },
    ],
    shows: ["5 marked", "4 ok, 1 failed", "cache-23", "version 7.2.5"],
  },
};

/** The folder of the pictures. */
export const picturesFolder = new URL("../docs/images/", import.meta.url);

async function draw(shot: Shot, kodama: InstalledKodama): Promise<string> {
  const { NO_COLOR: _, ...env } = kodama.env;
  await using terminal = await PseudoTerminal.open(
    ["env", `PS1=\\[\\e[1;32m\\]$\\[\\e[0m\\] `, "bash", "--norc", "--noprofile"],
    {
      env: { ...env, LC_ALL: "C.UTF-8", TERM: "xterm-256color" },
      cwd: kodama.workFolder,
      columns: shot.columns,
      rows: shot.rows,
    },
  );
  await terminal.shows("the prompt", /\$/);
  const frames: Frame[] = [];
  for (const { type, press, until, seconds = 1.5 } of shot.steps) {
    if (type !== undefined) await terminal.type(type);
    if (press !== undefined) await terminal.press(...press);
    await terminal.shows(String(until), (screen) => until.test(`${screen} `));
    frames.push({ rows: (await terminal.coloredScreen()).split("\n"), seconds });
  }
  const { title, columns } = shot;
  if (shot.isMoving === true) return movingSvg({ title, columns, frames });
  return terminalSvg({ title, columns, rows: frames.at(-1)?.rows ?? [] });
}

async function main(): Promise<number> {
  const missing = await terminalMissing();
  if (missing !== undefined) throw new Error(missing);
  await using kodama = await InstalledKodama.open();
  await kodama.clusterUp("shop");
  await Deno.mkdir(picturesFolder, { recursive: true });
  for (const [name, shot] of Object.entries(shots)) {
    await Deno.writeTextFile(new URL(`${name}.svg`, picturesFolder), await draw(shot, kodama));
    console.log(`docs/images/${name}.svg`);
  }
  return 0;
}

if (import.meta.main) Deno.exit(await sayFailure(main));
