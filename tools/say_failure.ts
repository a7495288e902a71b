// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/** How a tool ends when it can't do what it was asked for: in words, and without the stack of a bug. */

/** The exit code of `work`; 1 where it throws, after its error has been said. */
export async function sayFailure(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}
