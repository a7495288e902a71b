/** The flags of `kodama cp`. */
import { copyCallFields, copyFields, copyViewFields } from "../../../actions/copy/options.ts";
import { colorFlag } from "../../output.ts";
import { flagsOf } from "../../parser/option_flag.ts";
import { allFlag, selectionFlags } from "../../parser/selection.ts";

/** The flags of `kodama cp`. */
export const copyFlags = {
  ...selectionFlags,
  ...allFlag,
  ...flagsOf({ ...copyFields, ...copyCallFields, ...copyViewFields }),
  color: colorFlag,
};
