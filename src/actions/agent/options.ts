/** What the words of a command line are held against; loads nothing else. */
export { adapterNames } from "../../agent/adapter_names.ts";
