/**
 * Answers within a budget. A model pays for each token and loses what matters in what doesn't, so an answer of a tool is
 * made of sections in the order of their importance, cut at whole lines, and says what was omitted and how to request
 * it.
 */

/** The budget of an answer if none is requested, in tokens. */
export const defaultBudgetTokens = 2000;

/** Characters of a token, on the low side: names, numbers and punctuation need more tokens than prose. */
const charactersPerToken = 3;

/** A part of an answer. */
export interface Section {
  lines: readonly string[];
  /** What a line is, for the note about omitted ones: `pods`. */
  unit: string;
  /** How the omitted lines are requested: completes a sentence. */
  more?: string;
  /** Shares the budget evenly with the sections around it that are of the same kind, such as groups of output. */
  fair?: boolean;
}

/** A line is cut there: the rest of it is rarely what matters. */
const maxLine = 400;

/** Returns the sections as one text of at most `tokens` tokens. */
export function fit(sections: readonly Section[], tokens: number): string {
  let available = Math.max(200, tokens * charactersPerToken);
  const parts: string[] = [];
  for (let at = 0; at < sections.length;) {
    const section = sections[at];
    if (section === undefined) break;
    const group = section.fair ? fairGroup(sections.slice(at)) : [section];
    // The sections behind get at least their note.
    const others = sections.slice(at + group.length).filter(({ lines }) => lines.length > 0);
    const reserved = Math.min(others.length, 3) * noteLength;
    const text = group.length === 1
      ? cutLines(section, available - reserved)
      : fitFairly(group, available - reserved);
    if (text !== "") parts.push(text);
    available -= text.length + 1;
    at += group.length;
  }
  return parts.join("\n");
}

const noteLength = 120;

function fairGroup(sections: readonly Section[]): Section[] {
  const end = sections.findIndex(({ fair }) => !fair);
  return sections.slice(0, end < 0 ? sections.length : end);
}

/** A section of less than this shows nothing useful. */
const leastSection = 60;

/** Small sections get what they need, and the others share the rest evenly; the last ones are omitted if that is too little. */
function fitFairly(sections: readonly Section[], available: number): string {
  const shown = sections.slice(0, Math.max(1, Math.floor((available - noteLength) / leastSection)));
  const needs = shown.map(({ lines }) =>
    lines.reduce((sum, line) => sum + Math.min(line.length, maxLine + 30) + 1, 0)
  );
  let free = available - (shown.length < sections.length ? noteLength : 0);
  const limits = new Map<number, number>();
  const byNeed = needs.map((need, index) => ({ need, index })).sort((a, b) => a.need - b.need);
  for (const [rank, { need, index }] of byNeed.entries()) {
    const share = Math.floor(free / (byNeed.length - rank));
    const limit = Math.min(need, share);
    limits.set(index, limit);
    free -= limit;
  }
  const omitted = sections.slice(shown.length);
  const texts = shown.map((section, index) => {
    const isLast = omitted.length === 0 && index === shown.length - 1;
    return cutLines(section, limits.get(index) ?? 0, isLast);
  });
  if (omitted.length > 0) {
    const [first] = omitted;
    const more = first?.more === undefined ? "" : `: ${first.more}`;
    texts.push(`… ${omitted.length} more groups are omitted${more}`);
  }
  return texts.filter((text) => text !== "").join("\n");
}

/**
 * Returns as many whole lines as fit, and a note about the others.
 *
 * @param says how the omitted lines are requested; of many groups only the last one does.
 */
function cutLines(
  { lines, unit, more, fair = false }: Section,
  available: number,
  says = !fair,
): string {
  const texts = lines.map((line) =>
    line.length > maxLine
      ? `${line.slice(0, maxLine)}… (${line.length - maxLine} more characters)`
      : line
  );
  if (texts.reduce((sum, text) => sum + text.length + 1, 0) <= available) return texts.join("\n");
  const hint = more === undefined ? "" : `: ${more}`;
  const noteOf = (omitted: number) =>
    says ? `… ${omitted} more ${unit} are omitted${hint}` : `… ${omitted} more ${unit}`;
  const shown: string[] = [];
  let used = 0;
  for (const [index, text] of texts.entries()) {
    const note = noteOf(texts.length - index - 1);
    if (used + text.length + 1 + note.length > available) break;
    shown.push(text);
    used += text.length + 1;
  }
  const note = noteOf(texts.length - shown.length);
  if (used + note.length <= available) shown.push(note);
  return shown.join("\n");
}

/** Returns how many tokens a text has at most. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / charactersPerToken);
}
