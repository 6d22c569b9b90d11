// Where to begin in a long list: for each use, the best model that this machine can run.
import { type CatalogueModel, USES, type Use } from './catalogue';
import { fitOf } from './fit';

/** By the id of the model. `offered`: in the catalogue's order, where of two for one use the better one comes first. */
export function firstChoices(offered: readonly CatalogueModel[], memory?: number): ReadonlyMap<string, Use> {
  const choices = new Map<string, Use>();
  for (const use of USES) {
    const best = offered.find(
      (model) => model.recommendedFor === use && fitOf(model, memory).verdict === 'fits',
    );
    if (best !== undefined) choices.set(best.id, use);
  }
  return choices;
}
