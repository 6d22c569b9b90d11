// Rotary position embedding (RoFormer, arXiv 2104.09864), half-split as Hugging Face's checkpoints have it. Cosines
// and sines are computed in the graph from the positions given, so no table bounds them: a hole's position gap may
// lie beyond the context.
import type { DecoderShape, RopeScaling } from '../checkpoint/types';
import { DataType, type GraphWriter } from './onnxWriter';

type RotaryShape = Pick<DecoderShape, 'headSize' | 'ropeTheta' | 'ropeScaling'>;

export interface RotaryFrequencies {
  /** [headSize / 2] radians a position. */
  readonly inverse: Float64Array;
  /** Factor on cosine and sine (YaRN's attention temperature), mostly 1. */
  readonly attentionFactor: number;
}

/**
 * Inverse frequencies at a sequence length, rounded to fp32 as transformers computes them.
 * Sources: linear and dynamic NTK scaling (transformers' modeling_rope_utils), YaRN (arXiv 2309.00071),
 * Llama 3.1's low and high wavelengths (its model card).
 */
export function rotaryFrequencies(shape: RotaryShape, sequenceLength = 0): RotaryFrequencies {
  const { headSize, ropeTheta, ropeScaling: scaling } = shape;
  switch (scaling.kind) {
    case 'none':
      return { inverse: inverseFrequencies(ropeTheta, headSize), attentionFactor: 1 };
    case 'linear': {
      const inverse = inverseFrequencies(ropeTheta, headSize).map((value) =>
        Math.fround(value / scaling.factor),
      );
      return { inverse, attentionFactor: 1 };
    }
    case 'factors': {
      const inverse = inverseFrequencies(ropeTheta, headSize).map((value, index) =>
        Math.fround(value / (scaling.factors[index] ?? 1)),
      );
      return { inverse, attentionFactor: 1 };
    }
    case 'dynamic': {
      const length = Math.max(sequenceLength, scaling.originalContext);
      const growth = (scaling.factor * length) / scaling.originalContext - (scaling.factor - 1);
      const theta = ropeTheta * growth ** (headSize / (headSize - 2));
      return { inverse: inverseFrequencies(theta, headSize), attentionFactor: 1 };
    }
    case 'llama3': {
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
      const inverse = inverseFrequencies(ropeTheta, headSize).map((value) => {
        const wavelength = (2 * Math.PI) / value;
        if (wavelength < originalContext / high) return value;
        if (wavelength > originalContext / low) return Math.fround(value / factor);
        const smooth = (originalContext / wavelength - low) / (high - low);
        return Math.fround((1 - smooth) * (value / factor) + smooth * value);
      });
      return { inverse, attentionFactor: 1 };
    }
    case 'yarn': {
      const { factor, originalContext, betaFast, betaSlow } = scaling;
      const dimensionAt = (rotations: number) =>
        (headSize * Math.log(originalContext / (rotations * 2 * Math.PI))) / (2 * Math.log(ropeTheta));
      const low = Math.max(Math.floor(dimensionAt(betaFast)), 0);
      const high = Math.min(Math.ceil(dimensionAt(betaSlow)), headSize - 1);
      const width = high === low ? 0.001 : high - low;
      const inverse = inverseFrequencies(ropeTheta, headSize).map((value, index) => {
        const interpolated = Math.min(Math.max((index - low) / width, 0), 1);
        return Math.fround((value / factor) * interpolated + value * (1 - interpolated));
      });
      const attentionFactor = scaling.attentionFactor ?? (factor <= 1 ? 1 : 0.1 * Math.log(factor) + 1);
      return { inverse, attentionFactor };
    }
  }
}

function inverseFrequencies(theta: number, headSize: number): Float64Array {
  return Float64Array.from({ length: headSize / 2 }, (_, index) =>
    Math.fround(1 / Math.fround(theta ** Math.fround((2 * index) / headSize))),
  );
}

/** Names of the cosines and sines, fp32 [B, S, headSize / 2] each. */
export interface RotaryAngles {
  readonly cosine: string;
  readonly sine: string;
}

/**
 * Adds the angles' computation. It is done in double precision, rounded to fp32 where transformers rounds: GPU
 * shaders guarantee sines to 2^-11 only, and providers without doubles leave these few nodes to the CPU.
 * @param positions int64 [B, S]
 */
export function addRotaryAngles(graph: GraphWriter, shape: RotaryShape, positions: string): RotaryAngles {
  const { inverse, attentionFactor } = rotaryFrequencies(shape);
  const frequencies =
    shape.ropeScaling.kind === 'dynamic'
      ? dynamicFrequencies(graph, shape, shape.ropeScaling, positions)
      : graph.float64('rotary_inverse_frequencies', inverse);
  const column = graph.op('Unsqueeze', [positions, graph.int64([2])]);
  const exact = graph.op('Mul', [graph.op('Cast', [column], { to: DataType.DOUBLE }), frequencies]);
  const angle = roundToFloat(graph, exact);
  return {
    cosine: angleFactor(graph, graph.op('Cos', [angle]), attentionFactor),
    sine: angleFactor(graph, graph.op('Sin', [angle]), attentionFactor),
  };
}

/** A cosine or sine as fp32, with the attention factor on it. */
function angleFactor(graph: GraphWriter, wave: string, attentionFactor: number): string {
  const scaled =
    attentionFactor === 1 ? wave : graph.op('Mul', [wave, graph.float64('rotary_factor', attentionFactor)]);
  return graph.op('Cast', [scaled], { to: DataType.FLOAT });
}

/** Dynamic NTK: the base grows with the longest position of the run, once that is beyond the context. */
function dynamicFrequencies(
  graph: GraphWriter,
  shape: RotaryShape,
  { factor, originalContext }: Extract<RopeScaling, { kind: 'dynamic' }>,
  positions: string,
): string {
  const { headSize, ropeTheta } = shape;
  const last = graph.op('ReduceMax', [positions], { keepdims: 0 });
  const length = graph.op('Max', [graph.op('Add', [last, graph.int64(1)]), graph.int64(originalContext)]);
  const exact = graph.op('Cast', [length], { to: DataType.DOUBLE });
  const growth = graph.op('Sub', [
    graph.op('Mul', [exact, graph.float64('rotary_growth', factor / originalContext)]),
    graph.float64('rotary_growth_offset', factor - 1),
  ]);
  const power = graph.float64('rotary_growth_power', headSize / (headSize - 2));
  const theta = graph.op('Mul', [graph.op('Pow', [growth, power]), graph.float64('rotary_theta', ropeTheta)]);
  const exponents = Float64Array.from({ length: headSize / 2 }, (_, index) =>
    Math.fround((2 * index) / headSize),
  );
  const powers = graph.op('Pow', [theta, graph.float64('rotary_exponents', exponents)]);
  return roundToFloat(graph, graph.op('Reciprocal', [roundToFloat(graph, powers)]));
}

function roundToFloat(graph: GraphWriter, value: string): string {
  return graph.op('Cast', [graph.op('Cast', [value], { to: DataType.FLOAT })], { to: DataType.DOUBLE });
}

/** Rotates heads. @param heads fp32 [B, heads, S, headSize] */
export function rotate(graph: GraphWriter, heads: string, angles: RotaryAngles, output?: string): string {
  return graph.op('RotaryEmbedding', [heads, angles.cosine, angles.sine], { interleaved: 0 }, output);
}
