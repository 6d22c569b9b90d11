// The editor's inline suggestions as far as they are ours: who is asked for them, and when they come and go. The editor keeps
// what it was given at a place, be it nothing, and does not ask again until the text changes or the cursor moves. Only a
// provider that is new to it is asked all the same, so ours is registered anew where something else belongs there now.
import {
  commands,
  type Disposable,
  type DocumentSelector,
  type InlineCompletionItem,
  type InlineCompletionItemProvider,
  InlineCompletionTriggerKind,
  languages,
} from 'vscode';

export type Provide = (
  ...asked: Parameters<InlineCompletionItemProvider['provideInlineCompletionItems']>
) => Promise<InlineCompletionItem[]>;

export class InlineSuggestions implements Disposable {
  private registration: Disposable;
  private isDisposed = false;

  constructor(
    private readonly selector: DocumentSelector,
    private readonly provide: Provide,
  ) {
    this.registration = this.register();
  }

  /** Shows what belongs at the cursor now. */
  async showAnew(): Promise<void> {
    this.renew();
    await this.show();
  }

  /** Shows again what the editor was given here, and took away. `only`: the provider that is asked; none: all. */
  async show(...only: readonly { readonly providerId: string }[]): Promise<void> {
    await commands.executeCommand('editor.action.inlineSuggest.trigger', ...only);
  }

  /** Does nothing where none is shown. */
  async hide(): Promise<void> {
    await commands.executeCommand('editor.action.inlineSuggest.hide');
  }

  dispose(): void {
    this.isDisposed = true;
    this.registration.dispose();
  }

  private renew(): void {
    // An answer can come late.
    if (this.isDisposed) return;
    this.registration.dispose();
    this.registration = this.register();
  }

  private register(): Disposable {
    return languages.registerInlineCompletionItemProvider(this.selector, {
      provideInlineCompletionItems: async (document, position, context, token) => {
        const items = await this.provide(document, position, context, token);
        // Whoever asks again may be given something: a model that is loaded by then, another setting.
        const isAsked = context.triggerKind === InlineCompletionTriggerKind.Invoke;
        if (isAsked && items.length === 0) this.renew();
        return items;
      },
    });
  }
}
