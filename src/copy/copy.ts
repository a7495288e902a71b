/** `cp`: what can be asked of a copy of files between this machine and many pods. */
import {
  confirmFields,
  execViewFields,
  fanOutFields,
  lineFields,
  timeLimit,
} from "../exec/exec.ts";
import { allField, selectionFields } from "../kube/select/fields.ts";
import { choiceField, or, textField, wholeField } from "../operation/field.ts";
import { operation } from "../operation/operation.ts";
import type { ChecksumChoice } from "./checksum.ts";

const copying = { group: "Copying" };

/** The choices for a copy besides its source, its destination and its pods. */
export const copyFields = {
  ...fanOutFields,
  /** Milliseconds. */
  timeoutMs: timeLimit("time limit of each pod's copy"),
  checksum: or(
    choiceField<ChecksumChoice>(
      "how copies are compared: the cheapest that the image has, SHA-256, or not at all",
      ["auto", "sha256", "none"],
      copying,
    ),
    "auto",
  ),
  retries: or(
    wholeField("how many times a copy resumes after a broken link without progress", {
      ...{ least: 0, ...copying },
    }),
    5,
  ),
};

/** When a copy into pods is confirmed, and what only shows it. */
export const copyCallFields = {
  yes: confirmFields.yes,
  confirmAbove: {
    ...confirmFields.confirmAbove,
    about: "ask before writing into more than N pods",
  },
  list: { ...lineFields.list, about: "print what would be copied, and copy nothing" },
};

const { output, progress, quiet } = execViewFields;

/** How a terminal shows a copy. */
export const copyViewFields = {
  output,
  progress: or(
    choiceField("progress line on a terminal", ["auto", "none"], { group: progress.group ?? "" }),
    "auto",
  ),
  quiet,
};

/** Files and folders from this machine to pods, from pods to this machine, and from a pod to others. */
export const cp = operation({
  name: "cp",
  step: "copy",
  about: "copies files and folders to or from every selected pod",
  effect: "changes",
  operands: ["pods", "from", "to"],
  absentFrom: {
    tools: "a model gets no files of this machine; `read_file` reads those in pods",
    page: "a browser has no folders of this machine",
  },
  input: {
    from: textField("the source; a path in pods has a colon"),
    to: textField("the destination; a path in pods has a colon"),
    ...selectionFields,
    all: allField,
    ...copyFields,
    ...copyCallFields,
  },
  view: copyViewFields,
});
