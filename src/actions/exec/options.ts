/** The declaration of `exec`, for front ends. */
export {
  confirmFields,
  exec,
  execViewFields,
  lineFields,
  namesOnePod,
  runFields,
  runOf,
  ttyField,
} from "../../exec/exec.ts";
