// What a model takes of the memory, in sentences. Pure but for the language, which is given.
import type { MemoryEstimate } from '../../engine/protocol';
import { sizeText } from '../common/sizes';

/** The editor's translations. */
interface Language {
  t(message: string, ...args: readonly string[]): string;
}

export function memoryLines(
  { weights, process = 0, request, adapted, relay }: MemoryEstimate,
  l10n: Language,
): string[] {
  const [loaded, most] = [sizeText(weights + process), sizeText(adapted ?? request)];
  const lines = [l10n.t('About {0} of memory, and up to {1} more for requests', loaded, most)];
  if (adapted !== undefined)
    lines.push(l10n.t('A request that fills the model’s context takes {0} more', sizeText(request)));
  if (relay !== undefined) lines.push(l10n.t('Shared by all windows; each adds about {0}', sizeText(relay)));
  return lines;
}
