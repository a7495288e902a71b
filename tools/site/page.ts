/** A page of the documentation: Markdown in, HTML and what search finds out. Pure. */
import { Marked, Renderer, type Token, type Tokens } from "marked";

/** A part of a page below one heading. */
export interface Section {
  /** Empty for what comes before the first heading. */
  anchor: string;
  heading: string;
  /** Without markup. */
  text: string;
}

/** A rendered page. */
export interface Page {
  title: string;
  html: string;
  sections: readonly Section[];
  /** Targets of links and pictures, as written. */
  links: readonly string[];
}

/** Returns the anchor of a heading, as GitHub makes it; the second of the same name has `-1` after it. */
export function anchorOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
}

/** Renders a page; `hrefOf` converts the targets of its links. */
export function renderPage(markdown: string, hrefOf: (target: string) => string): Page {
  const links: string[] = [];
  const used = new Map<string, number>();
  const anchors = new Map<Token, string>();
  const marked = new Marked();
  const tokens = marked.lexer(markdown);
  for (const token of tokens) {
    if (token.type !== "heading") continue;
    const anchor = anchorOf(textOf(token));
    const count = used.get(anchor) ?? 0;
    used.set(anchor, count + 1);
    anchors.set(token, count === 0 ? anchor : `${anchor}-${count}`);
  }
  const convert = (target: string) => {
    links.push(target);
    return hrefOf(target);
  };
  class SiteRenderer extends Renderer {
    override heading(token: Tokens.Heading): string {
      const { depth } = token;
      const anchor = anchors.get(token) ?? anchorOf(textOf(token));
      const content = this.parser.parseInline(token.tokens);
      return `<h${depth} id="${anchor}"><a href="#${anchor}">${content}</a></h${depth}>\n`;
    }
    override link(token: Tokens.Link): string {
      return super.link({ ...token, href: convert(token.href) });
    }
    override image(token: Tokens.Image): string {
      return super.image({ ...token, href: convert(token.href) });
    }
    override table(token: Tokens.Table): string {
      return `<div class="wide">${super.table(token)}</div>\n`;
    }
  }
  const html = marked.parser(tokens, { renderer: new SiteRenderer() });
  const sections = sectionsOf(tokens, anchors);
  return {
    title: sections.find(({ heading }) => heading !== "")?.heading ?? "",
    html,
    sections,
    links,
  };
}

function sectionsOf(tokens: readonly Token[], anchors: ReadonlyMap<Token, string>): Section[] {
  const sections: { anchor: string; heading: string; parts: string[] }[] = [];
  for (const token of tokens) {
    const anchor = anchors.get(token);
    if (anchor !== undefined) sections.push({ anchor, heading: textOf(token), parts: [] });
    else {
      if (sections.length === 0) sections.push({ anchor: "", heading: "", parts: [] });
      sections.at(-1)?.parts.push(textOf(token));
    }
  }
  return sections.map(({ anchor, heading, parts }) => ({
    anchor,
    heading,
    text: parts.join(" ").replaceAll(/\s+/g, " ").trim(),
  }));
}

/** Returns the text of a token without its markup. */
function textOf(token: Token): string {
  if (token.type === "table") {
    const { header, rows } = token as Tokens.Table;
    return [header, ...rows].flat().flatMap((cell) => cell.tokens.map(textOf)).join(" ");
  }
  if (token.type === "list") return (token as Tokens.List).items.map(textOf).join(" ");
  const inner = "tokens" in token ? token.tokens : undefined;
  if (inner !== undefined && inner.length > 0) return inner.map(textOf).join("");
  return "text" in token ? String(token.text) : token.type === "space" ? " " : "";
}

/** Returns text as HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
