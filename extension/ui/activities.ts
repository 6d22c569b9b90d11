// What the engine does for which file, and how that is summed up where there is one line for all of it. Pure.

export interface Activity {
  /** What is going on, in a few words. */
  readonly text: string;
  /** The engine has not come to it yet. */
  readonly isWaiting: boolean;
  /** Something is written that can be taken as it is. */
  readonly hasDraft: boolean;
}

export interface ActivityAt extends Activity {
  /** Address of the document. */
  readonly place: string;
  /** Its file's name. */
  readonly name: string;
}

export interface Summary {
  readonly count: number;
  /** Of those that wait while another one is worked on. */
  readonly waiting: number;
  /** The one that is furthest on: what is worked on, or the one that began first. */
  readonly shown: ActivityAt;
}

export class Activities {
  /** In the order in which the engine takes them. */
  private readonly byPlace = new Map<string, ActivityAt>();

  get all(): readonly ActivityAt[] {
    return [...this.byPlace.values()];
  }

  /** Undefined: nothing is going on there any more. */
  set(place: string, name: string, activity: Activity | undefined): void {
    const isBack = activity?.isWaiting === true && this.byPlace.get(place)?.isWaiting === false;
    // What waits again, for another try, waits behind those that are there already.
    if (activity === undefined || isBack) this.byPlace.delete(place);
    if (activity !== undefined) this.byPlace.set(place, { ...activity, place, name });
  }

  summary(): Summary | undefined {
    const { all } = this;
    const shown = all.find(({ isWaiting }) => !isWaiting) ?? all[0];
    if (shown === undefined) return undefined;
    const waiting = all.filter((one) => one.isWaiting && one !== shown).length;
    return { count: all.length, waiting, shown };
  }
}
