/** The flags of all commands that run a command in pods: `exec` and `run` share them with the same meaning. */
import {
  confirmFields,
  execViewFields,
  lineFields,
  runFields,
  ttyField,
} from "../../../actions/exec/options.ts";
import { colorFlag } from "../../output.ts";
import { flagsOf } from "../../parser/option_flag.ts";

/** Their fields. */
export const runningFields = { ...runFields, ...confirmFields, ...lineFields, ...execViewFields };

/** The flags of `exec` and `run`. */
export const runningFlags = { ...flagsOf(runningFields), "color": colorFlag };

/** The flags of `exec` alone. */
export const execFlags = flagsOf({ tty: ttyField });
