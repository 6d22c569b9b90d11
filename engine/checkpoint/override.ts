// palimpsest.json beside a checkpoint names or describes its family, so that a new model needs no new version of
// Palimpsest. Read strictly: a misspelt fact would decode nonsense without a word. Documented in docs/families.md.
import { EngineError } from '../errors';
import { FAMILIES, type KnownFamily, SPECIAL_TOKEN_NAMES } from './families';
import {
  type AttentionKind,
  BOUNDED_RULES,
  type Family,
  type InfillKind,
  type LengthControl,
  type Opening,
  RULE_NAMES,
  type Sampling,
  type SpecialTokenName,
  type SpecialTokenSpec,
} from './family';
import { Fields, show } from './fields';
import { isObject, type JsonObject } from './json';
import { SCHEME_NAMES } from './tensorNames';

export const OVERRIDE_NAME = 'palimpsest.json';

/** Family facts that the file states. */
const FACTS = [
  'id',
  'title',
  'tensorNames',
  'shifted',
  'attention',
  'infill',
  'length',
  'tokens',
  'sampling',
] as const;

/** Optional bounds, in tokens. */
const LENGTHS = ['contextLength', 'window'] as const;

/** The part of palimpsest.json that names the family to start from, or undefined to use the recognised one. */
export function overrideBase(override: JsonObject): KnownFamily | undefined {
  const fields = new Fields(override, OVERRIDE_NAME);
  fields.onlyKeys(['base', ...LENGTHS, ...FACTS]);
  if (!fields.has('base')) return undefined;
  const base = fields.string('base');
  const known = FAMILIES.get(base);
  if (!known)
    throw fields.fail('base', `is ${show(base)}; it must be one of ${[...FAMILIES.keys()].join(', ')}`);
  return known;
}

/** Whether the file describes a family in full, so that none has to be recognised. */
export function overrideIsComplete(override: JsonObject): boolean {
  const fields = new Fields(override, OVERRIDE_NAME);
  return FACTS.every((name) => fields.has(name));
}

/**
 * The family as palimpsest.json changes it. `base` is undefined where the file is complete.
 * @throws EngineError `checkpoint-malformed` that names the key
 */
export function applyOverride(override: JsonObject, base: KnownFamily | undefined): KnownFamily {
  const fields = new Fields(override, OVERRIDE_NAME);
  fields.onlyKeys(['base', ...LENGTHS, ...FACTS]);
  const old = base?.family;
  const family: Family = {
    id: fields.string('id', old?.id),
    title: fields.string('title', old?.title),
    tensorNames: fields.choice('tensorNames', SCHEME_NAMES, old?.tensorNames),
    shifted: fields.boolean('shifted', old?.shifted),
    attention: replaced(fields, 'attention', attentionKind, old?.attention),
    infill: replaced(fields, 'infill', infillKind, old?.infill),
    length: replaced(fields, 'length', lengthControl, old?.length),
    tokens: tokens(fields, old?.tokens ?? {}),
    sampling: replaced(fields, 'sampling', sampling, old?.sampling),
    ...windowOf(fields, old),
  };
  refuseContradictions(family);
  return {
    publishedVocabSizes: base?.publishedVocabSizes ?? [],
    ...(base?.qkNorm === undefined ? undefined : { qkNorm: base.qkNorm }),
    ...(base?.qkvBias === undefined ? undefined : { qkvBias: base.qkvBias }),
    ...contextLimit(fields, base),
    family,
  };
}

function windowOf(fields: Fields, old: Family | undefined): Pick<Family, 'window'> {
  if (fields.has('window')) return { window: fields.integer('window', { min: 16, max: 2 ** 31 - 1 }) };
  return old?.window === undefined ? {} : { window: old.window };
}

function contextLimit(fields: Fields, base: KnownFamily | undefined): { readonly contextLimit?: number } {
  if (fields.has('contextLength'))
    return { contextLimit: fields.integer('contextLength', { min: 16, max: 2 ** 31 - 1 }) };
  return base?.contextLimit === undefined ? {} : { contextLimit: base.contextLimit };
}

function replaced<T>(fields: Fields, name: string, read: (section: Fields) => T, old: T | undefined): T {
  const section = fields.section(name);
  if (section) return read(section);
  if (old === undefined) throw fields.fail(name, 'is missing (add it, or a base)');
  return old;
}

function attentionKind(section: Fields): AttentionKind {
  const kind = section.choice('kind', ['full', 'block-causal', 'cached-canvas']);
  switch (kind) {
    case 'full':
      section.onlyKeys(['kind']);
      return { kind };
    case 'block-causal':
      section.onlyKeys(['kind', 'blockLength', 'partLength']);
      return { kind, ...blockLengths(section) };
    case 'cached-canvas': {
      section.onlyKeys(['kind', 'blockLength', 'holeGap', 'suffixSeesPrefix', 'suffixFirst']);
      const blockLength = section.integer('blockLength', { max: 4096 });
      return {
        kind,
        blockLength,
        holeGap: section.integer('holeGap', { min: blockLength, max: 1 << 16 }),
        suffixSeesPrefix: section.boolean('suffixSeesPrefix'),
        suffixFirst: section.boolean('suffixFirst', false),
      };
    }
  }
}

function blockLengths(section: Fields): { readonly blockLength: number; readonly partLength?: number } {
  const blockLength = section.integer('blockLength', { max: 4096 });
  if (!section.has('partLength')) return { blockLength };
  const partLength = section.integer('partLength', { max: blockLength });
  if (blockLength % partLength !== 0) throw section.fail('partLength', 'does not divide blockLength');
  return { blockLength, partLength };
}

/** `true`, `false`, or `tokenizer`. */
function opening(section: Fields): Opening {
  return section.value('bos') === 'tokenizer' ? 'tokenizer' : section.boolean('bos');
}

function infillKind(section: Fields): InfillKind {
  const kind = section.choice('kind', ['in-place', 'fim-order', 'left-only', 'prompt', 'cached-canvas']);
  switch (kind) {
    case 'in-place':
      section.onlyKeys(['kind', 'bos', 'eos']);
      return { kind, bos: section.boolean('bos'), eos: section.boolean('eos') };
    case 'fim-order':
      section.onlyKeys(['kind', 'bos', 'order']);
      return {
        kind,
        bos: opening(section),
        order: section.choice('order', ['suffix-first', 'prefix-first'], 'suffix-first'),
      };
    case 'left-only':
    case 'cached-canvas':
      section.onlyKeys(['kind', 'bos']);
      return { kind, bos: section.boolean('bos') };
    case 'prompt':
      section.onlyKeys(['kind', 'bos']);
      return { kind, ...(section.has('bos') ? { bos: opening(section) } : undefined) };
  }
}

function lengthControl(section: Fields): LengthControl {
  const kind = section.choice('kind', ['fixed', 'expand-delete', 'end-token']);
  if (kind === 'fixed') {
    section.onlyKeys(['kind']);
    return { kind };
  }
  if (kind === 'end-token') {
    section.onlyKeys(['kind', 'asCell', 'alsoEnds']);
    return {
      kind,
      ...(section.boolean('asCell', false) ? { asCell: true } : undefined),
      ...(section.has('alsoEnds') ? { alsoEnds: tokenNames(section, 'alsoEnds') } : undefined),
    };
  }
  section.onlyKeys(['kind', 'initialMasks']);
  return { kind, initialMasks: section.integer('initialMasks', { max: 4096 }) };
}

function tokenNames(section: Fields, name: string): readonly SpecialTokenName[] {
  const value = section.value(name);
  const names = SPECIAL_TOKEN_NAMES.filter((known) => Array.isArray(value) && value.includes(known));
  if (!Array.isArray(value) || names.length !== value.length)
    throw section.fail(name, `must be a list of names of tokens (${SPECIAL_TOKEN_NAMES.join(', ')})`);
  return names;
}

function sampling(section: Fields): Sampling {
  section.onlyKeys([
    'rule',
    'temperature',
    'topP',
    'threshold',
    'bounds',
    'boundsAll',
    'steps',
    'plainConfidence',
  ]);
  const temperature = section.value('temperature');
  const topP = section.positive('topP', 1);
  if (topP > 1) throw section.fail('topP', 'is above 1');
  const threshold = section.has('threshold') ? section.positive('threshold') : undefined;
  if (threshold !== undefined && threshold > 1) throw section.fail('threshold', 'is above 1');
  return {
    rule: section.choice('rule', RULE_NAMES),
    temperature: temperature === 0 ? 0 : section.positive('temperature'),
    topP,
    ...(threshold === undefined ? undefined : { threshold }),
    ...boundsOf(section),
    ...(section.has('steps') ? { steps: section.integer('steps', { max: 1 << 16 }) } : undefined),
    ...(section.boolean('boundsAll', false) ? { boundsAll: true } : undefined),
    ...(section.boolean('plainConfidence', false) ? { plainConfidence: true } : undefined),
  };
}

function boundsOf(section: Fields): Pick<Sampling, 'bounds'> {
  const bounds = section.section('bounds');
  if (!bounds) return {};
  bounds.onlyKeys(BOUNDED_RULES);
  const stated = BOUNDED_RULES.filter((rule) => bounds.has(rule));
  return { bounds: Object.fromEntries(stated.map((rule) => [rule, bounds.positive(rule)])) };
}

function tokens(fields: Fields, old: Family['tokens']): Family['tokens'] {
  const value = fields.value('tokens');
  const result: Partial<Record<SpecialTokenName, SpecialTokenSpec>> = { ...old };
  if (value === undefined) return result;
  if (!isObject(value)) throw fields.fail('tokens', 'must be an object');
  const section = new Fields(value, `${OVERRIDE_NAME}, tokens`);
  section.onlyKeys(SPECIAL_TOKEN_NAMES);
  for (const name of SPECIAL_TOKEN_NAMES) {
    if (!Object.hasOwn(value, name)) continue;
    const spec = value[name];
    if (spec === null) delete result[name];
    else if (typeof spec === 'string') result[name] = { text: nonEmpty(section, name, spec), required: true };
    else if (isObject(spec)) {
      const inner = new Fields(spec, `${OVERRIDE_NAME}, tokens, ${name}`);
      inner.onlyKeys(['text', 'id', 'required']);
      const text = nonEmpty(section, name, inner.string('text'));
      const required = inner.boolean('required', true);
      result[name] = inner.has('id')
        ? { text, id: inner.integer('id', { min: 0, max: 1 << 24 }), required }
        : { text, required };
    } else throw section.fail(name, 'must be a string, an object with text, or null');
  }
  return result;
}

function nonEmpty(section: Fields, name: string, text: string): string {
  if (text === '' || text.length > 256) throw section.fail(name, 'has a text that is empty or too long');
  return text;
}

/** Facts that cannot be true together. */
function refuseContradictions(family: Family): void {
  const { attention, infill, length, tokens } = family;
  const fail = (what: string) => new EngineError('checkpoint-malformed', `${OVERRIDE_NAME}: ${what}.`);
  if (infill.kind === 'in-place' && attention.kind !== 'full')
    throw fail('masks in place need full attention: a block never sees what is to its right');
  if ((infill.kind === 'cached-canvas') !== (attention.kind === 'cached-canvas'))
    throw fail('attention and infill must both be cached-canvas, or neither');
  if (attention.kind === 'cached-canvas') {
    if (family.shifted !== attention.suffixFirst)
      throw fail('a cached canvas is shifted if its suffix is numbered first, and only then');
    if (attention.suffixFirst && attention.suffixSeesPrefix)
      throw fail('a suffix that is numbered first cannot see the prefix');
    if (attention.suffixFirst && !tokens.hole)
      throw fail('a suffix that is numbered first needs the token hole');
  }
  if (!tokens.mask) throw fail('tokens has no mask');
  if (length.kind === 'expand-delete' && !(tokens.expand && tokens.delete))
    throw fail('the length expand-delete needs the tokens expand and delete');
  if (length.kind === 'end-token') {
    const missing = ['end' as const, ...(length.alsoEnds ?? [])].find((name) => !tokens[name]);
    if (missing) throw fail(`the length end-token needs the token ${missing}`);
  }
  if ('bos' in infill && infill.bos && !tokens.bos) throw fail('infill has bos, but tokens has none');
  if ('eos' in infill && infill.eos && !tokens.eos) throw fail('infill has eos, but tokens has none');
  if (infill.kind === 'fim-order' && !(tokens.fimPrefix && tokens.fimSuffix && tokens.fimMiddle))
    throw fail('the infill fim-order needs the tokens fimPrefix, fimSuffix and fimMiddle');
}
