/** The templates that come with kodama, as their files. */
import claude from "./templates/claude.yaml" with { type: "text" };
import go from "./templates/go.yaml" with { type: "text" };
import node from "./templates/node.yaml" with { type: "text" };
import python from "./templates/python.yaml" with { type: "text" };

/** The templates by name: each is the text of a settings file. */
export const shippedTemplates: ReadonlyMap<string, string> = new Map(
  Object.entries({ claude, go, node, python }),
);
