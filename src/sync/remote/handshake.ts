/** The hello of the loop in a pod: that it runs, or why it can't. */
import { KodamaError } from "../../base/errors.ts";
import { refusalText } from "../../copy/refusals.ts";
import { SideLostError } from "../core/tree.ts";
import type { FarLink } from "./link.ts";

/** The messages of container runtimes for an image without a shell. */
const noShell = /exec: "sh": (?:executable file not found|stat .*no such file)/;

/** The first message of the loop. */
export interface Hello {
  /** The checksum program. */
  program: string;
  /** Identifies this folder. */
  id: string;
}

/** Throws KodamaError for a pod without the programs it needs; SideLostError if the connection ends before. */
export async function greeted(link: FarLink, root: string): Promise<Hello> {
  let words: string[] = [];
  try {
    await link.ask(() => Promise.resolve(), async (answer) => {
      words = await answer.said();
    });
  } catch (error) {
    if (!(error instanceof SideLostError)) throw error;
    const lost = link.complaints === "" ? error.message : link.complaints;
    if (noShell.test(lost)) throw refused(["noTool", "sh"], root);
    throw new SideLostError("remote", { reason: lost, cause: error });
  }
  const [word, ...rest] = words;
  if (word === "refused") throw refused(rest, root);
  const [program, id] = rest;
  if (word !== "hello" || program === undefined || !/^[\w-]{36}$/.test(id ?? "")) {
    throw new SideLostError("remote", { reason: "the pod gave an answer that isn't kodama's" });
  }
  return { program, id: id ?? "" };
}

function refused(words: readonly string[], root: string): KodamaError {
  const [reason, tool] = words;
  switch (reason) {
    case "noTool":
      return new KodamaError("environment", `the image has no ${tool}, which a sync needs`, {
        hint: "a sync needs sh, tar, find and the usual small programs: busybox has all of them",
      });
    case "noFolder":
      return new KodamaError(
        "notFound",
        `there is no folder ${root} in the pod, and it can't be made`,
      );
    case "readOnly":
      return new KodamaError("forbidden", `the folder ${root} of the pod can't be written to`);
    default:
      return new KodamaError("conflict", `the pod refused: ${refusalText(words)}`);
  }
}
