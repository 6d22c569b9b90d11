// Tells a client how fast a model is, once that is no longer what it was told last: when the model was described, another one may
// have worked on the same machine.
import type { ModelDescription, SpeedEvent } from '../protocol';

export class SpeedTeller {
  /** By the folder of the model. */
  private readonly told = new Map<string, string>();

  constructor(private readonly send: (event: SpeedEvent) => void) {}

  /** The client has this description. */
  described(description: ModelDescription): void {
    this.told.set(description.folder, JSON.stringify(speedOf(description)));
  }

  /** `description`: as it is now. */
  tell(description: ModelDescription): void {
    const speed = speedOf(description);
    const words = JSON.stringify(speed);
    if (this.told.get(description.folder) === words) return;
    this.told.set(description.folder, words);
    this.send(speed);
  }
}

function speedOf({ folder: model, isSlow = false, passMillis }: ModelDescription): SpeedEvent {
  return { model, isSlow, ...(passMillis === undefined ? {} : { passMillis }) };
}
