/** Why a script in a pod did nothing: its messages, as sentences. */

/**
 * @param words the script's arguments after `refused`.
 * @param path of the copy, in the pod.
 */
export function refusalText(
  [reason = "", ...rest]: readonly string[],
  path = "of the copy",
): string {
  const detail = rest.join(" ");
  switch (reason) {
    case "noTool":
      return detail === "tar"
        ? "the image has no tar, which folders need; single files are copied without it"
        : `the image has no ${detail}, which this copy needs`;
    case "noFolder":
      return `directory ${path} does not exist in the pod`;
    case "noParent":
      return `the parent directory of ${path} does not exist in the pod`;
    case "isFolder":
      return `${path} is a directory in the pod`;
    case "isFile":
      return `${path} exists in the pod and is not a directory`;
    case "notFolder":
      return `${detail} exists in the pod and is not a directory`;
    case "notFile":
      return `${detail} is a directory in the pod, and the copy has a file there`;
    case "missing":
      return `${path}: no such file or directory in the pod`;
    case "unreadable":
      return `${path}: permission denied in the pod`;
    case "special":
      return `${path} is neither a file nor a directory`;
    default:
      return "the pod gave no reason that is known";
  }
}
