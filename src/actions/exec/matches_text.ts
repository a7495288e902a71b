/** The maximum number of names in the text: an error isn't a list. */
const namesTold = 20;

/** `3 match: web-0, web-1, web-2`, for an error of an action that takes only one. */
export function matchesText(names: readonly string[]): string {
  const more = names.length > namesTold ? ` and ${names.length - namesTold} more` : "";
  return `${names.length} match: ${names.slice(0, namesTold).join(", ")}${more}`;
}
