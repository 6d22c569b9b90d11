// Mercury of Inception Labs. Where nothing stands, its FIM endpoint fills in; where something does, its edit endpoint says how it
// should go on (docs.inceptionlabs.ai): exactly one user message, no system message, no stream.
import {
  type Backend,
  type BackendFacts,
  COMMON_GAPS,
  type FillContext,
  type Filled,
  type FillRequest,
} from '../backend';
import { codeIn } from '../chatPrompt';
import type { ServerClient } from '../serverClient';
import { OpenAiStream, wholeAnswer } from './openAiStream';

const MODEL = 'mercury-edit-2';

export class Mercury implements Backend {
  readonly facts: BackendFacts;
  readonly reach = { before: 12_000, after: 6000 };
  private readonly stream: OpenAiStream;
  private readonly model: string;

  /** Nothing is sent before the first request. */
  constructor(
    private readonly client: ServerClient,
    named: string | undefined,
  ) {
    this.model = named ?? MODEL;
    this.stream = new OpenAiStream(client, undefined);
    this.facts = {
      model: this.model,
      title: 'Mercury',
      takesInstruction: false,
      gaps: COMMON_GAPS,
      remarks: [],
    };
  }

  codeOf(answer: string, request: FillRequest, isDraft: boolean): string | undefined {
    return isEdit(request) ? codeIn(answer, request, isDraft) : answer;
  }

  fill(request: FillRequest, context: FillContext): Promise<Filled> {
    return isEdit(request) ? this.edit(request, context) : this.infill(request, context);
  }

  private infill(request: FillRequest, context: FillContext): Promise<Filled> {
    const body = {
      model: this.model,
      prompt: request.before,
      suffix: request.after,
      max_tokens: request.maxTokens,
      temperature: request.temperature,
      ...(request.topP === undefined ? {} : { top_p: request.topP }),
      stream: true,
    };
    return this.stream.fill('/fim/completions', body, context);
  }

  private edit(request: FillRequest, { signal, priority }: FillContext): Promise<Filled> {
    const body = {
      model: this.model,
      messages: [{ role: 'user', content: editPrompt(request) }],
      max_tokens: request.maxTokens,
    };
    return this.client.trying(priority, signal, async () =>
      wholeAnswer(this.client, await this.client.ask({ path: '/edit/completions', body, signal })),
    );
  }
}

/** The endpoint has no temperature: further candidates of the same edit are filled in. */
function isEdit({ selected, candidate }: FillRequest): boolean {
  return selected.trim() !== '' && candidate === 0;
}

/** Tags without anything in them have to be there all the same. No other file and no history is sent. */
function editPrompt({ before, selected, after, fileName = 'file' }: FillRequest): string {
  return [
    '<|recently_viewed_code_snippets|>',
    '',
    '<|/recently_viewed_code_snippets|>',
    '',
    '<|current_file_content|>',
    `current_file_path: ${fileName}`,
    `${before}<|code_to_edit|>`,
    `${selected}<|cursor|>`,
    `<|/code_to_edit|>${after}`,
    '<|/current_file_content|>',
    '',
    '<|edit_diff_history|>',
    '',
    '<|/edit_diff_history|>',
  ].join('\n');
}
