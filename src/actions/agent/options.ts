/** The values that command-line args are checked against; loads nothing else. */
export { adapterNames } from "../../agent/adapter.ts";
