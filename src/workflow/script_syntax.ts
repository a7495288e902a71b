/** The syntax of scripts, by Deno's own parser. Loaded for workflows with scripts alone: `node:module` takes 10 ms. */
import { stripTypeScriptTypes } from "node:module";

/** Returns why a script isn't TypeScript, or undefined if it is. The parser doesn't say where the error is. */
export function syntaxProblem(code: string, file?: string): string | undefined {
  try {
    stripTypeScriptTypes(code);
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    // Any other error is about TypeScript that isn't JavaScript with types, such as an enum.
    if (!message.startsWith("[InvalidSyntax]")) return undefined;
    const command = file === undefined ? "" : `; \`deno check ${file}\` shows the line`;
    return `the script has a syntax error${command}`;
  }
}
