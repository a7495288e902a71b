/** Names of the files that targets' outputs are kept in: told apart, and safe wherever they come from. */

/** Bytes of a name; file systems allow 255, and an ending follows. */
const maxLength = 200;

/**
 * The file's name, without its ending, of a target whose name is this: its parts joined by `_`, which no name
 * of Kubernetes has. Whatever could lead out of the folder, hide the file or be special to a shell is written
 * as `%2F`, as in a URL; a name that is too long ends in a number made of the whole.
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

/** FNV-1a, twice with different beginnings: names that share 200 letters are few. */
function hash(text: string): string {
  return [0x811c9dc5, 0x1b873593].map((begin) => {
    let value = begin;
    for (let at = 0; at < text.length; at++) {
      value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
    }
    return (value >>> 0).toString(16).padStart(8, "0");
  }).join("");
}
