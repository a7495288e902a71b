/** Returns a path as one field of a table of mounts: blanks escaped by fstab(5). */
export function fstabField(path: string): string {
  return path.replace(
    /[\\ \t\n]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}
