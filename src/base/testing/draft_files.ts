/** Drafts in a map of files, for tests. */
import type { DraftFile } from "../draft_file.ts";

/** Opens a draft whose text gets into `files` when it ends; `beforeWrite` may throw, as a full disk does. */
export function memoryDraft(
  files: Map<string, string>,
  path: string,
  beforeWrite: () => void = () => {},
): DraftFile {
  const decoder = new TextDecoder();
  let text = "";
  let isOpen = true;
  const end = (name: string) => {
    const isNamed = isOpen && (name === path || text !== "");
    isOpen = false;
    if (isNamed) files.set(name, text);
    return isNamed ? name : undefined;
  };
  return {
    write: (bytes) =>
      Promise.try(() => {
        beforeWrite();
        text += decoder.decode(bytes, { stream: true });
      }),
    complete: () => Promise.resolve(void end(path)),
    keep: () => Promise.resolve(end(`${path}.incomplete`)),
    [Symbol.asyncDispose]: () => Promise.resolve(void end(`${path}.incomplete`)),
  };
}
