/** A unified diff, as git writes it, as files and lines. Pure. */

/** One file of a diff. */
export interface DiffFile {
  /** Its path; `old → new` if it was renamed. */
  path: string;
  added: number;
  removed: number;
  /** Without the header of the file; that of each hunk is one of them. */
  lines: DiffLine[];
  /** What git says instead of lines: a binary file, a changed mode. */
  notes: string[];
}

/** One line, without its sign. */
export interface DiffLine {
  kind: "hunk" | "added" | "removed" | "same" | "note";
  text: string;
}

/** Returns the files of a diff. Text before the first file is ignored. */
export function diffFiles(diff: string): DiffFile[] {
  const files: DiffFile[] = [];
  let file: DiffFile | undefined;
  // Lines of the hunk that still follow, by its header: a removed line may look like one of a header.
  let [oldLeft, newLeft] = [0, 0];
  for (const line of diff.replace(/\n$/, "").split("\n")) {
    const isInHunk = oldLeft > 0 || newLeft > 0;
    if (file !== undefined && isInHunk && /^[ +\-]|^$/.test(line)) {
      const kind = line[0] === "+" ? "added" : line[0] === "-" ? "removed" : "same";
      if (kind !== "added") oldLeft--;
      if (kind !== "removed") newLeft--;
      if (kind !== "same") file[kind]++;
      file.lines.push({ kind, text: line.slice(1) });
    } else if (line.startsWith("diff --git ")) {
      [oldLeft, newLeft] = [0, 0];
      file = { path: pathOf(line), added: 0, removed: 0, lines: [], notes: [] };
      files.push(file);
    } else if (file !== undefined) {
      const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
      if (hunk !== null) {
        [oldLeft, newLeft] = [Number(hunk[1] ?? 1), Number(hunk[2] ?? 1)];
        file.lines.push({ kind: "hunk", text: line });
      } else if (line.startsWith("\\")) file.lines.push({ kind: "note", text: line.slice(2) });
      else headerLine(file, line);
    }
  }
  return files;
}

function headerLine(file: DiffFile, line: string): void {
  const moved = /^(rename|copy) (from|to) (.*)$/.exec(line);
  const target = /^\+\+\+ "?b\/(.*?)"?\t?$/.exec(line);
  const source = /^--- "?a\/(.*?)"?\t?$/.exec(line);
  if (moved?.[2] === "from") file.path = moved[3] ?? "";
  else if (moved?.[2] === "to") file.path = `${file.path} → ${moved[3]}`;
  else if (source !== null || target !== null) {
    if (!file.path.includes(" → ")) file.path = (target ?? source)?.[1] ?? file.path;
  } else if (/^(?:new file|deleted file|old mode|new mode|Binary files|GIT binary)/.test(line)) {
    file.notes.push(line);
  }
}

/** Both paths are the same unless `rename` lines follow. */
function pathOf(header: string): string {
  const names = header.slice("diff --git ".length);
  const half = (names.length - 1) / 2;
  return names.slice(0, half).replace(/^"?a\//, "").replace(/"$/, "");
}
