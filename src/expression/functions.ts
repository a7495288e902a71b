/** Every function of the language, by name. `docs/expressions.md` lists them, which a test checks. */
import { listFunctions } from "./list_functions.ts";
import { numberFunctions } from "./number_functions.ts";
import type { FunctionDeclaration, FunctionTable } from "./signature.ts";
import { textFunctions } from "./text_functions.ts";

export const functions: FunctionTable = {
  ...textFunctions,
  ...numberFunctions,
  ...listFunctions,
};

/** Returns the function of a name, or undefined. */
export function functionOf(name: string): FunctionDeclaration | undefined {
  return Object.hasOwn(functions, name) ? functions[name] : undefined;
}
