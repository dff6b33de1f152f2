/**
 * Takes out of marked and DOMPurify what is never reached from here. Each comes as one file whose parts hold each
 * other, so that the bundler, left alone, keeps nearly all of it. What is taken out is said as rules; a release that
 * is written in another way stops the build, and the tests compare what is left with the whole.
 */
import type { Plugin } from "vite";

type Rule = [what: RegExp, by: string | ((all: string, ...groups: string[]) => string)];

/** The lexer of GitHub's Markdown alone: without renderer, extensions, hooks, HTML and the other dialects. */
const MARKED: Rule[] = [
  // An instance that is made beforehand would hold everything.
  [/var (\w+)=new \w+;function \w+\(\w+,\w+\)\{return \1\.parse.*(?=export\{)/s, ""],
  [/(?<=export\{)[^}]*/, (all) => String(all.match(/\w+ as (?:Lexer|Tokenizer)\b/g))],
  [/this\.options\.(?:pedantic|breaks|silent)/g, "!1"],
  [/this\.options\.gfm/g, "!0"],
  [/this\.options\.(?:extensions|hooks)/g, "null"],
  // The dialects' rules, made by calls that do nothing else.
  [/\{normal:\w+,gfm:(\w+),(?:breaks:\w+,)?pedantic:\w+\}/g, "{gfm:$1}"],
  [/(?<=(?:block|inline):\w+)\.normal/g, ".gfm"],
  [/(?<=[\w$]\}|\}\})(?:html|tag)\(\w\)\{(?:let|if).*?(?=def\(|link\()/gs, ""],
  // Whole tags are text here: a block of HTML never begins.
  [/(?<=\bhtml:)\w+(?=,lheading:)/g, "{exec:()=>null}"],
  [/(?<=[\w$][=:])(?=\w\((?:\w+|\/.*?|".*?"|`.*?`),?(?:"\w+")?\)\.(?:replace|getRegex)\()/g, "/*@__PURE__*/"],
  [/.+/s, shortRuleNames],
];

/**
 * DOMPurify for strings that become a fragment of what `reading/purify.ts` allows: without what may be in a page by
 * default, without hooks, and each option that is not set there for ever at its default.
 */
const PURIFY: Rule[] = [
  [/(?<=^const (?:html|svg|mathMl|xml)\w*(?:\$1)? = freeze\()\[[^\]]*\]/gm, "[]"],
  [/(?<=^\tlet RETURN_DOM(?:_FRAGMENT)? = )false/gm, "true"],
  [/(?<=^\tlet ALLOW_(?:ARIA|DATA)_ATTR = )true/gm, "false"],
  [/^\t\t([A-Z_]+) = cfg\.\1 (?:\|\| false|!== false);$/gm, ""],
  [/_resolveSetOption\(cfg, "(?!ALLOWED_(?:TAGS|ATTR)")\w+", (\w+(?:\(null\))?), \{[^}]*\}\)/g, "$1"],
  [/_resolveObjectOption\(cfg, "\w+", (\w+)\)/g, "$1"],
  [/^\t\t(?:USE_PROFILES|NAMESPACE|PARSER_MEDIA_TYPE) = .*$/gm, ""],
  [/let PARSER_MEDIA_TYPE = null/, 'const PARSER_MEDIA_TYPE = "text/html"'],
  [/^\t\tif \(objectHasOwnProperty\(cfg, "ADD_\w+"\).*?^\t\t\}$/gms, ""],
  [/^\t\tEXTRA_ELEMENT_HANDLING\.\w+ = null;$/gm, ""],
  [/^\tconst EXTRA_ELEMENT_HANDLING = .*?^\t\}\)\);$/ms, ""],
  [/^\tconst RESERVED_CUSTOM_ELEMENT_NAMES = .*?^\t\};$/ms, ""],
  [/EXTRA_ELEMENT_HANDLING\.(\w+) instanceof Function && EXTRA_ELEMENT_HANDLING\.\1\([^)]*\)/g, "false"],
  [/^\t\tconst customElementHandling = .*?seal\(CUSTOM_ELEMENT_HANDLING\);$/ms, ""],
  [/(?<= )_isBasicCustomElement\(\w+\) && _matchesNameCheck\(.*?(?=;$|\) return false;$)/gm, "false"],
  [/^\t\tif \(cfg\.TRUSTED_TYPES_POLICY\) \{.*?^\t\t\} else (?=\{$)/ms, ""],
  [/^\t\t_assertNotInTrustedTypesPolicy\(\);$/gm, ""],
  [/^\t+_executeHooks\(hooks\.[^;]*;$/gm, ""],
  [
    /^\t\tconst hookEvent = \{.*?\};$|^\t\t\t(?:hookEvent\.|value = hookEvent\.|if \(hookEvent\.).*?;$/gms,
    "",
  ],
  [/!hookEvent\.keepAttr/, "false"],
  [/_forkSharedAllowlist\(hooks\.\w+, (\w+), [^)]*\)/g, "$1"],
  // What is said to a developer.
  [/(?<=typeErrorCreate\()"(?:\\.|[^"\\])*"/g, ""],
  [/^\t\tif \(RETURN_DOM_FRAGMENT\) RETURN_DOM = true;$/m, ""],
  // Strings are handed in, and nothing is set for later calls.
  [/^\t\tif \(typeof dirty !== "string" && !_isNode\(dirty\)\) \{.*?^\t\t\}$/ms, ""],
  [/ else if \(_isNode\(dirty\)\) \{.*?^\t\t\}(?= else \{$)/ms, ""],
  [/^\tDOMPurify\.setConfig = .*?(?=^\treturn DOMPurify;$)/ms, ""],
  // What browsers that know modules know.
  [/^if \(!(?:freeze|seal|apply|construct)\) .*?^(?:\};?|\t?return \w+;\n\};)$/gms, ""],
  [/_slicedToArray\((\w+), 2\)/g, "$1"],
];

/** Lit for browsers that know style sheets for shadow roots (all that know `light-dark()` do), without decorators. */
const LIT: Rule[] = [
  [/(?<=\be=)t\.ShadowRoot&&.*?CSSStyleSheet\.prototype(?=,)/, "!0"],
  [/(?<=Error\()".*?"(?=\))/g, ""],
];
const REACTIVE: Rule[] = [
  [/Symbol\.metadata\?\?=.*?;/, ""],
  [/const \w=this\[Symbol\.metadata\];if\(null!==\w\)\{.*?\}(?=this\._\$Eh=)/, ""],
  [/,\w\?\.\(\{ReactiveElement:\w\}\),.*?(?=;export)/, ""],
];

const LIBRARIES: [file: RegExp, rules: Rule[]][] = [
  [/\/marked\/lib\/marked\.esm\.js$/, MARKED],
  [/\/dompurify\/dist\/purify\.es\.mjs$/, PURIFY],
  [/\/@lit\/reactive-element\/css-tag\.js$/, LIT],
  [/\/@lit\/reactive-element\/reactive-element\.js$/, REACTIVE],
];

export function slim(): Plugin {
  return {
    name: "slim",
    transform(code, id) {
      const rules = LIBRARIES.find(([file]) => file.test(id.split("?")[0] as string))?.[1];
      return rules && { code: without(code, rules), map: null };
    },
  };
}

function without(code: string, rules: Rule[]): string {
  return rules.reduce((text, [what, by]) => {
    if (text.search(what) < 0)
      throw new Error(`A library is written in another way now; see slim.ts: ${what}`);
    return text.replace(what, by as string);
  }, code);
}

/** marked names each of its smaller rules, and each state: short names for those, and no rule that nobody asks for. */
function shortRuleNames(code: string): string {
  const names = new Set(code.match(/(?<=[{,])(?!codeBlockStyle)[a-z]+[A-Z]\w*(?=:)/g));
  let text = code;
  for (const name of names) {
    const short = `$$${[...names].indexOf(name).toString(36)}`;
    if (text.includes(`.${name}`)) text = text.replace(new RegExp(`(?<=[.{,])${name}\\b`, "g"), short);
    else text = text.replace(new RegExp(`(?<=[{,])${name}:/.*?/[a-z]*,(?=[$\\w]+:)`, "g"), "");
  }
  return text;
}
