/** Names of keys as people write them in settings, and which of them a terminal can send. */
import { keyBytes } from "./key_bytes.ts";
import { KeyDecoder } from "./keys.ts";

const modifierNames: Readonly<Record<string, "ctrl" | "alt" | "shift">> = {
  ctrl: "ctrl",
  control: "ctrl",
  c: "ctrl",
  alt: "alt",
  option: "alt",
  meta: "alt",
  m: "alt",
  shift: "shift",
  s: "shift",
};

/** Returns the decoder's spelling of a key, or of several in a row: `Ctrl+P` is `ctrl-p`, `alt-shift-x` is `alt-X`. */
export function normalKey(keys: string): string {
  return keys.trim().split(/\s+/).map(normalOne).join(" ");
}

function normalOne(key: string): string {
  const modifiers = new Set<string>();
  let name = key;
  while (true) {
    const [whole = "", before = ""] = /^([a-z]+)[-+](?=.)/i.exec(name) ?? [];
    const modifier = modifierNames[before.toLowerCase()];
    if (modifier === undefined) break;
    modifiers.add(modifier);
    name = name.slice(whole.length);
  }
  const isLetter = /^[a-z]$/i.test(name);
  if ([...name].length > 1 || isLetter && modifiers.has("ctrl")) name = name.toLowerCase();
  else if (isLetter && modifiers.delete("shift")) name = name.toUpperCase();
  const order = ["ctrl", "alt", "shift"].filter((one) => modifiers.has(one));
  return [...order, name].join("-");
}

const modes = { applicationCursorKeys: false, bracketedPaste: true };

/** Returns the name under which a key arrives: `ctrl-i` is `tab`; undefined if no terminal sends it. */
export function arrivingKey(key: string): string | undefined {
  const bytes = new TextEncoder().encode(keyBytes({ kind: "key", key }, modes));
  const decoder = new KeyDecoder();
  const [input, ...others] = [...decoder.feed(bytes), ...decoder.flush()];
  if (others.length > 0) return undefined;
  if (input?.kind === "text") return input.text === " " ? "space" : input.text;
  return input?.kind === "key" ? input.key : undefined;
}

/**
 * Returns why a key, or a key of several in a row, can't be pressed; undefined if it can. In {@link normalKey}'s
 * spelling.
 */
export function keyProblem(keys: string): string | undefined {
  for (const key of keys.split(" ")) {
    const arriving = arrivingKey(key);
    if (arriving === undefined) return `no terminal sends the key ${key}`;
    if (arriving !== key) return `terminals send the key ${key} as ${arriving}`;
  }
  return undefined;
}
