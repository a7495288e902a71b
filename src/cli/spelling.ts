/** How flags are spelled: the habits of kubectl's command line that a getopt parser has to be told. */
import type { Flag, Flags } from "./flag.ts";

/** commander's switches take no value: `--tty=false` is handed to it as the value of an option of its own. */
export function negation(name: string): string {
  return `${name}:is`;
}

/**
 * The spellings that commander doesn't know, in ones that it does: `--tty=false`, `-n=prod`. Words that
 * are values of the flag before them are left alone.
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
  // `-mx=y` is the text "x=y" for -m: what follows a value flag's letter is its value, whatever it holds.
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

/** The name of the value flag that takes its value from the word after this one; undefined where none does. */
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

/** The flag with this letter. */
export function byLetter(flags: Flags, letter: string): [string, Flag<unknown>] | undefined {
  return Object.entries(flags).find(([, flag]) => flag.short === letter);
}
