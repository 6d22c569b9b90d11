// What is unusual about a checkpoint but not wrong: it runs, and a person who wonders at its answers finds the reason here.
import type { ConfigShape } from './config';
import type { KnownFamily } from './families';
import { brief, show } from './fields';
import { isObject, type JsonObject, own } from './json';
import type { MappedTensors } from './tensors';
import { haveSameSamples } from './weightSamples';

export interface Opened {
  readonly mapped: MappedTensors;
  readonly known: KnownFamily;
  readonly shape: ConfigShape;
  readonly config: JsonObject;
  /** What `config` is from. */
  readonly configName: string;
  readonly generationConfig: JsonObject | undefined;
  /** `normalizer` of tokenizer.json. */
  readonly normaliser: unknown;
}

/** Sentences for people. Reads a few kilobytes of weights where the head is stored twice. */
export async function remarksOn(opened: Opened): Promise<readonly string[]> {
  const { mapped, known, shape, config, configName, generationConfig, normaliser } = opened;
  const remarks: string[] = [];
  if (mapped.scheme !== known.family.tensorNames && mapped.scheme !== 'gguf')
    remarks.push(
      `The tensors are named as ${mapped.scheme} models name them, which is unusual for ${known.family.title}.`,
    );
  if (known.contextLimit !== undefined && known.contextLimit < shape.contextLength)
    remarks.push(
      `${configName} claims a context of ${shape.contextLength}; ${known.family.title} is used with ${known.contextLimit}.`,
    );
  if (shape.slidingWindow !== undefined)
    remarks.push(
      `A token of ${known.family.title} sees ${shape.slidingWindow} tokens at the most; the context is that long, not ${shape.contextLength}.`,
    );
  if (mapped.unused.length > 0)
    remarks.push(
      `${mapped.unused.length} tensors are not part of the decoder and are ignored, for example ${brief(mapped.unused[0] ?? '')}.`,
    );
  if (!generationConfig && known.publishedVocabSizes.includes(shape.vocabSize))
    remarks.push("There is no generation_config.json; the family's defaults are used.");
  return [
    ...remarks,
    ...(await headRemark(mapped)),
    ...contradictions(config),
    ...normaliserRemark(normaliser),
  ];
}

async function headRemark({ storedHead, tensors }: MappedTensors): Promise<readonly string[]> {
  const { embedding } = tensors;
  if (storedHead === undefined || storedHead.name === embedding.name) return [];
  const isSame =
    storedHead.dtype === embedding.dtype &&
    storedHead.length === embedding.length &&
    (await haveSameSamples({ ...storedHead, dtype: embedding.dtype }, embedding));
  if (isSame) return [];
  return [
    `config.json ties the head to the embedding, but ${brief(storedHead.name)} differs from it; the embedding is used. If the model writes nonsense, set tie_word_embeddings to false in config.json.`,
  ];
}

/** Pairs of keys that say one thing, the one that is read first; sections are looked at together. */
const SAME_MEANING: readonly (readonly [string, string])[] = [
  ['rope_parameters.rope_type', 'rope_scaling.rope_type'],
  ['rope_parameters.rope_type', 'rope_scaling.type'],
  ['rope_parameters.rope_type', 'rope_parameters.type'],
  ['rope_scaling.rope_type', 'rope_scaling.type'],
  ['rope_parameters.factor', 'rope_scaling.factor'],
  ['rope_parameters.rope_theta', 'rope_theta'],
];

function contradictions(config: JsonObject): readonly string[] {
  return SAME_MEANING.flatMap(([used, other]) => {
    const [first, second] = [valueAt(config, used), valueAt(config, other)];
    if (first === undefined || second === undefined || first === second) return [];
    return [`config.json: ${used} is ${show(first)}, but ${other} is ${show(second)}; ${used} is used.`];
  });
}

function valueAt(config: JsonObject, place: string): unknown {
  return (
    place
      .split('.')
      .reduce<unknown>((value, key) => (isObject(value) ? own(value, key) : undefined), config) ?? undefined
  );
}

/** Unicode's composed form, which nearly all source code is in, is nothing to speak of. */
function normaliserRemark(normaliser: unknown): readonly string[] {
  const names = normalisers(normaliser).filter((name) => name !== 'NFC');
  if (names.length === 0) return [];
  return [
    `tokenizer.json changes text before it is split (${brief([...new Set(names)].join(', '))}). Palimpsest skips this, so that text is reproduced exactly; the model may see some text differently than in training.`,
  ];
}

const MOST_NORMALISERS = 16;

function normalisers(value: unknown): readonly string[] {
  if (!isObject(value)) return [];
  const members = own(value, 'normalizers');
  const all = Array.isArray(members) ? members.slice(0, MOST_NORMALISERS) : [value];
  return all.map((one) => (isObject(one) ? String(own(one, 'type') ?? 'unnamed') : 'unnamed'));
}
