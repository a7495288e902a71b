/** The prefix of a line: a pod's name, in a colour of its own, with the part common to all names faint. */
import { hueCount, stableNumber, type Style } from "../terminal/style.ts";

/** Returns `name: ` for each target, painted. Computed once for a run. */
export function prefixes(names: readonly string[], style: Style): readonly string[] {
  const shared = sharedStart(names);
  const hues = new HuePicker();
  return names.map((name) => {
    const own = style.hue(hues.pick(name), name.slice(shared));
    return `${shared === 0 ? "" : style.dim(name.slice(0, shared))}${own}${style.dim(":")} `;
  });
}

/** Assigns each name a colour: its own, or if others have it already, the next least-used one. */
class HuePicker {
  readonly #used = new Array<number>(hueCount).fill(0);

  pick(name: string): number {
    const fewest = Math.min(...this.#used);
    let hue = stableNumber(name) % hueCount;
    while (this.#used[hue] !== fewest) hue = (hue + 1) % hueCount;
    this.#used[hue] = fewest + 1;
    return hue;
  }
}

/** Returns the length of the common prefix of all names, cut back to a whole segment: `weka-drive-`. */
function sharedStart(names: readonly string[]): number {
  const [first = "", ...others] = names;
  if (others.length === 0) return 0;
  let length = first.length;
  for (const name of others) {
    let at = 0;
    while (at < length && name[at] === first[at]) at++;
    length = at;
  }
  return first.slice(0, length).search(/[^-/.]*$/);
}
