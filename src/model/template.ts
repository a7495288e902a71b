/**
 * Prompts are files with parameters in double braces: `{{namespace}}`. A value is inserted as it is and never read as a
 * template, so braces in it have no meaning.
 */

/** The names of the parameters in a template, if its text is known to the compiler; else any. */
type Values<Names extends string> = Readonly<Record<Names, string>>;

/** A prompt with the parameters `Names`. */
export class PromptTemplate<const Names extends string = never> {
  /** @throws Error if the text doesn't have exactly these parameters: a mistake in the program. */
  constructor(private readonly text: string, readonly names: readonly Names[]) {
    const found = new Set([...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name));
    const declared = new Set<string | undefined>(names);
    const differing = found.symmetricDifference(declared);
    if (differing.size > 0) {
      throw new Error(`the parameters of a prompt differ: ${[...differing].join(", ")}`);
    }
  }

  /** Returns the text with the values. */
  render(values: Values<Names>): string {
    return this.text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: Names) => values[name]).trimEnd();
  }
}
