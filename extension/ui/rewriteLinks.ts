// Commands of the status bar's hover alone: their argument is the address of a document that has a rewrite.
export const GO_TO_REWRITE = '_palimpsest.goToRewrite';
export const TAKE_DRAFT = '_palimpsest.takeDraftIn';
export const CANCEL_REWRITE = '_palimpsest.cancelRewriteIn';
