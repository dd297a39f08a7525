// The public API as lines of text, out of the JSON of rustdoc 1.85 (format 37): a line for each
// item, by the one path that reaches it, and for each trait that it implements.
//
//     node .ci/api.mjs HEADING=FILE.json… > api/sockless.txt
//
// Each file is the crate with one feature more than one before it. Under its heading stand the lines
// that it adds. It fails if it takes a line away, for features only add; if two paths reach one item;
// or if a type of a crate below 1.0 is in a signature.

import { readFileSync } from "node:fs";

const FORMAT = 37;
// What every program calls so.
const PRELUDE = {
    "alloc::boxed::Box": "Box",
    "alloc::string::String": "String",
    "alloc::vec::Vec": "Vec",
    "core::option::Option": "Option",
    "core::result::Result": "Result",
};
// What only the compiler implements, and nobody can name.
const INTERNAL = ["core::marker::Freeze", "core::marker::StructuralPartialEq"];
// Crates whose types may be named: those of the language, and those at 1.0 or above.
const STABLE = ["alloc", "bytes", "core", "http", "sockless", "std"];

class Api {
    constructor(file) {
        this.crate = JSON.parse(readFileSync(file, "utf8"));
        if (this.crate.format_version !== FORMAT) {
            throw new Error(`${file} is of format ${this.crate.format_version}, not of ${FORMAT}`);
        }
        this.lines = [];
        this.faults = [];
        // From the id of an item to the path that reaches it.
        this.reached = new Map();
        const root = this.crate.root;
        this.reach(this.item(root).name, this.item(root));
        for (const [id, path] of [...this.reached].sort(([, a], [, b]) => (a < b ? -1 : 1))) {
            this.list(path, this.item(id));
        }
    }

    item(id) {
        return this.crate.index[id];
    }

    // All that is in a module, through what it re-exports too.
    reach(path, item) {
        if (this.reached.has(item.id)) {
            this.faults.push(`${this.reached.get(item.id)} is ${path} too`);
            return;
        }
        this.reached.set(item.id, path);
        for (const id of item.inner.module?.items ?? []) {
            const child = this.item(id);
            const use = child?.inner.use;
            if (use?.is_glob) {
                throw new Error(`${path} re-exports ${use.source}::*`);
            }
            const target = use ? this.item(use.id) : child;
            if (target && !target.inner.impl) {
                this.reach(`${path}::${use?.name ?? child.name}`, target);
            }
        }
    }

    say(item, line) {
        const attributes = item.attrs.filter((attribute) => attribute === "#[non_exhaustive]");
        this.lines.push([...attributes, line].join(" "));
    }

    list(path, item) {
        const [[kind, inner]] = Object.entries(item.inner);
        switch (kind) {
            case "module":
                this.say(item, `pub mod ${path}`);
                break;
            case "function":
                this.say(item, `pub ${this.fn(path, inner)}`);
                break;
            case "struct":
                this.struct(path, item, inner);
                break;
            case "enum":
                this.say(item, `pub enum ${this.declared(path, inner)}`);
                inner.variants.forEach((id) => this.variant(path, this.item(id)));
                break;
            case "trait":
                this.say(item, `pub trait ${this.declared(path, inner)}${this.bounds(inner.bounds)}`);
                inner.items.forEach((id) => this.associated(path, this.item(id)));
                break;
            case "constant":
                this.say(item, `pub const ${path}: ${this.type(inner.type)}`);
                break;
            default:
                throw new Error(`${path} is a ${kind}`);
        }
        const impls = (inner.impls ?? []).map((id) => this.item(id).inner.impl);
        const own = impls.filter((each) => !each.trait).map((each) => this.inherent(each));
        const traits = impls.filter((each) => each.trait).map((each) => this.implemented(each));
        this.lines.push(...own.flat().sort(), ...traits.flat().sort());
    }

    // Two dots stand for what is private: nobody else can make one.
    struct(path, item, inner) {
        const { plain, tuple } = inner.kind;
        const hidden = plain?.has_stripped_fields ? " { .. }" : "";
        const shape = tuple ? `(${tuple.includes(null) ? ".." : this.tuple(tuple)})` : hidden;
        this.say(item, `pub struct ${this.declared(path, inner)}${shape}`);
        plain?.fields.forEach((id) => this.field(path, this.item(id)));
    }

    field(path, item) {
        this.say(item, `pub ${path}::${item.name}: ${this.type(item.inner.struct_field)}`);
    }

    tuple(ids) {
        return ids.map((id) => this.type(this.item(id).inner.struct_field)).join(", ");
    }

    variant(of, item) {
        const { kind } = item.inner.variant;
        const path = `${of}::${item.name}`;
        if (kind.struct) {
            this.say(item, `pub ${path}`);
            kind.struct.fields.forEach((id) => this.field(path, this.item(id)));
        } else {
            this.say(item, kind.tuple ? `pub ${path}(${this.tuple(kind.tuple)})` : `pub ${path}`);
        }
    }

    // Methods and constants of a type itself.
    inherent({ for: self, generics, items }) {
        return this.apart(() => {
            for (const id of items) {
                this.associated(this.type(self), this.item(id), "pub ", this.where(generics));
            }
        });
    }

    implemented({ trait, for: self, generics, items, is_negative, is_synthetic, blanket_impl }) {
        // What the compiler finds out by itself is told where it says no.
        const isFoundOut = blanket_impl || (is_synthetic && !is_negative);
        if (isFoundOut || !this.isKnown(trait.id) || INTERNAL.includes(this.path(trait))) {
            return [];
        }
        return this.apart(() => {
            const not = is_negative ? "!" : "";
            const where = this.where(generics);
            this.lines.push(`impl ${not}${this.path(trait)} for ${this.type(self)}${where}`);
            for (const item of items.map((id) => this.item(id))) {
                if (item.inner.assoc_type) {
                    this.associated(`<${this.type(self)} as ${this.path(trait)}>`, item);
                }
            }
        });
    }

    // A private trait is nobody's; those of other crates are not in the index.
    isKnown(id) {
        return this.crate.paths[id]?.crate_id !== 0 || this.reached.has(id);
    }

    // The lines that are said in between.
    apart(say) {
        const before = this.lines;
        this.lines = [];
        say();
        const said = this.lines;
        this.lines = before;
        return said;
    }

    // What a trait gives by itself has a body.
    associated(path, item, pub = "", where = "") {
        const [[kind, inner]] = Object.entries(item.inner);
        const name = `${path}::${item.name}`;
        switch (kind) {
            case "function":
                this.say(item, pub + this.fn(name, inner) + where + (inner.has_body && !pub ? " { … }" : ""));
                break;
            case "assoc_const":
                this.say(item, `${pub}const ${name}: ${this.type(inner.type)}${where}`);
                break;
            case "assoc_type":
                this.say(item, `type ${name}${inner.type ? ` = ${this.type(inner.type)}` : this.bounds(inner.bounds)}`);
                break;
            default:
                throw new Error(`${name} is a ${kind}`);
        }
    }

    fn(path, { sig, generics, header }) {
        const words = [
            header.is_const && "const ",
            header.is_async && "async ",
            header.is_unsafe && "unsafe ",
        ].filter(Boolean);
        const inputs = sig.inputs.map(([name, type]) => (name === "self" ? this.self(type) : `${name}: ${this.type(type)}`));
        const output = sig.output ? ` -> ${this.type(sig.output)}` : "";
        const params = this.params(generics);
        return `${words.join("")}fn ${path}${params}(${inputs.join(", ")})${output}${this.predicates(generics)}`;
    }

    self(type) {
        const reference = type.borrowed_ref;
        if (type.generic === "Self") {
            return "self";
        }
        if (reference?.type.generic !== "Self") {
            return `self: ${this.type(type)}`;
        }
        const lifetime = reference.lifetime ? `${reference.lifetime} ` : "";
        return `&${lifetime}${reference.is_mutable ? "mut " : ""}self`;
    }

    declared(path, { generics }) {
        return `${path}${this.params(generics)}${this.predicates(generics)}`;
    }

    params({ params }) {
        const shown = params.filter(({ kind }) => !kind.type?.is_synthetic).map(({ name, kind }) => this.param(name, kind));
        return shown.length > 0 ? `<${shown.join(", ")}>` : "";
    }

    param(name, { lifetime, type, const: value }) {
        if (lifetime) {
            return name + (lifetime.outlives.length > 0 ? `: ${lifetime.outlives.join(" + ")}` : "");
        }
        return value ? `const ${name}: ${this.type(value.type)}` : name + this.bounds(type.bounds);
    }

    predicates({ where_predicates: predicates }) {
        const shown = predicates.map(({ bound_predicate: bound, lifetime_predicate: lifetime, eq_predicate: eq }) => {
            if (bound) {
                return this.type(bound.type) + this.bounds(bound.bounds);
            }
            return lifetime ? `${lifetime.lifetime}: ${lifetime.outlives.join(" + ")}` : `${this.type(eq.lhs)} == ${this.term(eq.rhs)}`;
        });
        return shown.length > 0 ? ` where ${shown.join(", ")}` : "";
    }

    // What the parameters of an `impl` have to be.
    where({ params, where_predicates }) {
        const bounded = params.filter(({ kind }) => kind.type?.bounds.length > 0 || kind.const || kind.lifetime?.outlives.length > 0);
        const shown = bounded.map(({ name, kind }) => this.param(name, kind));
        const more = this.predicates({ where_predicates }).replace(/^ where /, "");
        const all = more ? [...shown, more] : shown;
        return all.length > 0 ? ` where ${all.join(", ")}` : "";
    }

    bounds(bounds) {
        return bounds.length > 0 ? `: ${this.sum(bounds)}` : "";
    }

    sum(bounds) {
        return bounds.map((bound) => this.bound(bound)).join(" + ");
    }

    bound({ trait_bound: trait, outlives, use: captured }) {
        if (trait) {
            return (trait.modifier === "maybe" ? "?" : "") + this.higher(trait.generic_params) + this.path(trait.trait);
        }
        return outlives ?? `use<${captured.join(", ")}>`;
    }

    higher(params) {
        return params.length > 0 ? `for${this.params({ params })} ` : "";
    }

    type(type) {
        if (type === "infer") {
            return "_";
        }
        const [[kind, inner]] = Object.entries(type);
        switch (kind) {
            case "generic":
            case "primitive":
                return inner === "never" ? "!" : inner;
            case "resolved_path":
                return this.path(inner);
            case "tuple":
                return `(${inner.map((each) => this.type(each)).join(", ")}${inner.length === 1 ? "," : ""})`;
            case "slice":
                return `[${this.type(inner)}]`;
            case "array":
                return `[${this.type(inner.type)}; ${inner.len}]`;
            case "borrowed_ref":
                return `&${inner.lifetime ? `${inner.lifetime} ` : ""}${inner.is_mutable ? "mut " : ""}${this.type(inner.type)}`;
            case "raw_pointer":
                return `*${inner.is_mutable ? "mut" : "const"} ${this.type(inner.type)}`;
            case "impl_trait":
                return `impl ${this.sum(inner)}`;
            case "dyn_trait": {
                const traits = inner.traits.map(({ trait, generic_params }) => this.higher(generic_params) + this.path(trait));
                return `dyn ${[...traits, ...(inner.lifetime ? [inner.lifetime] : [])].join(" + ")}`;
            }
            case "function_pointer": {
                const inputs = inner.sig.inputs.map(([, each]) => this.type(each)).join(", ");
                const output = inner.sig.output ? ` -> ${this.type(inner.sig.output)}` : "";
                return `${this.higher(inner.generic_params)}fn(${inputs})${output}`;
            }
            case "qualified_path": {
                const self = this.type(inner.self_type);
                return inner.trait?.name ? `<${self} as ${this.path(inner.trait)}>::${inner.name}` : `${self}::${inner.name}`;
            }
            default:
                throw new Error(`a type that is a ${kind}`);
        }
    }

    path({ id, name, args }) {
        // Without a path it is private, as what seals a trait.
        const path = this.reached.get(id) ?? this.crate.paths[id]?.path.join("::");
        if (!path) {
            return name;
        }
        if (!STABLE.includes(path.split("::")[0])) {
            this.faults.push(`${path} is of a crate that is not at 1.0`);
        }
        return (PRELUDE[path] ?? path) + this.args(args);
    }

    args(args) {
        if (args?.parenthesized) {
            const { inputs, output } = args.parenthesized;
            return `(${inputs.map((each) => this.type(each)).join(", ")})${output ? ` -> ${this.type(output)}` : ""}`;
        }
        const { args: given = [], constraints = [] } = args?.angle_bracketed ?? {};
        const shown = given.map((arg) => (arg === "infer" ? "_" : (arg.lifetime ?? (arg.const ? arg.const.expr : this.type(arg.type)))));
        for (const { name, binding } of constraints) {
            shown.push(binding.equality ? `${name} = ${this.term(binding.equality)}` : `${name}${this.bounds(binding.constraint)}`);
        }
        return shown.length > 0 ? `<${shown.join(", ")}>` : "";
    }

    term({ type, constant }) {
        return type ? this.type(type) : constant.expr;
    }
}

const faults = new Set();
const before = new Set();
for (const argument of process.argv.slice(2)) {
    const at = argument.indexOf("=");
    const heading = argument.slice(0, at);
    const { lines, faults: found } = new Api(argument.slice(at + 1));
    found.forEach((fault) => faults.add(fault));
    console.log(`${before.size > 0 ? "\n" : ""}# ${heading}\n`);
    // An `impl` is told by each type that is in it.
    const listed = new Set(lines);
    before.forEach((line) => listed.has(line) || faults.add(`${heading} takes away: ${line}`));
    for (const line of listed) {
        if (!before.has(line)) {
            console.log(line);
            before.add(line);
        }
    }
}
faults.forEach((fault) => console.error(fault));
process.exitCode = faults.size > 0 ? 1 : 0;
