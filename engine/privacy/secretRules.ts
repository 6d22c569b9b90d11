// The rules of secretlint, a bundle of their own: 60 kB that three programs share, read with the first text that is judged.
export { rules } from '@secretlint/secretlint-rule-preset-recommend';
