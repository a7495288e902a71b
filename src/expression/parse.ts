/**
 * The grammar: CEL's, without its bytes, unsigned numbers, messages and macros of more than one variable.
 * https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
 */
import { quotedText, type SourceSpan } from "./problem.ts";
import {
  type BinaryMark,
  binaryStrength,
  type EachMacro,
  eachMacros,
  type FieldNode,
  type Identifier,
  type SyntaxNode,
} from "./syntax.ts";
import { SyntaxProblem, type Token, tokenAt } from "./tokens.ts";

/** Limits of an expression: its nesting depth, and its number of parts. */
const parseLimits = { depth: 64, nodes: 2000 } as const;

/** Keywords of programming languages that can't be names, so that a keyword's look is never a name's. */
const reserved = new Set(
  "as break const continue else for function if import let loop namespace package return var void while"
    .split(" "),
);

const constants = new Map<string, null | boolean>([["true", true], ["false", false], [
  "null",
  null,
]]);

/**
 * Reads an expression from `offset` to its end.
 *
 * @throws SyntaxProblem at the first position that matches no rule.
 */
export function parseExpression(source: string, offset: number): { node: SyntaxNode; next: Token } {
  const parser = new Parser(source, offset);
  const node = parser.expression();
  return { node, next: parser.next };
}

class Parser {
  next: Token;
  #depth = 0;
  #nodes = 0;

  constructor(readonly source: string, offset: number) {
    this.next = tokenAt(source, offset);
  }

  expression(): SyntaxNode {
    if (++this.#depth > parseLimits.depth) {
      throw new SyntaxProblem(`nested more than ${parseLimits.depth} deep`, this.next);
    }
    const condition = this.#binary(1);
    const node = this.#isMark("?") ? this.#choice(condition) : condition;
    this.#depth--;
    return node;
  }

  #choice(condition: SyntaxNode): SyntaxNode {
    this.#take();
    const yes = this.expression();
    this.#expect(":", "the value for when the condition is false");
    const no = this.expression();
    return this.#node({ kind: "choice", condition, yes, no, ...span(condition, no) });
  }

  /** Parses operators of at least this strength, from left to right. */
  #binary(strength: number): SyntaxNode {
    let left = this.#unary();
    for (;;) {
      const mark = this.#binaryMark();
      if (mark === undefined || binaryStrength[mark] < strength) return left;
      this.#take();
      const right = this.#binary(binaryStrength[mark] + 1);
      left = this.#node({ kind: "binary", mark, left, right, ...span(left, right) });
    }
  }

  #binaryMark(): BinaryMark | undefined {
    const { kind, text } = this.next;
    const mayBeMark = kind === "mark" || (kind === "name" && text === "in");
    return mayBeMark && Object.hasOwn(binaryStrength, text) ? text as BinaryMark : undefined;
  }

  #unary(): SyntaxNode {
    const signs: Token[] = [];
    while (this.#isMark("!") || this.#isMark("-")) {
      if (this.#depth + signs.length >= parseLimits.depth) {
        throw new SyntaxProblem(`nested more than ${parseLimits.depth} deep`, this.next);
      }
      signs.push(this.#take());
    }
    return signs.reduceRight<SyntaxNode>((of, { start, text }) => {
      return this.#node({ kind: text === "!" ? "not" : "minus", of, start, end: of.end });
    }, this.#postfix());
  }

  #postfix(): SyntaxNode {
    let node = this.#primary();
    for (let links = 0;; links++) {
      if (links > parseLimits.depth) {
        throw new SyntaxProblem(`more than ${parseLimits.depth} links in a row`, this.next);
      }
      if (this.#isMark(".")) node = this.#link(node);
      else if (this.#isMark("[")) node = this.#index(node);
      else return node;
    }
  }

  #link(of: SyntaxNode): SyntaxNode {
    this.#take();
    const name = this.#identifier("a name after the dot");
    if (constants.has(name.text) || name.text === "in") {
      throw new SyntaxProblem(`"${name.text}" can't follow a dot; ["${name.text}"] can`, name);
    }
    if (!this.#isMark("(")) {
      return this.#node({ kind: "field", of, name, start: of.start, end: name.end });
    }
    if (isEachMacro(name.text)) return this.#each(of, name, name.text);
    const { items, end } = this.#list("(", ")");
    return this.#node({ kind: "call", name, args: [of, ...items], start: of.start, end });
  }

  #each(of: SyntaxNode, name: Identifier, macro: EachMacro): SyntaxNode {
    this.#take();
    const variable = this.#identifier(`a name for each item: ${macro}(item, …)`);
    if (reserved.has(variable.text) || constants.has(variable.text)) {
      throw new SyntaxProblem(`${quotedText(variable.text)} can't be a name`, variable);
    }
    this.#expect(",", `what ${macro} does with ${quotedText(variable.text)}`);
    const body = this.expression();
    const { end } = this.#expect(")", `the end of ${name.text}(…)`);
    return this.#node({ kind: "each", macro, of, variable, body, start: of.start, end });
  }

  #index(of: SyntaxNode): SyntaxNode {
    this.#take();
    const index = this.expression();
    const { end } = this.#expect("]", "the end of the index");
    return this.#node({ kind: "index", of, index, start: of.start, end });
  }

  #primary(): SyntaxNode {
    const token = this.next;
    if (token.kind === "number" || token.kind === "text") {
      this.#take();
      return this.#node({ kind: "literal", value: token.value, ...span(token, token) });
    }
    if (token.kind === "name" && token.text !== "in") return this.#named();
    if (this.#isMark("(")) return this.#inParentheses();
    if (this.#isMark("[")) {
      const { items, start, end } = this.#list("[", "]");
      return this.#node({ kind: "list", items, start, end });
    }
    if (this.#isMark("{")) return this.#record();
    throw new SyntaxProblem(`expected a value, found ${found(token)}`, token);
  }

  #inParentheses(): SyntaxNode {
    const { start } = this.#take();
    const node = this.expression();
    const { end } = this.#expect(")", "the closing parenthesis");
    return { ...node, start, end };
  }

  #named(): SyntaxNode {
    const name = this.#identifier("a name");
    const constant = constants.get(name.text);
    if (constant !== undefined) {
      return this.#node({ kind: "literal", value: constant, ...span(name, name) });
    }
    if (reserved.has(name.text)) {
      throw new SyntaxProblem(`${quotedText(name.text)} is reserved and can't be a name`, name);
    }
    if (!this.#isMark("(")) {
      return this.#node({ kind: "name", name: name.text, ...span(name, name) });
    }
    const { items, end } = this.#list("(", ")");
    const whole = { start: name.start, end };
    if (name.text === "has") {
      return this.#node({ kind: "has", field: onlyField(items, whole), ...whole });
    }
    if (name.text !== "default") return this.#node({ kind: "call", name, args: items, ...whole });
    const [value, otherwise] = items;
    if (value === undefined || otherwise === undefined || items.length > 2) {
      throw new SyntaxProblem("default takes 2 arguments: default(steps.a.output.b, 0)", whole);
    }
    return this.#node({ kind: "default", value, otherwise, ...whole });
  }

  #record(): SyntaxNode {
    const { start } = this.#take();
    const entries: { key: SyntaxNode; value: SyntaxNode }[] = [];
    while (!this.#isMark("}")) {
      const key = this.expression();
      this.#expect(":", "the value of the entry");
      entries.push({ key, value: this.expression() });
      if (!this.#isMark(",")) break;
      this.#take();
    }
    const { end } = this.#expect("}", "the end of the record");
    return this.#node({ kind: "record", entries, start, end });
  }

  #list(open: string, close: string): SourceSpan & { items: SyntaxNode[] } {
    const { start } = this.#expect(open, "a list");
    const items: SyntaxNode[] = [];
    while (!this.#isMark(close)) {
      items.push(this.expression());
      if (!this.#isMark(",")) break;
      this.#take();
    }
    const { end } = this.#expect(close, "the end of the list");
    return { items, start, end };
  }

  #identifier(expected: string): Identifier {
    const token = this.next;
    if (token.kind !== "name") {
      throw new SyntaxProblem(`expected ${expected}, found ${found(token)}`, token);
    }
    this.#take();
    return token;
  }

  #expect(mark: string, meaning: string): Token {
    if (this.#isMark(mark)) return this.#take();
    throw new SyntaxProblem(
      `expected "${mark}" (${meaning}), found ${found(this.next)}`,
      this.next,
    );
  }

  #isMark(text: string): boolean {
    return this.next.kind === "mark" && this.next.text === text;
  }

  #take(): Token {
    const token = this.next;
    this.next = tokenAt(this.source, token.end);
    return token;
  }

  #node<N extends SyntaxNode>(node: N): N {
    if (++this.#nodes > parseLimits.nodes) {
      throw new SyntaxProblem(`more than ${parseLimits.nodes} parts in one expression`, node);
    }
    return node;
  }
}

/** Returns a token as messages name it. */
export function found(token: Token): string {
  return token.kind === "end" ? "the end of the text" : quotedText(token.text);
}

function isEachMacro(text: string): text is EachMacro {
  return (eachMacros as readonly string[]).includes(text);
}

function onlyField(items: readonly SyntaxNode[], span: SourceSpan): FieldNode {
  const [field] = items;
  if (items.length === 1 && field?.kind === "field") return field;
  throw new SyntaxProblem("has takes one path that ends with a name: has(params.region)", span);
}

function span(first: SourceSpan, last: SourceSpan): SourceSpan {
  return { start: first.start, end: last.end };
}
