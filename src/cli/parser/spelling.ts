/** How flags are spelled: conventions of kubectl's command line that a getopt parser doesn't have. */
import type { Flag, Flags } from "./flag.ts";

/** commander's switches take no value: `--tty=false` is passed to it as the value of a separate option. */
export function negation(name: string): string {
  return `${name}:is`;
}

/**
 * Rewrites the spellings that commander doesn't know to ones that it does: `--tty=false`, `-n=prod`. Args that
 * are values of the flag before them are unchanged.
 */
export function spellOut(flags: Flags, words: readonly string[]): string[] {
  const plain: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    plain.push(...spelled(flags, word));
    const following = words[at + 1];
    if (following !== undefined && flagAwaiting(flags, word) !== undefined) {
      plain.push(following);
      at++;
    }
  }
  return plain;
}

function spelled(flags: Flags, word: string): readonly string[] {
  const long = /^--([^=]+)=(.*)$/s.exec(word);
  if (long !== null) {
    const [, name = "", text = ""] = long;
    const flag = flagNamed(flags, name);
    return flag?.takesValue === false ? [`--${negation(name)}`, text] : [word];
  }
  const short = /^-([A-Za-z]+)=(.*)$/s.exec(word);
  if (short === null) return [word];
  const [, letters = "", text = ""] = short;
  const last = byLetter(flags, letters.at(-1) ?? "");
  const switches = [...letters.slice(0, -1)];
  // `-mx=y` is the text "x=y" for -m: what follows a value flag's letter is its value, even with an `=`.
  if (
    last === undefined || switches.some((one) => byLetter(flags, one)?.[1].takesValue !== false)
  ) {
    return [word];
  }
  const [name, flag] = last;
  return [
    ...switches.map((one) => `-${one}`),
    `--${flag.takesValue ? name : negation(name)}`,
    text,
  ];
}

/** Returns the name of the value flag that takes its value from the next argument; undefined if there is none. */
export function flagAwaiting(flags: Flags, word: string): string | undefined {
  if (word.startsWith("--")) {
    const name = word.slice(2);
    return flagNamed(flags, name)?.takesValue === true ? name : undefined;
  }
  if (!/^-[A-Za-z]+$/.test(word)) return undefined;
  const found = [...word.slice(1)].map((letter) => byLetter(flags, letter));
  const first = found.findIndex((entry) => entry?.[1].takesValue === true);
  return first >= 0 && first === found.length - 1 ? found[first]?.[0] : undefined;
}

function flagNamed(flags: Flags, name: string): Flag<unknown> | undefined {
  return Object.hasOwn(flags, name) ? flags[name] : undefined;
}

/** Returns the flag with this letter. */
export function byLetter(flags: Flags, letter: string): [string, Flag<unknown>] | undefined {
  return Object.entries(flags).find(([, flag]) => flag.short === letter);
}
