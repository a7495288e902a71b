/**
 * Args that are safe in a command line of tmux, whatever their source. Pure.
 *
 * tmux is started without a shell, but it parses its arguments itself: one that ends in `;` ends the command, and
 * titles and names are formats, in which `#(…)` runs a program. https://man.openbsd.org/tmux.1#FORMATS
 */
import { UsageError } from "../base/errors.ts";

/** Returns an argument that tmux takes literally: only its last `;` would be special. */
export function literalWord(word: string): string {
  return word.endsWith(";") ? `${word.slice(0, -1)}\\;` : word;
}

/** Returns a text for a title or a name of a window: characters that a format would interpret are replaced. */
export function plainTitle(text: string): string {
  return text.slice(0, 200).replace(/[^\w./@:\- ]/g, "_");
}

/** Session names that tmux accepts unchanged, and that can't be parsed as another target. */
const sessionName = /^[A-Za-z0-9_][\w-]{0,63}$/;

/** @throws UsageError for a name that tmux would change or misread. */
export function checkedSessionName(name: string): string {
  if (sessionName.test(name)) return name;
  throw new UsageError(`"${name}" can't be a session's name`, {
    hint: "take letters, digits, - and _, up to 64 of them",
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
export function isTooOld(said: string): boolean {
  const [major, minor] = tmuxVersion(said) ?? tmuxVersion(oldestTmux) ?? [0, 0];
  const [least = 0, leastMinor = 0] = tmuxVersion(oldestTmux) ?? [];
  return major < least || (major === least && minor < leastMinor);
}

/** Returns major and minor of `tmux -V`: `tmux 3.3a`, `tmux next-3.5`; undefined for any other output. */
export function tmuxVersion(said: string): readonly [major: number, minor: number] | undefined {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(said) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}
