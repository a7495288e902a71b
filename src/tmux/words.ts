/**
 * Words that are safe in a command line of tmux, whoever made them. Pure.
 *
 * tmux is started without a shell, but it reads its arguments itself: one that ends in `;` ends the command, and
 * titles and names are formats, in which `#(…)` runs a program. https://man.openbsd.org/tmux.1#FORMATS
 */
import { UsageError } from "../base/errors.ts";

/** An argument as tmux takes it literally: only its last `;` would be special. */
export function literalWord(word: string): string {
  return word.endsWith(";") ? `${word.slice(0, -1)}\\;` : word;
}

/** A text for a title or a name of a window: what a format could read in it is replaced. */
export function plainTitle(text: string): string {
  return text.slice(0, 200).replace(/[^\w./@:\- ]/g, "_");
}

/** What tmux takes as a session's name without changing it, and what no target could read as something else. */
const sessionName = /^[A-Za-z0-9_][\w-]{0,63}$/;

/** @throws UsageError for a name that tmux would change or misread. */
export function checkedSessionName(name: string): string {
  if (sessionName.test(name)) return name;
  throw new UsageError(`"${name}" can't be a session's name`, {
    hint: "take letters, digits, - and _, up to 64 of them",
  });
}

/** `kodama`, or the first of `kodama-2`, `kodama-3` … that isn't taken. */
export function freeSessionName(taken: readonly string[]): string {
  const base = "kodama";
  let name = base;
  for (let number = 2; taken.includes(name); number++) name = `${base}-${number}`;
  return name;
}

/** The first tmux that walls can be made with: `-e` of new windows came with it. */
export const oldestTmux = "3.2";

/** Whether `tmux -V` names one that is too old; what it says otherwise counts as new. */
export function isTooOld(said: string): boolean {
  const [major, minor] = tmuxVersion(said) ?? tmuxVersion(oldestTmux) ?? [0, 0];
  const [least = 0, leastMinor = 0] = tmuxVersion(oldestTmux) ?? [];
  return major < least || (major === least && minor < leastMinor);
}

/** Major and minor of `tmux -V`: `tmux 3.3a`, `tmux next-3.5`; undefined where it says something else. */
export function tmuxVersion(said: string): readonly [major: number, minor: number] | undefined {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(said) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}
