/** Why a script in a pod did nothing: its words, as sentences. */

/** @param words what the script said after `refused`. */
export function refusalText([reason = "", ...rest]: readonly string[]): string {
  const detail = rest.join(" ");
  switch (reason) {
    case "noTool":
      return detail === "tar"
        ? "the image has no tar, which folders need; single files are copied without it"
        : `the image has no ${detail}, which this copy needs`;
    case "noFolder":
      return "the destination ends in a slash, and there is no such folder in the pod";
    case "noParent":
      return "there is no folder in the pod that the destination could be made in";
    case "isFolder":
      return "the destination is a folder in the pod";
    case "isFile":
      return "the destination is in the pod already, and is no folder";
    case "notFolder":
      return `${detail} is in the pod already, and is no folder`;
    case "notFile":
      return `${detail} is a folder in the pod, and would have to be a file`;
    case "missing":
      return "no such file or folder in the pod";
    case "unreadable":
      return "permission to read it is denied in the pod";
    case "special":
      return "it is neither a file nor a folder";
    default:
      return "the pod gave no reason that is known";
  }
}
