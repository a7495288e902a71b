/** Exit codes as shown in help; `exitCodeOfKind` in `base/errors.ts` has those of errors. */

/** Everything succeeded. */
export const success = 0;
/** kodama itself failed, a server refused, or nothing has the given name. */
export const failure = 1;

/** The codes of a run, for help: the most severe of its outcomes wins in the order 4, 3, 1, 5. */
export const exitCodeTable: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "every command ended with exit code 0"],
  ["1", "kodama itself failed, or the server refused"],
  ["2", "the command line is wrong, or no pod matches"],
  ["3", "a time limit was reached"],
  ["4", "a pod couldn't be reached, or the connection broke before the outcome was known"],
  ["5", "a command ended with another exit code; with one pod, that exit code itself"],
  ["130", "stopped by Ctrl-C or a signal"],
];
