// Which precision a model runs in when the person names none.
import type { Checkpoint } from '../checkpoint/types';
import { EngineError } from '../errors';
import { PRECISIONS, type Precision } from '../graph/types';
import type { ProviderName } from '../protocol';

/** Parameters from which on int8 is not taken by itself: outlier features begin at 6.7B (LLM.int8(), Dettmers 2022). */
const OUTLIERS_FROM = 6e9;

/**
 * `auto` on the CPU is int8 where `fastIntegers` (x64 with exact products of 8-bit numbers) holds: a half to a third of q8's
 * time at little more divergence from fp32. Elsewhere, and for models so large that activations have outliers that nobody has
 * measured here, it is q8, which rounds activations by blocks (docs/decisions/precision.md has the figures). On CUDA
 * 16-bit weights run as they are; the other GPUs take q8 for its size.
 */
export function choosePrecision(
  choice: Precision | 'auto',
  provider: ProviderName,
  checkpoint: Pick<Checkpoint, 'storedDtype' | 'parameters'>,
  fastIntegers = false,
): Precision {
  if (choice !== 'auto') {
    if (!PRECISIONS.includes(choice)) {
      throw new EngineError(
        'precision-unsupported',
        `There is no precision "${choice}": choose one of ${PRECISIONS.join(', ')}, or auto.`,
        { precision: choice },
      );
    }
    if (choice === 'fp16' && provider === 'cpu') {
      throw new EngineError(
        'precision-unsupported',
        'On the CPU, fp16 is slower and less exact than fp32. Choose fp32, q8, or int8.',
        { precision: choice, provider },
      );
    }
    if (choice === 'int8' && provider !== 'cpu') {
      throw new EngineError(
        'precision-unsupported',
        `int8 runs only on the CPU. On ${provider}, choose q8, q4, or fp16.`,
        { precision: choice, provider },
      );
    }
    return choice;
  }
  if (provider === 'cuda' && checkpoint.storedDtype !== 'F32') return 'fp16';
  if (provider === 'cpu' && fastIntegers && checkpoint.parameters < OUTLIERS_FROM) return 'int8';
  return 'q8';
}
