// What TypeScript's server is asked of a document. Pure.
import type { Problem } from './problem';

const ERRORS = ['syntacticDiagnosticsSync', 'semanticDiagnosticsSync'];
/** What is no error, such as a name that nobody uses, is asked for by itself; an older server may not know that question. */
const SUGGESTIONS = 'suggestionDiagnosticsSync';

export class TypeScriptQuestions {
  /** One that has answered it before and says nothing this time has not looked. */
  private knowsSuggestions = false;

  /** `ask`: undefined where there is no answer. All problems; undefined where the server has not looked at them all. */
  async ask(
    ask: (question: string) => Promise<readonly Problem[] | undefined>,
    signal: AbortSignal,
  ): Promise<readonly Problem[] | undefined> {
    const problems: Problem[] = [];
    for (const question of ERRORS) {
      const reply = await ask(question);
      if (signal.aborted || reply === undefined) return undefined;
      problems.push(...reply);
    }
    const suggestions = await ask(SUGGESTIONS);
    if (signal.aborted || (suggestions === undefined && this.knowsSuggestions)) return undefined;
    this.knowsSuggestions ||= suggestions !== undefined;
    return [...problems, ...(suggestions ?? [])];
  }
}
