// The tool that language models call: they name lines, it answers with what a diffusion model would put there, as diffs. It
// reads what the other doors may read, inside the workspace only, and edits nothing.
import path from 'node:path';
import {
  type CancellationToken,
  LanguageModelTextPart,
  type LanguageModelTool,
  type LanguageModelToolInvocationOptions,
  type LanguageModelToolInvocationPrepareOptions,
  LanguageModelToolResult,
  l10n,
  MarkdownString,
  type PreparedToolInvocation,
  TabInputText,
  Uri,
  window,
  workspace,
} from 'vscode';
import { isWorthShowing, type Quality } from '../../engine/candidates/quality/verdict';
import { canonicalPlace } from '../privacy/canonicalUri';
import { wordsOfQuality } from '../rewrite/quality/words';
import { adaptsToSpeed } from '../settings';
import { markdownText } from '../ui/markdownText';
import type { Door } from './publicApi';
import { invalid } from './requests';
import { checkInput, diffOf, offsetsOf, type ToolInput } from './toolInput';

export class InfillTool implements LanguageModelTool<ToolInput> {
  constructor(
    private readonly door: Pick<Door, 'infill'>,
    /** Host of the server that answers in place of a model of this machine; undefined: none does. */
    private readonly serverHost: () => string | undefined,
  ) {}

  prepareInvocation({ input }: LanguageModelToolInvocationPrepareOptions<ToolInput>): PreparedToolInvocation {
    const { filePath, ranges } = checkInput(input);
    const lines = ranges.map(({ startLine, endLine }) => `${startLine}–${endLine}`).join(', ');
    const message = new MarkdownString();
    message.appendMarkdown(markdownText(sayWhere(lines, filePath, this.serverHost())));
    return {
      invocationMessage: l10n.t('Filling in lines {0} of {1}', lines, path.basename(filePath)),
      confirmationMessages: { title: l10n.t('Infill with Palimpsest'), message },
    };
  }

  async invoke(
    { input }: LanguageModelToolInvocationOptions<ToolInput>,
    token: CancellationToken,
  ): Promise<LanguageModelToolResult> {
    const { filePath, ranges, candidates = 1 } = checkInput(input);
    const uri = await placeOf(filePath);
    const document = await workspace.openTextDocument(uri);
    const text = document.getText();
    const spans = ranges.map((range) => offsetsOf(text, range));
    const answer = await this.door.infill(
      { uri, text, language: document.languageId, spans, candidates },
      token,
      adaptsToSpeed(),
    );
    const name = workspace.asRelativePath(uri, false).replace(/\\/g, '/');
    const changes = answer.candidates.filter((candidate) => candidate.text !== text);
    const parts = changes.filter(isWorthShowing).map(({ confidence, quality, text: changed }, index) => {
      const sure = confidence === undefined ? '' : `, confidence ${confidence.toFixed(2)}`;
      // The figure stands in front already.
      const mark = quality === undefined ? '' : ` (${wordsOfQuality(withoutFigure(quality))})`;
      return `Candidate ${index + 1}${sure}${mark}:\n${diffOf(name, text, changed)}`;
    });
    // What a person would not be shown is not passed on as an answer.
    const poor = changes.filter((candidate) => !isWorthShowing(candidate));
    if (poor.length > 0) {
      const why = [...new Set(poor.flatMap(({ quality }) => (quality ? [wordsOfQuality(quality)] : [])))];
      parts.push(`Left out: ${poor.length} of ${changes.length} candidates. ${why.join('; ')}.`);
    }
    const whole = parts.length > 0 ? parts.join('\n\n') : 'The model suggests no change.';
    return new LanguageModelToolResult([
      new LanguageModelTextPart(`${whole}\n\n(${answer.model}; nothing was edited.)`),
    ]);
  }
}

/** What goes where, for the person who is asked. */
function sayWhere(lines: string, filePath: string, serverHost: string | undefined): string {
  return serverHost === undefined
    ? l10n.t(
        'The model on this machine denoises lines {0} of {1}. The result, which may repeat code from other files of the workspace, goes to the chat’s language model as a diff; no file is changed.',
        lines,
        filePath,
      )
    : l10n.t(
        'Lines {0} of {1}, and the code around them, are sent to the server {2}. The result goes to the chat’s language model as a diff; no file is changed.',
        lines,
        filePath,
        serverHost,
      );
}

/**
 * A file of the workspace, or one that a person has open: an agent gets no other to read by this way. Where it lies is decided
 * by where its path leads, not by how it begins.
 */
async function placeOf(filePath: string): Promise<Uri> {
  const open = window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap(({ input }) => (input instanceof TabInputText ? [input.uri] : []));
  const asOpened = open.find((uri) => uri.toString() === filePath || uri.fsPath === filePath);
  if (asOpened !== undefined) return asOpened;
  const [folder] = workspace.workspaceFolders ?? [];
  const uri = path.isAbsolute(filePath)
    ? Uri.file(filePath)
    : folder === undefined
      ? undefined
      : Uri.joinPath(folder.uri, filePath);
  const place = uri === undefined ? undefined : await canonicalPlace(uri).catch(() => undefined);
  const isOpen = open.some((one) => one.toString() === place?.uri.toString());
  if (place === undefined || (place.folder === undefined && !isOpen)) {
    throw invalid(
      `${filePath} is neither open nor in the workspace. Use the path of a file in the workspace.`,
    );
  }
  return place.uri;
}

function withoutFigure({ confidence: _, isUnfitted: __, ...quality }: Quality): Quality {
  return quality;
}
