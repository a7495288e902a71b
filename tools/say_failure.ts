// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/** How a tool fails when it can't do its work: with a message, and without the stack of a bug. */

/** Returns the exit code of `work`; 1 if it throws, after its error has been reported. */
export async function sayFailure(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}
