// What a node of a syntax tree is to a person. Grammars name their nodes by one habit, so endings tell; a name that
// nobody thought of makes the answer coarser (the statement in place of the expression), never wrong.

/** Holds statements, members or rules, and is no thing of its own. */
const BODY =
  /^(program|module|source_file|translation_unit|compilation_unit|stylesheet|then|do|else|begin)$|(^|_)(block|body|body_statement|statement_list|declaration_list|declarations|compound_statement|enumerator_list|variant_list|do_group)$/;
/** What its ending says; members of a body are statements whatever they are called. */
const STATEMENT = /(^|_)(statement|definition|declaration|item)$/;
const PARAMETER = /parameter/;
const EXPRESSION =
  /(^|_)(expression|expr|call|operator|operation|binary|unary|conditional|assignment|invocation|comprehension|lambda|await|command|pipeline|pair|element|keyword_argument|comment)$/;
/** A name with dots is a name. */
const NAME =
  /^(member_expression|field_expression|selector_expression|member_access_expression|nullsafe_member_access_expression|nested_\w+|scoped_\w*identifier|qualified_\w+|dotted_name|scope_resolution)$/;
/** Operators of one rank: `a + b + c` is read as one, and parsed as two. */
const CHAIN = /(^|_)(binary|binary_expression|binary_operator|boolean_operator|concatenated_string)$/;
/** Pieces of a literal. */
const INSIDE_LITERAL =
  /(^|_)(content|fragment|start|end|sequence|string_start|string_end|flags|pattern_content)$/;

export function isBody(type: string): boolean {
  return BODY.test(type);
}

/** `parent`: undefined for the root. */
export function isStatement(type: string, parent: string | undefined): boolean {
  if (isBody(type) || PARAMETER.test(type)) return false;
  return parent !== undefined && (isBody(parent) || STATEMENT.test(type));
}

/** More than a name or a literal: something that does something. */
export function isExpression(type: string): boolean {
  return EXPRESSION.test(type) && !NAME.test(type);
}

export function isChain(type: string): boolean {
  return CHAIN.test(type);
}

export function isInsideLiteral(type: string): boolean {
  return INSIDE_LITERAL.test(type);
}

/** The text of strings, without what is computed in them. */
export const STRING_TEXT: readonly string[] = [
  'string_content',
  'string_fragment',
  'string_literal',
  'string_literal_content',
  'interpreted_string_literal',
  'interpreted_string_literal_content',
  'raw_string_literal',
  'raw_string_literal_content',
  'heredoc_body',
  'heredoc_content',
  'verbatim_string_literal',
  'raw_string',
];
/** What is written for people. */
const PROSE = new RegExp(`comment$|^(${STRING_TEXT.join('|')})$`);
/** Strings that hold such pieces, and code between them. */
const HAS_PIECES = /^(string|template_string|encapsed_string|interpolated_string_expression)$/;

export function isProse(type: string, childCount: number): boolean {
  return PROSE.test(type) || (HAS_PIECES.test(type) && childCount === 0);
}

/** By language id: what stands for a body, or a statement in it, that is missing, where a language needs a word for it. */
export const EMPTY_BODY: Readonly<Record<string, string>> = { python: 'pass' };
