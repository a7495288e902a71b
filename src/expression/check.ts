/** Static checks of an expression, before anything runs: its type, and all of its problems. */
import { functionOf, functions } from "./functions.ts";
import { mixed } from "./evaluate.ts";
import { type ExpressionProblem, nameHint, quotedText, type SourceSpan } from "./problem.ts";
import { eachMacros, type SyntaxNode } from "./syntax.ts";
import {
  anyType,
  booleanType,
  listOf,
  mayBe,
  numberType,
  recordOf,
  textType,
  type Type,
  typeNoun,
  union,
} from "./type.ts";

/** Types by name; those of `map(item, …)` shadow the names around them. */
export type TypeNames = Readonly<Record<string, Type>>;

/** Returns the type of an expression, with every problem in it. */
export function checkExpression(
  node: SyntaxNode,
  names: TypeNames,
): { type: Type; problems: ExpressionProblem[] } {
  const checker = new Checker();
  return { type: checker.typeOf(node, names), problems: checker.problems };
}

class Checker {
  readonly problems: ExpressionProblem[] = [];

  typeOf(node: SyntaxNode, names: TypeNames): Type {
    switch (node.kind) {
      case "literal":
        return literalType(node.value);
      case "name":
        return this.#named(node, names);
      case "field":
        return this.#field(this.typeOf(node.of, names), node.name.text, node.name);
      case "index":
        return this.#indexed(node, names);
      case "has":
        // Only the run knows whether the last name exists: that is the question.
        this.typeOf(node.field.of, names);
        return booleanType;
      case "default":
        return union(this.typeOf(node.value, names), this.typeOf(node.otherwise, names));
      case "call":
        return this.#call(node, names);
      case "each":
        return this.#each(node, names);
      case "not":
        this.#expect(node.of, booleanType, names, "! takes true or false");
        return booleanType;
      case "minus":
        this.#expect(node.of, numberType, names, "- takes a number");
        return numberType;
      case "binary":
        return this.#binary(node, names);
      case "choice":
        this.#expect(node.condition, booleanType, names, "the condition before ? is true or false");
        return union(this.typeOf(node.yes, names), this.typeOf(node.no, names));
      case "list":
        return listOf(unionOf(node.items.map((item) => this.typeOf(item, names))));
      case "record":
        return this.#record(node, names);
    }
  }

  #named(node: SyntaxNode & { kind: "name" }, names: TypeNames): Type {
    if (Object.hasOwn(names, node.name)) return names[node.name] ?? anyType;
    const isFunction = functionOf(node.name) !== undefined;
    const hint = isFunction
      ? `; ${node.name}(…) is a function`
      : nameHint(node.name, Object.keys(names));
    return this.#wrong(node, `unknown name ${quotedText(node.name)}${hint}`);
  }

  #field(type: Type, name: string, span: SourceSpan): Type {
    if (type.kind === "any") return anyType;
    if (type.kind !== "record") {
      return this.#wrong(span, `${typeNoun(type)} has no ${quotedText(name)}`);
    }
    if (Object.hasOwn(type.fields, name)) return type.fields[name] ?? anyType;
    if (type.rest !== undefined) return type.rest;
    return this.#wrong(
      span,
      `unknown name ${quotedText(name)}${nameHint(name, Object.keys(type.fields))}`,
    );
  }

  #indexed({ of, index }: SyntaxNode & { kind: "index" }, names: TypeNames): Type {
    const [type, by] = [this.typeOf(of, names), this.typeOf(index, names)];
    if (index.kind === "literal" && typeof index.value === "string") {
      return this.#field(type, index.value, index);
    }
    if (type.kind === "any" || by.kind === "any") return type.kind === "list" ? type.of : anyType;
    if (type.kind === "list" && by.kind === "number") return type.of;
    if (type.kind === "record" && by.kind === "text") {
      return unionOf([
        ...Object.values(type.fields),
        ...(type.rest === undefined ? [] : [type.rest]),
      ]);
    }
    return this.#wrong(index, `${typeNoun(type)} can't be indexed with ${typeNoun(by)}`);
  }

  #call({ name, args }: SyntaxNode & { kind: "call" }, names: TypeNames): Type {
    const types = args.map((arg) => this.typeOf(arg, names));
    const declaration = functionOf(name.text);
    if (declaration === undefined) {
      const known = [...Object.keys(functions), ...eachMacros, "has", "default"];
      return this.#wrong(
        name,
        `unknown function ${quotedText(name.text)}${nameHint(name.text, known)}`,
      );
    }
    const { takes, optional = 0 } = declaration;
    if (args.length > takes.length || args.length < takes.length - optional) {
      this.#wrong(
        name,
        `${name.text} takes ${amount(takes.length, optional)}, found ${args.length}`,
      );
      return declaration.gives(types);
    }
    for (const [index, type] of types.entries()) {
      const [arg, expected] = [args[index], takes[index]];
      if (arg === undefined || expected === undefined || mayBe(type, expected)) continue;
      this.#wrong(
        arg,
        `${name.text} takes ${typeNoun(expected)} as argument ${index + 1}, found ${
          typeNoun(type)
        }`,
      );
    }
    const literals = args.map((arg) => arg.kind === "literal" ? arg.value : undefined);
    const problem = declaration.problem?.(literals, types);
    if (problem !== undefined) this.#wrong(args[problem.argument] ?? name, problem.message);
    return declaration.gives(types);
  }

  #each(node: SyntaxNode & { kind: "each" }, names: TypeNames): Type {
    const over = this.typeOf(node.of, names);
    if (!["any", "list", "record"].includes(over.kind)) {
      this.#wrong(
        node.of,
        `${node.macro} iterates over a list or a record, found ${typeNoun(over)}`,
      );
    }
    const item = over.kind === "list" ? over.of : over.kind === "record" ? textType : anyType;
    const inner = { ...names, [node.variable.text]: item };
    if (node.macro === "map") return listOf(this.typeOf(node.body, inner));
    this.#expect(node.body, booleanType, inner, `${node.macro} takes true or false`);
    return node.macro === "filter" ? listOf(item) : booleanType;
  }

  #binary({ mark, left, right, ...span }: SyntaxNode & { kind: "binary" }, names: TypeNames): Type {
    if (mark === "&&" || mark === "||") {
      this.#expect(left, booleanType, names, `${mark} takes true or false`);
      this.#expect(right, booleanType, names, `${mark} takes true or false`);
      return booleanType;
    }
    const [a, b] = [this.typeOf(left, names), this.typeOf(right, names)];
    switch (mark) {
      case "==":
      case "!=":
        if (!mayBe(a, b) && a.kind !== "null" && b.kind !== "null") {
          this.#wrong(span, `${typeNoun(a)} is never equal to ${typeNoun(b)}`);
        }
        this.#oneOf(a, right);
        this.#oneOf(b, left);
        return booleanType;
      case "in":
        if (!["any", "list", "record"].includes(b.kind)) {
          this.#wrong(right, `in searches a list or a record, found ${typeNoun(b)}`);
        }
        return booleanType;
      case "+":
        return this.#sum(a, b, span);
      case "<":
      case "<=":
      case ">":
      case ">=":
        if (!isOrdered(a) || !isOrdered(b) || !mayBe(a, b)) {
          this.#wrong(span, mixed(mark, typeNoun(a), typeNoun(b)));
        }
        return booleanType;
      default:
        for (const [node, type] of [[left, a], [right, b]] as const) {
          if (!mayBe(type, numberType)) {
            this.#wrong(node, `${mark} takes numbers, found ${typeNoun(type)}`);
          }
        }
        return numberType;
    }
  }

  /** Reports a literal that a text of known values never is. */
  #oneOf(type: Type, node: SyntaxNode): void {
    if (type.kind !== "text" || type.values === undefined || node.kind !== "literal") return;
    const { value } = node;
    if (typeof value !== "string" || type.values.includes(value)) return;
    this.#wrong(node, `it is never ${quotedText(value)}, but one of ${type.values.join(", ")}`);
  }

  #sum(a: Type, b: Type, span: SourceSpan): Type {
    const adds = (type: Type) => ["any", "number", "text", "list"].includes(type.kind);
    if (!adds(a) || !adds(b) || !(mayBe(a, b) || (a.kind === "list" && b.kind === "list"))) {
      return this.#wrong(span, mixed("+", typeNoun(a), typeNoun(b)));
    }
    return a.kind === "any" ? b : union(a, b.kind === "any" ? a : b);
  }

  #record({ entries }: SyntaxNode & { kind: "record" }, names: TypeNames): Type {
    const fields = entries.map(({ key, value }) => {
      this.#expect(key, textType, names, "names of a record are texts, in quotes");
      return [key.kind === "literal" ? key.value : undefined, this.typeOf(value, names)] as const;
    });
    const isClosed = fields.every(([name]) => typeof name === "string");
    return isClosed ? { kind: "record", fields: Object.fromEntries(fields) } : recordOf(anyType);
  }

  #expect(node: SyntaxNode, expected: Type, names: TypeNames, rule: string): void {
    const type = this.typeOf(node, names);
    if (!mayBe(type, expected)) this.#wrong(node, `${rule}, found ${typeNoun(type)}`);
  }

  /** Reports a problem. The type is `any`, so that no problem follows from it. */
  #wrong({ start, end }: SourceSpan, message: string): Type {
    this.problems.push({ start, end, message });
    return anyType;
  }
}

function literalType(value: unknown): Type {
  if (value === null) return { kind: "null" };
  return typeof value === "string"
    ? textType
    : typeof value === "number"
    ? numberType
    : booleanType;
}

function unionOf(types: readonly Type[]): Type {
  const [first, ...rest] = types;
  return first === undefined ? anyType : rest.reduce(union, first);
}

function isOrdered({ kind }: Type): boolean {
  return kind === "any" || kind === "number" || kind === "text";
}

function amount(most: number, optional: number): string {
  const least = most - optional;
  const plural = most === 1 ? "argument" : "arguments";
  return least === most ? `${most} ${plural}` : `${least} or ${most} arguments`;
}
