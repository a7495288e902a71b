/** Names of the files that store targets' outputs: distinct, and safe whatever their source. */

/** Bytes of a name; file systems allow 255, and an extension follows. */
const maxLength = 200;

/**
 * Returns the file name, without its extension, for a target's name: its parts joined by `_`, which no Kubernetes name
 * contains. Characters that could leave the folder, hide the file or be special to a shell are written as `%2F`, as in
 * a URL; a name that is too long ends in a hash of the complete name.
 */
export function outputFileName(targetName: string): string {
  const parts = targetName.split("/").map((part) =>
    encodeURIComponent(part.toWellFormed()).replace(/[_~!*'()]|^\./g, percent)
  );
  const name = parts.join("_");
  if (name.length <= maxLength) return name;
  return `${name.slice(0, maxLength)}%${hash(name)}`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** FNV-1a, twice with different seeds: names that share 200 letters are few. */
function hash(text: string): string {
  return [0x811c9dc5, 0x1b873593].map((seed) => {
    let value = seed;
    for (let at = 0; at < text.length; at++) {
      value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
    }
    return (value >>> 0).toString(16).padStart(8, "0");
  }).join("");
}
