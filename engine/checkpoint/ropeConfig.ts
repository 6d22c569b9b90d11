// The rotary base and its scaling, in every spelling that config.json has had for them.
import { type Fields, show } from './fields';
import type { DecoderShape, RopeScaling } from './types';

const POSITIONS = { max: 2 ** 31 - 1 };

/** `rope_theta` and `rope_scaling`, or both inside `rope_parameters` as transformers 5 writes them. */
export function rotary(fields: Fields): Pick<DecoderShape, 'ropeTheta' | 'ropeScaling'> {
  const parameters = fields.section('rope_parameters');
  const scaling = parameters ?? fields.section('rope_scaling');
  for (const name of ['full_attention', 'sliding_attention']) {
    if (parameters?.has(name)) throw parameters.fail(name, 'gives layers their own, which is not supported');
  }
  const theta = parameters?.has('rope_theta')
    ? parameters.positive('rope_theta')
    : fields.positive('rope_theta', 10_000);
  return { ropeTheta: theta, ropeScaling: scaling ? ropeScaling(scaling, fields) : { kind: 'none' } };
}

function ropeScaling(scaling: Fields, config: Fields): RopeScaling {
  const partial = scaling.positive('partial_rotary_factor', 1);
  if (partial !== 1) throw scaling.fail('partial_rotary_factor', `is ${partial}, which is not supported`);
  const kind = scaling.string(scaling.has('rope_type') ? 'rope_type' : 'type', 'default');
  const originalContext = () =>
    scaling.has('original_max_position_embeddings')
      ? scaling.integer('original_max_position_embeddings', POSITIONS)
      : config.integer('max_position_embeddings', POSITIONS);
  switch (kind) {
    case 'default':
    case 'none':
      return { kind: 'none' };
    case 'linear':
      return { kind, factor: scaling.positive('factor') };
    case 'dynamic':
      return {
        kind,
        factor: scaling.positive('factor'),
        originalContext: config.integer('max_position_embeddings', POSITIONS),
      };
    case 'yarn':
      for (const name of ['mscale', 'mscale_all_dim']) {
        if (scaling.has(name)) throw scaling.fail(name, 'is not supported');
      }
      return {
        kind,
        factor: scaling.positive('factor'),
        originalContext: originalContext(),
        betaFast: scaling.positive('beta_fast', 32),
        betaSlow: scaling.positive('beta_slow', 1),
        ...(scaling.has('attention_factor')
          ? { attentionFactor: scaling.positive('attention_factor') }
          : undefined),
      };
    case 'llama3':
      return {
        kind,
        factor: scaling.positive('factor'),
        lowFrequencyFactor: scaling.positive('low_freq_factor'),
        highFrequencyFactor: scaling.positive('high_freq_factor'),
        originalContext: originalContext(),
      };
    default:
      throw scaling.fail('rope_type', `is ${show(kind)}, which is not supported`);
  }
}
