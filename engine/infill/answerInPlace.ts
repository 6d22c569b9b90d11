// An answer to a prompt by a model that denoises whole canvases: the prompt is the canvas, with masks behind it. Spans are
// answered in turn, each of which sees the answers before it.
import type { Canvas } from '../canvas/types';
import type { BlockRequest } from '../decoding/blockRun';
import { denoiseInPlace } from '../decoding/inPlace';
import { holesOf, type LaneResult } from '../decoding/request';
import type { HoleAnswer, InPlaceDenoiser } from '../denoiser';

/** Throws as `denoiseInPlace` does. */
export async function answerInPlace(
  denoiser: InPlaceDenoiser,
  request: Omit<BlockRequest, 'rescoring'>,
): Promise<LaneResult[]> {
  const { seeds } = request;
  // Candidates of one span see the same, and make one batch; those of several see what they have written themselves.
  if (holesOf(request.canvas).length === 1) return answerLanes(denoiser, request, seeds, 0);
  const lanes: LaneResult[] = [];
  for (const [lane, seed] of seeds.entries()) {
    // At temperature 0 all candidates are alike.
    const known = request.sampling.temperature <= 0 ? lanes[0] : undefined;
    lanes.push(...(known ? [known] : await answerLanes(denoiser, request, [seed], lane)));
  }
  return lanes;
}

/** `first`: the number of the first of the candidates. */
async function answerLanes(
  denoiser: InPlaceDenoiser,
  request: Omit<BlockRequest, 'rescoring'>,
  seeds: readonly number[],
  first: number,
): Promise<LaneResult[]> {
  const { canvas, contextFor, sampling, onStep } = request;
  const { firstTemperature, ...rest } = sampling;
  const answers: HoleAnswer[][] = seeds.map(() => []);
  const steps = seeds.map(() => 0);
  for (const [index, hole] of holesOf(canvas).entries()) {
    const known = (answers[0] ?? []).map(({ ids }) => ids);
    const { before, after } = contextFor(index, known);
    const own: Canvas = {
      ...canvas,
      segments: [
        { kind: 'text', ids: before },
        { kind: 'hole', hole },
        { kind: 'text', ids: after },
      ],
    };
    const only = <T>(list: readonly T[]): T[] => list.slice(index, index + 1);
    const results = await denoiseInPlace(denoiser, {
      ...request,
      canvas: own,
      seeds,
      maxTokens: only(request.maxTokens),
      maskCounts: only(request.maskCounts),
      ...(request.minTokens ? { minTokens: only(request.minTokens) } : {}),
      sampling: first === 0 && firstTemperature !== undefined ? { ...rest, firstTemperature } : rest,
      ...(onStep ? { onStep: (step) => onStep({ ...step, lane: step.lane + first, hole: index }) } : {}),
    });
    for (const [lane, result] of results.entries()) {
      answers[lane]?.push(...result.holes);
      steps[lane] = (steps[lane] ?? 0) + result.steps;
    }
  }
  return answers.map((holes, lane) => ({ holes, steps: steps[lane] ?? 0 }));
}
