/** Checks the programs and files of this machine that kodama can use. */
import type { Hint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import { effectiveSettings } from "../../config/settings.ts";
import { isTooOld, oldestTmux } from "../../tmux/commands.ts";
import type { Finding } from "./finding.ts";
import type { Host } from "../host.ts";
import { settingSources } from "../config/setting_sources.ts";

/** Yields the findings of this machine. */
export async function* checkMachine(
  host: Host,
  signal: AbortSignal,
): AsyncGenerator<Finding, void> {
  yield await checkSettings(host);
  yield checkTerminal(host);
  yield await checkProgram(host, signal, {
    id: "tmux",
    versionWords: ["-V"],
    lacking: "panes in tmux can't be opened",
    tooOld: (version) =>
      isTooOld(version) ? `walls of panes need tmux ${oldestTmux} or later` : undefined,
  });
  yield await checkProgram(host, signal, {
    id: "kubectl",
    versionWords: ["version", "--client"],
    lacking: "kodama itself doesn't need it",
  });
}

/** A settings file that can't be read breaks every command that reads it, each at a different time. */
async function checkSettings(host: Host): Promise<Finding> {
  const id = "settings";
  try {
    const sources = await settingSources(host);
    await effectiveSettings(sources);
    const paths = [sources.repository, sources.user].flatMap((file) => file?.path ?? []);
    const detail = paths.length === 0 ? "none of your own, the defaults hold" : paths.join(", ");
    return { id, status: "ok", detail };
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    const advice = error.hint === undefined ? {} : { advice: error.hint };
    return { id, status: "fail", detail: error.message, ...advice };
  }
}

function checkTerminal(host: Host): Finding {
  const { stdin, stdout, stderr } = host.machine.terminal;
  if (!stdin || !stdout || !stderr) {
    const none = Object.entries({ stdin, stdout, stderr }).filter(([, is]) => !is)
      .map(([name]) => name).join(", ");
    const detail = `no terminal on ${none}: nothing will be asked`;
    return { id: "terminal", status: "warn", detail };
  }
  const name = host.env("TERM") ?? "";
  if (name === "" || name === "dumb") {
    return {
      id: "terminal",
      status: "warn",
      detail: `TERM is ${JSON.stringify(name)}: no colours`,
    };
  }
  return { id: "terminal", status: "ok", detail: `TERM is ${JSON.stringify(name)}` };
}

async function checkProgram(
  host: Host,
  signal: AbortSignal,
  program: {
    id: "tmux" | "kubectl";
    versionWords: readonly string[];
    lacking: string;
    /** Returns what doesn't work with a version; undefined if everything does. */
    tooOld?: (version: string) => string | undefined;
  },
): Promise<Finding> {
  const { id, versionWords, lacking } = program;
  const path = await host.machine.findProgram(id);
  if (path === undefined) {
    return { id, status: "warn", detail: `not on PATH: ${lacking}`, advice: `install ${id}` };
  }
  const answer = await capture(host, { id, words: versionWords }, signal);
  if (answer instanceof KodamaError) return notRun(id, `${path}: ${answer.message}`, answer.hint);
  const { code, stdout } = answer;
  const version = stdout.split("\n")[0]?.trim() ?? "";
  const tooOld = program.tooOld?.(version);
  if (code === 0 && tooOld !== undefined) {
    return { id, status: "warn", detail: `${version} (${path}) is too old`, advice: tooOld };
  }
  if (code === 0) {
    return { id, status: "ok", detail: version === "" ? path : `${version} (${path})` };
  }
  return { id, status: "warn", detail: `${path} ends with exit code ${code}` };
}

function notRun(id: Finding["id"], detail: string, advice: Hint | undefined): Finding {
  return { id, status: "skipped", detail, ...(advice === undefined ? {} : { advice }) };
}

/** Returns the output of a local program, or why it can't be run: a finding that doesn't stop the others. */
export async function capture(
  host: Host,
  { id, words }: { id: "tmux" | "kubectl"; words: readonly string[] },
  signal: AbortSignal,
): Promise<{ code: number; stdout: string } | KodamaError> {
  try {
    return await host.machine.capture(id, words, signal);
  } catch (error) {
    if (error instanceof KodamaError && error.kind === "environment") return error;
    throw error;
  }
}
