// Seed-Coder's tokens (ByteDance-Seed/Seed-Coder-8B-Base, tokenizer_config.json), which its descendants keep; ▁ is U+2581.
import type { Family } from './family';
import { token } from './knownFamily';

type Tokens = Family['tokens'];

export const SEED_TOKENS: Tokens = {
  mask: token('<[MASK_TOKEN]>', 5, true),
  bos: token('<[begin▁of▁sentence]>', 0),
  eos: token('<[end▁of▁sentence]>', 2, true),
  end: token('<[end▁of▁sentence]>', 2, true),
  pad: token('<[PAD▁TOKEN]>', 1),
  // Named so that no answer can hold them, whatever the tokenizer's files say of them.
  sep: token('<[SEP▁TOKEN]>'),
  fimPrefix: token('<[fim-prefix]>'),
  fimSuffix: token('<[fim-suffix]>'),
  fimMiddle: token('<[fim-middle]>'),
};

/** The same of a model that infills with them. */
export const SEED_FIM_TOKENS: Tokens = {
  ...SEED_TOKENS,
  bos: token('<[begin▁of▁sentence]>', 0, true),
  fimPrefix: token('<[fim-prefix]>', undefined, true),
  fimSuffix: token('<[fim-suffix]>', undefined, true),
  fimMiddle: token('<[fim-middle]>', undefined, true),
};
